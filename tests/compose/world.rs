//! A clone of the project, beside an engine that a lab's hosts can reach.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::engine::{Engine, said};
use crate::lab::Lab;

pub const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

pub struct World {
    pub engine: Engine,
    /// The clone, where the commands are run.
    clone: PathBuf,
    pub lab: Lab,
}

impl World {
    pub fn new() -> Self {
        let lab = Lab::with(1, &["--suite", "trixie"]);
        let engine = Engine::start(&lab);
        // What Compose calls the project.
        let clone = lab.folder.path().join("groundcrew");
        fs::create_dir(&clone).expect("a folder");
        let copy = "git ls-files -z --cached --others --exclude-standard | tar --create --null \
             --files-from=- | tar --extract --directory \"$0\"";
        let copy = ["-c", copy, clone.to_str().expect("text")];
        said(Command::new("bash").args(copy).current_dir(PROJECT).output(), &copy);
        Self { engine, clone, lab }
    }

    /// What a script prints in the clone; it must go well.
    #[track_caller]
    pub fn run(&self, script: &str) -> String {
        let words = ["timeout", "300", "bash", "-euo", "pipefail", "-c", script];
        said(self.engine.command(&words).current_dir(&self.clone).output(), &words)
    }

    /// What a container of this service is, as the engine says.
    pub fn inspect(&self, service: &str) -> Value {
        let script = format!("docker inspect $(docker compose ps --quiet {service} | head -n 1)");
        let all: Value = serde_json::from_str(&self.run(&script)).expect("JSON");
        all[0].clone()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let script = "docker compose ps --all; docker compose logs --tail 20; \
                docker inspect --format '{{.Name}} {{json .State.Health}}' $(docker ps --all --quiet)";
            let words = ["sh", "-c", script];
            if let Ok(seen) = self.engine.command(&words).current_dir(&self.clone).output() {
                eprintln!("{}", String::from_utf8_lossy(&seen.stdout));
            }
        }
    }
}
