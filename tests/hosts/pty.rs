//! A terminal for `apply`: what a person would see on its screen, and type.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::harness::{Apply, LONG};

/// Rows enough that nothing of a test scrolls away.
const ROWS: NonZero<u16> = NonZero::new(100).expect("not 0");
const COLUMNS: NonZero<u16> = NonZero::new(200).expect("not 0");

/// An `apply` on a terminal of its own; killed when it is dropped.
pub struct Terminal {
    /// The process.
    pub child: Child,
    master: File,
    seen: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

/// What is left of it at its end.
pub struct Ended {
    /// Exit code.
    pub code: i32,
    /// Every byte that reached the terminal.
    pub raw: Vec<u8>,
    /// The screen as it is at the end.
    pub screen: String,
}

impl Terminal {
    /// Starts it with all three streams on the terminal.
    pub fn start(apply: Apply<'_>) -> Self {
        Self::with(apply, None)
    }

    /// Starts it with `--json` into this file; the terminal only asks.
    pub fn asking(apply: Apply<'_>, output: &Path) -> Self {
        Self::with(apply.arg("--json"), Some(File::create(output).expect("a file")))
    }

    fn with(apply: Apply<'_>, output: Option<File>) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).expect("a terminal");
        grantpt(&master).expect("a terminal");
        unlockpt(&master).expect("a terminal");
        let slave = ioctl_tiocgptpeer(&master, flags).expect("its other side");
        let size =
            Winsize { ws_row: ROWS.get(), ws_col: COLUMNS.get(), ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&slave, size).expect("its size");
        // setsid makes standard input the terminal that Ctrl-C and questions come from.
        let mut command = Command::new("setsid");
        command.arg("--ctty").args(apply.command.get_args());
        for (name, value) in apply.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("TERM", "xterm-256color").stdin(slave.try_clone().expect("the terminal"));
        match output {
            Some(file) => command.stdout(file).stderr(Stdio::null()),
            None => command.stdout(slave.try_clone().expect("the terminal")).stderr(slave),
        };
        let child = command.spawn().expect("groundcrew");
        drop(command);
        let master = File::from(master);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (mut from, to) = (master.try_clone().expect("the terminal"), seen.clone());
        let reader = thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The last one on the other side has gone: an error, or nothing.
            while let Ok(n @ 1..) = from.read(&mut buffer) {
                to.lock().expect("seen").extend_from_slice(&buffer[..n]);
            }
        });
        Self { child, master, seen, reader: Some(reader) }
    }

    /// Every byte that reached the terminal by now.
    pub fn raw(&self) -> Vec<u8> {
        self.seen.lock().expect("seen").clone()
    }

    /// The screen as it is now.
    pub fn screen(&self) -> String {
        screen(&self.raw())
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let start = Instant::now();
        while !self.screen().contains(text) {
            let ended = self.child.try_wait().expect("its state");
            if ended.is_some() && self.reader.as_ref().is_none_or(JoinHandle::is_finished) {
                assert!(self.screen().contains(text), "ended without {text:?}:\n{}", self.screen());
                return;
            }
            assert!(start.elapsed() < LONG, "{text:?} never came:\n{}", self.screen());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("keys");
    }

    /// Waits for its end.
    #[track_caller]
    pub fn finish(mut self) -> Ended {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("its state") {
                break status;
            }
            assert!(start.elapsed() < LONG, "it does not end:\n{}", self.screen());
            thread::sleep(Duration::from_millis(20));
        };
        // An ssh that goes away behind it may still hold the terminal: what is there counts.
        let start = Instant::now();
        while self.reader.as_ref().is_some_and(|reader| !reader.is_finished())
            && start.elapsed() < Duration::from_secs(1)
        {
            thread::sleep(Duration::from_millis(20));
        }
        let raw = self.raw();
        Ended { code: status.code().expect("an exit code"), screen: screen(&raw), raw }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.reader.take();
    }
}

/// What a terminal shows after these bytes.
fn screen(raw: &[u8]) -> String {
    let mut parser = vt100::Parser::new(ROWS, COLUMNS, 0);
    parser.process(raw);
    parser.screen().contents()
}
