//! A process that a test starts: it dies with the test, and what it says is kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::lab::{LONG, wait_until};

pub struct Process {
    child: Child,
    log: PathBuf,
}

/// Makes a command of these words whose process dies with the test, also where nothing is
/// dropped: the signal comes at the end of the test's thread.
pub fn command(words: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).args(words).stdin(Stdio::null());
    command
}

impl Process {
    /// Starts it; both its outputs go to this file.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let file = File::create(log).expect("a log");
        let copy = file.try_clone().expect("the same file");
        let child = command.stdout(copy).stderr(file).spawn().expect("setpriv is installed");
        Self { child, log: log.to_owned() }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it said by now.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Waits until it says this, and gives the line.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        let line = self.says(text);
        line.unwrap_or_else(|| panic!("it ended, and never said {text:?}: {}", self.log()))
    }

    /// The same; None if it ended without saying so.
    #[track_caller]
    pub fn says(&mut self, text: &str) -> Option<String> {
        let start = Instant::now();
        loop {
            let ended = self.child.try_wait().expect("its state");
            let log = self.log();
            match log.lines().find(|line| line.contains(text)) {
                Some(line) => return Some(line.to_owned()),
                None if ended.is_some() => return None,
                None => {}
            }
            assert!(start.elapsed() < LONG, "it never said {text:?}: {log}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("its end");
    }

    /// Asks it to leave, and gives how long it took.
    #[track_caller]
    pub fn terminate(&mut self) -> Duration {
        let asked = Instant::now();
        self.signal(Signal::TERM);
        let status = self.ended();
        assert!(status.success(), "{status}: {}", self.log());
        asked.elapsed()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the process ends", || {
            status = self.child.try_wait().expect("its state");
            status.is_some()
        });
        status.expect("it has ended")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- {}\n{}", self.log.display(), self.log());
        }
    }
}
