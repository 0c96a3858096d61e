//! Talks to a host's control script by hand, as `apply` does: for what `apply`
//! itself would never ask. A command is never sent before the last was answered.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::harness::{Host, LONG};

const COMMON: &str = include_str!("../../src/remote/host/common.sh");
const PRUNE: &str = include_str!("../../src/remote/host/prune.sh");
const CONTROL: &str = include_str!("../../src/remote/host/control.sh");
const RUNNER: &str = include_str!("../../src/remote/host/runner.sh");
const PRELUDE: &str = include_str!("../../jobs/prelude.sh");

/// A conversation; it ends when this is dropped.
pub struct Talk {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    /// The line that says who has the host.
    pub holder: String,
}

impl Host<'_> {
    /// Begins a conversation.
    pub fn talk(&self) -> Talk {
        let mut child = self
            .command("sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("lab ssh");
        let (sender, lines) = channel();
        let stdout = child.stdout.take().expect("its output");
        thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                let _ = sender.send(String::from_utf8_lossy(&line).replace('\0', ""));
            }
        });
        let mut talk = Talk { stdin: child.stdin.take(), child, lines, holder: String::new() };
        talk.send(format!("{COMMON}{PRUNE}{CONTROL}").as_bytes());
        assert!(talk.line().starts_with("facts yes "));
        talk.holder = talk.line();
        talk
    }

    /// One command in a conversation of its own.
    pub fn ask(&self, command: &str) -> String {
        self.talk().ask(command, &[])
    }
}

impl Talk {
    /// Sends a command, and data with it, and gives the answer.
    pub fn ask(&mut self, command: &str, data: &[u8]) -> String {
        self.send(&[command.as_bytes(), b"\n", data].concat());
        self.line()
    }

    /// Starts an attempt of a run.
    pub fn start(&mut self, run: &str, attempt: u32, epoch: u32, bundle: &[u8]) -> String {
        self.ask(&format!("start {run} {attempt} {epoch} test {}", bundle.len()), bundle)
    }

    /// Sends something, and nothing more ever.
    pub fn send_last(mut self, bytes: &[u8]) {
        self.send(bytes);
        drop(self.stdin.take());
        self.child.wait().expect("its end");
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().expect("open").write_all(bytes).expect("a host that listens");
    }

    fn line(&mut self) -> String {
        self.lines.recv_timeout(LONG).expect("an answer")
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The tar of an attempt whose one step runs this script (and is never in place before).
pub fn bundle(run: &str, attempt: u32, script: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let identity = format!("test {run} {attempt} digest\n");
    for (path, content) in [
        ("mode", "apply\n"),
        ("first", "1\n"),
        ("identity", identity.as_str()),
        ("plan", "{}"),
        ("runner.sh", &format!("{COMMON}{RUNNER}")),
        ("prelude.sh", PRELUDE),
        ("steps/1/timeout", "600\n"),
        ("steps/1/check", "test -e /root/in-place\n"),
        ("steps/1/run", &format!("{script}\ntouch /root/in-place\n")),
        ("whole", ""),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        tar.append_data(&mut header, path, content.as_bytes()).expect("a short path");
    }
    let mut bytes = tar.into_inner().expect("memory");
    bytes.resize(bytes.len().next_multiple_of(10_240), 0);
    bytes
}
