//! Real hosts for tests, shared by all binaries that need some: a lab of its own for each test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longer than anything here takes, on a slow machine too; a test that waits so long has failed.
pub const LONG: Duration = Duration::from_secs(120);

/// Waits for something to come true.
#[track_caller]
pub fn wait_until(what: &str, mut is_true: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_true() {
        assert!(start.elapsed() < LONG, "never came true: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Some hosts of its own, gone when it is dropped or its process ends.
pub struct Lab {
    name: String,
    /// Known host keys, and whatever else the test writes.
    pub folder: TempDir,
}

impl Lab {
    /// A lab of so many bookworm hosts.
    pub fn up(hosts: usize) -> Self {
        Self::with(hosts, &[])
    }

    /// A lab whose `lab up` gets these options, too.
    pub fn with(hosts: usize, options: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let pid = std::process::id();
        let name = format!("test-{pid}-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let lab = Self { name, folder: TempDir::new().expect("a folder") };
        lab.verb(&[&["up", &hosts.to_string(), "--while", &pid.to_string()], options].concat());
        fs::copy(lab.verb(&["known-hosts"]), lab.known_hosts()).expect("known hosts");
        lab
    }

    /// Host 1, 2, …
    pub fn host(&self, number: usize) -> Host<'_> {
        let address = self.verb(&["address", &number.to_string()]);
        Host { lab: self, number, address }
    }

    /// The private key that root's login takes.
    pub fn key(&self) -> String {
        self.verb(&["key"])
    }

    /// All hosts' true keys, as known hosts; the test may change them.
    pub fn known_hosts(&self) -> PathBuf {
        self.folder.path().join("known_hosts")
    }

    /// Does what `lab` does, and gives what it prints.
    pub fn verb(&self, words: &[&str]) -> String {
        let output = self.command(words).output().expect("lab/lab");
        assert!(
            output.status.success(),
            "lab {words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("lab/lab"));
        command.args(["--lab", &self.name]).args(words).stdin(Stdio::null());
        command
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.command(&["down"]).output();
    }
}

/// One host of a lab.
pub struct Host<'l> {
    /// Where it is.
    pub lab: &'l Lab,
    /// Which one it is there, from 1.
    pub number: usize,
    /// Its address on the lab's bridge.
    pub address: String,
}

impl Host<'_> {
    /// Runs a script there as root, and gives what it prints; it must go well.
    pub fn run(&self, script: &str) -> String {
        let output = self.try_run(script);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}: {said}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Runs a script there as root.
    pub fn try_run(&self, script: &str) -> Output {
        self.command(script).output().expect("lab ssh")
    }

    /// What runs a script there as root.
    pub fn command(&self, script: &str) -> Command {
        self.lab.command(&["ssh", &self.number.to_string(), script])
    }

    /// Waits until a command on the host goes well.
    pub fn wait_for(&self, script: &str) {
        let start = Instant::now();
        while !self.try_run(script).status.success() {
            assert!(start.elapsed() < LONG, "never came true: {script}");
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Does what the lab can do to a host: `cut`, `mend`, `reboot`, `kill`, `start`.
    pub fn lab(&self, verb: &str, options: &[&str]) {
        self.lab.verb(&[&[verb, &self.number.to_string()], options].concat());
    }
}
