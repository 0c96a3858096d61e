//! What happened in a run, as the terminal, `--json` and the store see it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::{AttemptRecord, Outline};

/// One thing that happened in a run on one host. As JSON it is one flat
/// object: `run`, `host`, `time`, `event`, and the fields of its kind.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// The run's id (UUID v7).
    pub run: String,
    /// The host as the person wrote it.
    pub host: String,
    /// When it happened, by the host's journal where it is the source.
    pub time: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub what: Happening,
    /// How far the attempt was followed with this event: who keeps both in one
    /// transaction can go on from there. `journal` has the lines since the event before.
    #[serde(skip)]
    pub at: Option<AttemptRecord>,
}

/// A step, as events name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRef {
    /// Name of its job.
    pub job: String,
    /// Its name within the job; a handler's is its command, as `reload nginx`.
    pub step: String,
    /// What people read.
    pub title: String,
}

/// A step of a `run.planned`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedStep {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// With `--plan`: whether the host says that it is in place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_place: Option<bool>,
}

/// What happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event")]
pub enum Happening {
    /// The steps to come (before `run.started`), or, with `--plan`, the
    /// answers of all checks (the last event of that host).
    #[serde(rename = "run.planned")]
    RunPlanned {
        /// Names of the jobs, dependencies first.
        jobs: Vec<String>,
        /// All steps, in order; handlers are not among them.
        steps: Vec<PlannedStep>,
    },
    /// The host was found to have the run with these steps, which are others than were planned;
    /// from now on they are the run's (runs of a fleet only).
    #[serde(rename = "plan.found")]
    PlanFound {
        /// The plan's names.
        outline: Outline,
        /// The plan's digest.
        digest: String,
    },
    /// The host accepted the run, or was found to be executing it already.
    #[serde(rename = "run.started")]
    RunStarted {
        /// True where a run that was going on is followed from its start.
        followed: bool,
    },
    /// The host started a step.
    #[serde(rename = "step.started")]
    StepStarted {
        /// Which one.
        #[serde(flatten)]
        step: StepRef,
        /// Counts up from 1; above 1 the step is started again because the host rebooted.
        attempt: u32,
    },
    /// What a step printed. Secrets are masked.
    #[serde(rename = "step.output")]
    StepOutput {
        /// Which step printed it.
        #[serde(flatten)]
        step: StepRef,
        /// Where the text begins in the attempt's output, in bytes.
        offset: u64,
        /// The bytes as the host has them; in JSON, those that are not UTF-8 are
        /// replaced. May end inside a line, but in no character.
        #[serde(serialize_with = "as_text")]
        output: Vec<u8>,
    },
    /// A step is in place.
    #[serde(rename = "step.completed")]
    StepCompleted {
        /// Which one.
        #[serde(flatten)]
        step: StepRef,
        /// False: it was in place already.
        changed: bool,
    },
    /// A step failed, and the run with it.
    #[serde(rename = "step.failed")]
    StepFailed {
        /// Which one.
        #[serde(flatten)]
        step: StepRef,
        /// The script's exit code, where there was one.
        exit_code: Option<i32>,
        /// The cause and the next step, for people.
        error: String,
    },
    /// All steps are in place.
    #[serde(rename = "run.completed")]
    RunCompleted {
        /// How many steps changed something.
        changed: usize,
    },
    /// The run ended without being done, or could not be started.
    #[serde(rename = "run.failed")]
    RunFailed {
        /// The cause, as a word that programs can tell apart.
        kind: FailureKind,
        /// The cause and the next step, for people.
        error: String,
    },
    /// The host confirmed that the run was cancelled.
    #[serde(rename = "run.cancelled")]
    RunCancelled,
    /// The host can't be reached for now; it is tried again (runs of a fleet only).
    #[serde(rename = "host.away")]
    HostAway {
        /// Why not.
        error: String,
    },
    /// It can be reached again.
    #[serde(rename = "host.back")]
    HostBack,
    /// Something that a person wants to know and that is no state of the run:
    /// the line was cut, the host rebooted. Not part of `--json`'s standard output.
    #[serde(rename = "note")]
    Note {
        /// One sentence.
        text: String,
    },
}

fn as_text<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(bytes))
}

/// Why a run failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The host could not be reached, or the line was cut and did not come back.
    Unreachable,
    /// The server is at an address where none may be.
    AddressRefused,
    /// The host refused the key or the user.
    AuthenticationFailed,
    /// The host's key is not known and was not accepted.
    HostKeyUnknown,
    /// The host's key is another than the one that is known.
    HostKeyChanged,
    /// The user may not become root without a password.
    NoRoot,
    /// The host does not run systemd, or lacks a command that a run needs.
    UnsupportedHost,
    /// A job was not tested on the host's system.
    UntestedSystem,
    /// Another run holds the host.
    HostBusy,
    /// The host refused the start: a newer holder, or a run that has ended or was cancelled.
    StartRefused,
    /// The host has the run from somebody who is not known here: the database was restored
    /// from a backup, or this installation was replaced by one that was.
    Superseded,
    /// The run ended after the backup that the database was restored from, and its host does
    /// not know any more how.
    Restored,
    /// A step's script failed.
    StepFailed,
    /// A step's check answered neither 0 nor 1.
    CheckFailed,
    /// A step ran, and its check still says that it is not in place.
    NotInPlace,
    /// An `assert` does not hold.
    AssertFailed,
    /// A step ran out of its time limit.
    TimedOut,
    /// The host's disk is full.
    DiskFull,
    /// The runner on the host ended without a word (out of memory, or killed).
    RunnerLost,
    /// Something on the host stopped the runner, and it was not a reboot.
    Interrupted,
    /// A step was interrupted by a reboot twice.
    InterruptedTwice,
    /// The host's journal says what the plan does not allow.
    IllegalJournal,
    /// The job files are not what they were when the run was asked for, or its
    /// parameters don't fit them any more.
    JobChanged,
    /// What is kept encrypted can't be read with this key.
    KeyLost,
    /// Its worker vanished again and again without getting any further.
    Poisoned,
    /// A person gave it up: the host is gone for good.
    Abandoned,
    /// The person left the run to itself; the host may still be executing it.
    Left,
    /// The script that makes a new server ready failed.
    ScriptFailed,
    /// That script was not heard of any more.
    Silent,
    /// Something on this side failed.
    Internal,
}

impl FailureKind {
    /// The word, as in JSON.
    pub fn word(self) -> String {
        let word = serde_json::to_value(self).ok();
        word.as_ref().and_then(|word| word.as_str()).expect("a kind is a word in JSON").to_owned()
    }

    /// Whether the run is over on its host, as the host itself says. Else, if the host has
    /// the run at all, it may still be executing it.
    pub fn is_hosts_word(self) -> bool {
        matches!(
            self,
            Self::StepFailed
                | Self::CheckFailed
                | Self::NotInPlace
                | Self::AssertFailed
                | Self::TimedOut
                | Self::DiskFull
                | Self::RunnerLost
                | Self::Interrupted
                | Self::InterruptedTwice
                | Self::StartRefused
                | Self::Restored
        )
    }
}
