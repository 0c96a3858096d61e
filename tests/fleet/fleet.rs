//! One installation, and what people do with it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use serde_json::Value;
use tempfile::TempDir;

use crate::lab::{Host, LONG, wait_until};
use crate::postgres::Cluster;
use crate::process::{self, Process};

/// A key, as `openssl rand -base64 32` prints them.
pub const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// `up`, on a port that nobody else has.
pub const UP: [&str; 3] = ["up", "--listen", "127.0.0.1:0"];

/// Everything of the environment that changes what a command does.
const SETTINGS: [&str; 18] = [
    "GROUNDCREW_PATIENCE",
    "GROUNDCREW_ALLOW_LOCAL",
    "DATABASE_URL",
    "REDIS_URL",
    "REDIS_PREFIX",
    "GROUNDCREW_KEY",
    "GROUNDCREW_NEW_KEY",
    "GROUNDCREW_PROXIES",
    "GROUNDCREW_URL",
    "GROUNDCREW_DATA",
    "GROUNDCREW_JOBS",
    "GROUNDCREW_LISTEN",
    "GROUNDCREW_SLOTS",
    "GROUNDCREW_LOG",
    "GROUNDCREW_LOG_FORMAT",
    "GROUNDCREW_METRICS_LISTEN",
    "GROUNDCREW_GATEWAY_LISTEN",
    "SSH_AUTH_SOCK",
];

pub struct Fleet {
    /// Where its commands are started: the data folder is in it.
    pub folder: TempDir,
    settings: Vec<(&'static str, String)>,
    /// What its commands are started with.
    within: Vec<String>,
    started: AtomicU32,
    /// A role that goes with it.
    kept: Mutex<Option<Process>>,
}

impl Fleet {
    /// With nothing set: all in the folder `data`.
    pub fn embedded() -> Self {
        let folder = TempDir::new().expect("a folder");
        let jobs = folder.path().join("jobs");
        fs::create_dir(&jobs).expect("a folder");
        let fleet = Self {
            folder,
            settings: vec![],
            within: vec![],
            started: AtomicU32::new(0),
            kept: Mutex::new(None),
        };
        fleet.with("GROUNDCREW_JOBS", jobs.to_str().expect("text"))
    }

    /// On this database and Redis, with a key; the database is not migrated.
    pub fn empty(database: &str, redis: &str) -> Self {
        let fleet = Self::embedded().with("DATABASE_URL", database);
        fleet.with("REDIS_URL", redis).with("GROUNDCREW_KEY", KEY)
    }

    /// On this database and Redis, with a key, ready for its roles.
    pub fn apart(database: &str, redis: &str) -> Self {
        let fleet = Self::empty(database, redis);
        fleet.ok(&["migrate"]);
        fleet
    }

    /// With this setting in the environment from now on.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Sets this in the environment from now on.
    pub fn set(&mut self, name: &'static str, value: &str) {
        self.settings.retain(|(other, _)| *other != name);
        self.settings.push((name, value.to_owned()));
    }

    /// Starts its commands with these words from now on.
    pub fn start_within(&mut self, words: &[&str]) {
        self.within = words.iter().map(|&word| word.to_owned()).collect();
    }

    /// Writes a file of its jobs.
    pub fn job(&self, name: &str, text: &str) {
        fs::write(self.job_file(name), text).expect("a job file");
    }

    pub fn job_file(&self, name: &str) -> PathBuf {
        self.folder.path().join("jobs").join(format!("{name}.toml"))
    }

    /// `groundcrew` with these words.
    pub fn command(&self, words: &[&str]) -> Command {
        self.command_by(&[], words)
    }

    fn command_by(&self, by: &[&str], words: &[&str]) -> Command {
        let within: Vec<&str> = self.within.iter().map(String::as_str).collect();
        // In a session of its own: the terminal of who runs the tests is not to be asked at.
        let groundcrew = ["setsid", env!("CARGO_BIN_EXE_groundcrew")];
        let mut command = process::command(&[by, &within, &groundcrew, words].concat());
        for name in SETTINGS {
            command.env_remove(name);
        }
        let settings = self.settings.iter().map(|(name, value)| (name, value));
        command.envs(settings).current_dir(&self.folder);
        command
    }

    /// What a command does, which must end by itself.
    #[track_caller]
    pub fn output(&self, words: &[&str]) -> Output {
        let limit = LONG.as_secs().to_string();
        let mut command = self.command_by(&["timeout", &limit], words);
        let output = command.output().expect("groundcrew");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_ne!(output.status.code(), Some(124), "{words:?} does not end: {said}");
        output
    }

