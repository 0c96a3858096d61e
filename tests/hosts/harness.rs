//! `groundcrew apply` against hosts of the lab: started, followed, ended.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use serde_json::Value;

pub use crate::lab::{Host, LONG, Lab, wait_until};

impl Lab {
    /// A folder of job files with this one in it.
    pub fn job(&self, name: &str, text: &str) {
        let folder = self.folder.path().join("jobs");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(format!("{name}.toml")), text).expect("a job file");
    }
}

impl<'l> Host<'l> {
    /// Folder of the newest run on the host.
    pub fn last_run(&self) -> String {
        self.run("ls -d /var/lib/groundcrew/runs/* | tail -n 1")
    }

    /// The journal of an attempt of the newest run, a line a string.
    pub fn journal(&self, attempt: u32) -> Vec<String> {
        let text = self.run(&format!("cat {}/attempt-{attempt}/journal", self.last_run()));
        text.lines().map(str::to_owned).collect()
    }

    /// `groundcrew apply JOB` here, as root with the lab's key, on true host keys.
    pub fn apply(&self, job: &str) -> Apply<'l> {
        self.apply_as("root", job)
    }

    /// The same as another user.
    pub fn apply_as(&self, user: &str, job: &str) -> Apply<'l> {
        let mut apply = self.apply_bare(job, &format!("{user}@{}", self.address));
        apply.command.args(["-i", &self.lab.key(), "--known-hosts"]).arg(self.lab.known_hosts());
        apply
    }

    /// `groundcrew apply JOB TARGET` with nothing else set but the lab's jobs.
    pub fn apply_bare(&self, job: &str, target: &str) -> Apply<'l> {
        // In a session of its own: the terminal of who runs the tests is not to be asked at.
        let mut command = Command::new("setsid");
        command.args([env!("CARGO_BIN_EXE_groundcrew"), "apply", job, target]);
        command.stdin(Stdio::null());
        command
            .env_remove("GROUNDCREW_JOBS")
            .env_remove("GROUNDCREW_KNOWN_HOSTS")
            .env_remove("SSH_AUTH_SOCK");
        // Neither is an agent of theirs to change what the tests see.
        let jobs = self.lab.folder.path().join("jobs");
        if jobs.exists() {
            command.arg("--jobs").arg(jobs);
        }
        Apply { command, lab: self.lab }
    }

    /// How often the journal says that a step was started.
    pub fn starts(&self, attempt: u32, step: usize) -> usize {
        let start = format!(" start {step} ");
        self.journal(attempt).iter().filter(|line| line.contains(&start)).count()
    }

    /// The page that it serves on port 80.
    pub fn page(&self) -> String {
        let output = Command::new("curl")
            .args([
                "-sS",
                "--fail",
                "--max-time",
                "10",
                "--noproxy",
                "*",
                &format!("http://{}/", self.address),
            ])
            .output()
            .expect("curl");
        assert!(output.status.success(), "no page: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// An `apply` to be started.
pub struct Apply<'l> {
    /// The command as it stands.
    pub command: Command,
    lab: &'l Lab,
}

impl<'l> Apply<'l> {
    /// With one more argument.
    pub fn arg(mut self, arg: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// With some more arguments.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    /// Runs it to its end with `--json`, and reads the events.
    pub fn json(self) -> Done {
        self.start().finish()
    }

    /// Runs it to its end, and gives what it prints to a pipe.
    pub fn plain(mut self) -> Output {
        let _ = self.lab;
        self.command.output().expect("groundcrew")
    }

    /// Starts it with `--json`.
    pub fn start(mut self) -> Running {
        self.command.arg("--json").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("groundcrew");
        let (sender, lines) = channel();
        let stdout = child.stdout.take().expect("its output");
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let event =
                    serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
                if sender.send(event).is_err() {
                    break;
                }
            }
        });
        let mut stderr = child.stderr.take().expect("its errors");
        let said = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        Running { child, lines, events: Vec::new(), said: Some(said) }
    }
}

/// An `apply` that runs; killed when it is dropped.
pub struct Running {
    /// The process.
    pub child: Child,
    lines: Receiver<Value>,
    /// What it reported by now.
    pub events: Vec<Value>,
    said: Option<thread::JoinHandle<String>>,
}

impl Running {
    /// Waits for an event of this kind that has this text in it.
    pub fn wait_for(&mut self, kind: &str, text: &str) -> Value {
        let end = Instant::now() + LONG;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(event) => {
                    self.events.push(event.clone());
                    if event["event"] == kind && event.to_string().contains(text) {
                        return event;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no {kind} with {text:?} came: {:#?}", self.events)
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("it ended without a {kind} with {text:?}: {:#?}", self.events)
                }
            }
        }
    }

    /// Sends a signal, by its number.
    pub fn signal(&self, number: &str) {
        let killed = Command::new("kill")
            .args([&format!("-{number}"), &self.child.id().to_string()])
            .status();
        assert!(killed.expect("kill").success());
    }

    /// `kill -9`, with no chance to say goodbye.
    pub fn kill(mut self) -> Vec<Value> {
        self.child.kill().expect("kill");
        self.child.wait().expect("its end");
        std::mem::take(&mut self.events)
    }

    /// Waits for its end.
    pub fn finish(mut self) -> Done {
        let end = Instant::now() + 3 * LONG;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(event) => self.events.push(event),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end: {:#?}", self.events),
            }
        }
        let status = self.child.wait().expect("its end");
        let said =
            self.said.take().map(|said| said.join().expect("its errors")).unwrap_or_default();
        Done {
            code: status.code().expect("an exit code"),
            events: std::mem::take(&mut self.events),
            said,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What an `apply` did.
#[derive(Debug)]
pub struct Done {
    /// Exit code.
    pub code: i32,
    /// All events.
    pub events: Vec<Value>,
    /// Standard error.
    pub said: String,
}

impl Done {
    /// It went well.
    #[track_caller]
    pub fn completed(self) -> Self {
        assert_eq!(self.code, 0, "{:#?}\n{}", self.events, self.said);
        assert_eq!(self.last()["event"], "run.completed");
        self
    }

    /// It failed, with this kind.
    #[track_caller]
    pub fn failed(self, kind: &str) -> Self {
        assert_eq!(self.code, 1, "{:#?}\n{}", self.events, self.said);
        assert_eq!(self.last()["event"], "run.failed", "{:#?}", self.events);
        assert_eq!(self.last()["kind"], kind, "{:#?}", self.last());
        self
    }

    /// The last event.
    pub fn last(&self) -> &Value {
        self.events.last().expect("an event")
    }

    /// All events of a kind.
    pub fn all(&self, kind: &str) -> Vec<&Value> {
        self.events.iter().filter(|event| event["event"] == kind).collect()
    }

    /// How many steps were completed with this `changed`.
    pub fn count(&self, changed: bool) -> usize {
        self.all("step.completed").iter().filter(|event| event["changed"] == changed).count()
    }

    /// All output, put together.
    pub fn output(&self) -> String {
        self.all("step.output").iter().filter_map(|event| event["output"].as_str()).collect()
    }
}
