//! The scripts of tests/clients: started with what they need to know, and killed with the test.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::process;

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let installed = folder.join("node_modules/.installed");
    assert!(installed.exists(), "the clients are not installed: run tests/clients/install");
    folder
}

/// What starts `node` with these words in the scripts' folder.
pub fn command(words: &[&str], environment: &[(&str, String)]) -> Command {
    // A script that hangs has failed, and says what it waited for.
    let mut command = process::command(&[&["timeout", "300", "node"], words].concat());
    command.current_dir(folder());
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

/// A script that answers a line of JSON to each line.
pub struct Script {
    child: Child,
    asks: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Script {
    /// Starts it, and waits until it says that it is ready.
    pub fn start(name: &str, environment: &[(&str, String)]) -> Self {
        let mut command = command(&[name], environment);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is installed");
        let asks = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut script = Self { child, asks, answers };
        assert_eq!(script.answer(), "ready");
        script
    }

    /// What it answers.
    #[track_caller]
    pub fn ask(&mut self, what: &Value) -> Value {
        writeln!(self.asks, "{what}").expect("it reads");
        self.answer()
    }

    #[track_caller]
    fn answer(&mut self) -> Value {
        let line = self.answers.next().expect("it has not ended").expect("text");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"))
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