    /// What it prints; it must go well.
    #[track_caller]
    pub fn ok(&self, words: &[&str]) -> String {
        let output = self.output(words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// It must refuse: with this exit code, nothing on standard output, and one message on
    /// standard error, with all of these in it. Gives the message.
    #[track_caller]
    pub fn refused(&self, code: i32, words: &[&str], says: &[&str]) -> String {
        let output = self.output(words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{words:?}: {said}");
        is_one_message(&said);
        for part in says {
            assert!(said.contains(part), "{part:?} is not said: {said}");
        }
        said
    }

    /// Starts a role.
    pub fn start(&self, words: &[&str]) -> Process {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let log = self.folder.path().join(format!("{}-{number}.log", words[0]));
        Process::start(&mut self.command(words), &log)
    }

    /// `groundcrew up`, ready to work.
    #[track_caller]
    pub fn up(&self) -> Process {
        self.ready(&UP)
    }

    /// `groundcrew worker`, ready to work.
    #[track_caller]
    pub fn worker(&self) -> Process {
        self.ready(&["worker"])
    }

    #[track_caller]
    fn ready(&self, words: &[&str]) -> Process {
        let mut role = self.start(words);
        role.wait_for("the worker is ready");
        role
    }

    /// Keeps a role for as long as it is there itself.
    pub fn keep(&self, role: Process) {
        *self.kept.lock().expect("a lock") = Some(role);
    }

    /// The role that was kept.
    pub fn kept(&self) -> Process {
        self.kept.lock().expect("a lock").take().expect("a role")
    }

    /// Adds a host of the lab as server.
    #[track_caller]
    pub fn add(&self, name: &str, host: &Host<'_>) {
        let target = format!("root@{}", host.address);
        let key = fingerprint(host);
        self.ok(&["server", "add", name, &target, "-i", &host.lab.key(), "--fingerprint", &key]);
    }

    #[track_caller]
    pub fn server(&self, name: &str) -> Value {
        json(&self.ok(&["server", "show", name, "--json"]))
    }

    /// Asks for a run, and gives its id.
    #[track_caller]
    pub fn ask(&self, job: &str, server: &str) -> String {
        self.ask_with(job, server, &[])
    }

    /// The same with more on the command line.
    #[track_caller]
    pub fn ask_with(&self, job: &str, server: &str, more: &[&str]) -> String {
        let words = [&["run", job, "--server", server, "--json"], more].concat();
        json(&self.ok(&words))["run"].as_str().expect("an id").to_owned()
    }

    #[track_caller]
    pub fn run(&self, id: &str) -> Value {
        json(&self.ok(&["runs", "show", id, "--json"]))
    }

    /// Waits until the run has ended, which it must in this way.
    #[track_caller]
    pub fn ends(&self, id: &str, status: &str) -> Value {
        let mut run = Value::Null;
        wait_until("the run ends", || {
            run = self.run(id);
            !run["finished_at"].is_null()
        });
        assert_eq!(run["status"], status, "{run:#}");
        run
    }
}

/// The fingerprint of a host's true key.
fn fingerprint(host: &Host<'_>) -> String {
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-l", "-F", &host.address, "-f"]).arg(host.lab.known_hosts());
    let output = keygen.output().expect("ssh-keygen");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().find(|word| word.starts_with("SHA256:")).expect("a key").to_owned()
}

#[track_caller]
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {text}"))
}

/// One message, with a cause and a next step; no panic.
#[track_caller]
pub fn is_one_message(said: &str) {
    let messages = said.lines().filter(|line| line.starts_with("error: ")).count();
    assert_eq!(messages, 1, "{said}");
    for word in ["panicked", "backtrace", " ERROR "] {
        assert!(!said.contains(word), "{said}");
    }
}

/// A database of its own, in the Postgres of all tests of this process.
pub fn database() -> String {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let url = CLUSTER.get_or_init(Cluster::start).url("postgres");
    let name = format!("test{}", COUNT.fetch_add(1, Ordering::Relaxed));
    sql(&url, &format!("CREATE DATABASE {name}"));
    url.replace("/postgres?", &format!("/{name}?"))
}

/// What Postgres answers: a line a row, `|` between the columns.
#[track_caller]
pub fn sql(url: &str, text: &str) -> String {
    let output = Command::new("psql").args([url, "-XAtqc", text]).output().expect("psql");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}: {said}");
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}
