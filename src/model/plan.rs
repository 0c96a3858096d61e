//! A plan: the jobs of one run, resolved to an ordered list of steps with
//! every value filled in. The catalog makes it, the remote run executes it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::StepRef;

/// Everything that one run does on a host, in order.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The jobs, dependencies first.
    pub jobs: Vec<PlannedJob>,
    /// The steps of all jobs, in the order in which the host executes them.
    pub steps: Vec<Step>,
    /// Commands that run once after the steps, where a step that names them changed.
    pub handlers: Vec<Handler>,
    /// The parameters as the steps see them, in their environment.
    pub values: Vec<Value>,
}

/// A job as part of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedJob {
    /// The file's name without `.toml`, as in `nginx`.
    pub name: String,
    /// What people read.
    pub title: String,
    /// Systems that the job was tested on, as `debian 12` (os-release's ID and VERSION_ID).
    /// Empty: any system.
    pub systems: Vec<String>,
}

/// One named piece of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Name of the job that it belongs to.
    pub job: String,
    /// Its name, unique within the job.
    pub name: String,
    /// What people read.
    pub title: String,
    /// What the host does.
    pub action: Action,
    /// How long each script of the step may take before the host kills it and ends the run.
    pub timeout: Duration,
    /// Index into [`Plan::handlers`]: the command that a change of this step asks for.
    pub on_change: Option<usize>,
}

/// What a step does on the host. Scripts are POSIX shell with the prelude's helpers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// `check` answers 0 (in place) or 1 (not in place); `run` puts it in place.
    Command {
        /// Asked before `run`, and again after it.
        check: String,
        /// Puts the step in place.
        run: String,
    },
    /// A file with this content, owner and mode.
    File {
        /// Absolute path on the host.
        path: String,
        /// User that owns it.
        owner: String,
        /// Its group.
        group: String,
        /// Permission bits, four octal digits.
        mode: String,
        /// The rendered content.
        content: String,
    },
    /// Must answer 0; never counts as a change.
    Assert {
        /// The script.
        assert: String,
    },
}

/// A command that steps ask for when they changed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handler {
    /// The job that named it first.
    pub job: String,
    /// POSIX shell, as in `reload nginx`; the same text is the same handler.
    pub command: String,
    /// The limit of the step that named it first.
    pub timeout: Duration,
}

/// A parameter's value, checked, as the steps see it in their environment.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    /// Name of the environment variable, as in `APP_USER`.
    pub variable: String,
    /// The value, text without NUL.
    pub value: String,
    /// Masked in all output, encrypted wherever it is kept.
    pub secret: bool,
}

// By hand, so that a secret can't reach a log through `{:?}`.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = if self.secret { "********" } else { &self.value };
        write!(f, "{}={shown:?}", self.variable)
    }
}

/// What a reader of a run's journal must know of its plan: the names, and
/// nothing that is secret. It travels with the run, so that others can follow it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// Names of the jobs, dependencies first.
    pub jobs: Vec<String>,
    /// The steps; the journal counts them from 1.
    pub steps: Vec<StepRef>,
    /// The handlers; the journal counts on from the steps.
    pub handlers: Vec<StepRef>,
    /// Whether the output may hold secrets, which only who has the plan can mask.
    pub secrets: bool,
}

impl Outline {
    /// The step or handler that the journal calls `number`.
    pub fn step(&self, number: usize) -> Option<&StepRef> {
        let index = number.checked_sub(1)?;
        self.steps.get(index).or_else(|| self.handlers.get(index - self.steps.len()))
    }
}

impl Plan {
    /// The plan's names.
    pub fn outline(&self) -> Outline {
        let steps = self.steps.iter().map(|step| StepRef {
            job: step.job.clone(),
            step: step.name.clone(),
            title: step.title.clone(),
        });
        let handlers = self.handlers.iter().map(|handler| StepRef {
            job: handler.job.clone(),
            step: handler.command.clone(),
            title: format!("After the change: {}", handler.command),
        });
        Outline {
            jobs: self.jobs.iter().map(|job| job.name.clone()).collect(),
            steps: steps.collect(),
            handlers: handlers.collect(),
            secrets: self.secrets().next().is_some(),
        }
    }

    /// SHA-256 over everything that the host would do, as 64 hex digits: two
    /// plans with the same digest do the same.
    pub fn digest(&self) -> String {
        let mut sha = Sha256::new();
        // Each field with its length first, so that no two plans share an encoding.
        let mut field = |text: &str| {
            sha.update((text.len() as u64).to_be_bytes());
            sha.update(text.as_bytes());
        };
        for step in &self.steps {
            field(&step.job);
            field(&step.name);
            field(&step.timeout.as_millis().to_string());
            field(&step.on_change.map_or(String::new(), |i| i.to_string()));
            match &step.action {
                Action::Command { check, run } => {
                    for text in ["command", check, run] {
                        field(text);
                    }
                }
                Action::File { path, owner, group, mode, content } => {
                    for text in ["file", path, owner, group, mode, content] {
                        field(text);
                    }
                }
                Action::Assert { assert } => {
                    for text in ["assert", assert] {
                        field(text);
                    }
                }
            }
        }
        for handler in &self.handlers {
            field(&handler.command);
        }
        for value in &self.values {
            field(&value.variable);
            field(&value.value);
        }
        sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The values that must never be shown.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter(|v| v.secret).map(|v| v.value.as_str())
    }
}
