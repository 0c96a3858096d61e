//! A Redis of one test, on a free port of the loopback, and who listens there.

use std::net::TcpListener;
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::{self, Process};

pub struct Redis {
    pub url: String,
    port: u16,
    // Before the folder that its log is in.
    process: Process,
    folder: TempDir,
}

impl Redis {
    pub fn start() -> Self {
        // Somebody may take the port before Redis does.
        let started = (0..5).find_map(|_| {
            let (port, folder) = (free_port(), TempDir::new().expect("a folder"));
            let mut process = serve(port, &folder);
            process.says("Ready to accept")?;
            Some(Self { url: format!("redis://127.0.0.1:{port}"), port, folder, process })
        });
        started.expect("redis-server starts")
    }

    /// `kill -9`: all that it had is gone.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again, empty, where it was.
    pub fn start_again(&mut self) {
        self.process = serve(self.port, &self.folder);
        self.process.wait_for("Ready to accept");
    }

    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// What it answers.
    pub fn ask(&self, words: &[&str]) -> String {
        let output = self.client().args(words).output().expect("redis-cli is installed");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Everything that anybody asks of it, from now on.
    pub fn monitor(&self) -> Process {
        let mut process =
            Process::start(self.client().arg("monitor"), &self.folder.path().join("monitor"));
        process.wait_for("OK");
        process
    }

    /// A plain subscriber to everything.
    pub fn subscriber(&self) -> Subscriber {
        let log = self.folder.path().join("subscriber");
        let mut process = Process::start(self.client().args(["psubscribe", "*"]), &log);
        process.wait_for("1");
        Subscriber(process)
    }

    fn client(&self) -> Command {
        process::command(&["redis-cli", "-p", &self.port.to_string()])
    }
}

pub struct Subscriber(Process);

impl Subscriber {
    /// Channel and message of all servers' notifications by now.
    pub fn heard(&self) -> Vec<(String, String)> {
        let log = self.0.log();
        // A line each: "pmessage", the pattern, the channel, the message.
        let lines: Vec<&str> = log.lines().skip(3).collect();
        let messages = lines.chunks_exact(4).map(|part| (part[2].to_owned(), part[3].to_owned()));
        // What a worker is woken with is no notification, nor is what a run writes.
        messages.filter(|(channel, _)| channel.contains("private-servers.")).collect()
    }

    /// All that it printed.
    pub fn log(&self) -> String {
        self.0.log()
    }

    /// The revisions in them.
    pub fn revisions(&self) -> Vec<i64> {
        let revision = |message: &String| {
            let message: serde_json::Value = serde_json::from_str(message).expect("JSON");
            message["data"]["revision"].as_i64().expect("a revision")
        };
        self.heard().iter().map(|(_, message)| revision(message)).collect()
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its number").port()
}

fn serve(port: u16, folder: &TempDir) -> Process {
    let port = port.to_string();
    let words = [
        "redis-server",
        "--bind",
        "127.0.0.1",
        "--port",
        &port,
        "--save",
        "",
        "--appendonly",
        "no",
    ];
    let mut command = process::command(&words);
    Process::start(command.current_dir(folder), &folder.path().join("log"))
}
