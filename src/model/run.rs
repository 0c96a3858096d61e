//! A run as the store keeps it: what was asked, where it stands, and from where a
//! worker goes on with it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{FailureKind, Outline, Status};

/// One execution of a job, with the jobs it needs, on one server.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Run {
    /// UUID v7: the order of the ids is the order in which runs were asked for.
    pub id: String,
    /// The server's id.
    pub server_id: i64,
    /// The jobs that were asked for; those that they need are in the outline.
    pub jobs: Vec<String>,
    /// The parameters that are no secrets.
    pub parameters: BTreeMap<String, String>,
    /// Also on a system that a job was not tested on.
    pub untested_system: bool,
    /// Where it stands.
    pub status: Status,
    /// One up each time the right to drive it changes hands.
    pub epoch: i64,
    /// Which worker drives it now.
    pub worker: Option<String>,
    /// Why it waits, where that is not obvious.
    pub waiting: Option<String>,
    /// When a person asked that it be cancelled.
    pub cancel_requested_at: Option<Timestamp>,
    /// Since when the host can't be reached.
    pub unreachable_since: Option<Timestamp>,
    /// Why not.
    pub unreachable: Option<String>,
    /// Of a run that failed without the host's word: whether the host may still execute it.
    pub host_state: Option<HostState>,
    /// Why it failed, as a word.
    pub error_kind: Option<FailureKind>,
    /// Why it failed, and what to do.
    pub error: Option<String>,
    /// How many steps changed something, once it is completed.
    pub changed: Option<i64>,
    /// Bytes of output that the host has written and that arrived.
    pub output_bytes: i64,
    /// Whether some of it was not stored, because it was too much.
    pub output_cut: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When a worker first took it.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// What is known of the host, where a run failed without the host's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostState {
    /// It may still be executing the run.
    Unknown,
    /// A person said that it is gone for good.
    Abandoned,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// UUID v7.
    pub id: String,
    /// The server's id.
    pub server_id: i64,
    /// The jobs.
    pub jobs: Vec<String>,
    /// The parameters that are no secrets.
    pub parameters: BTreeMap<String, String>,
    /// The others, encrypted.
    pub secrets: Option<Vec<u8>>,
    /// Also on a system that a job was not tested on.
    pub untested_system: bool,
    /// The plan's steps.
    pub outline: Outline,
    /// The plan's digest.
    pub digest: String,
}

/// A step of a run, or one of its handlers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RunStep {
    /// As the journal counts: steps from 1, handlers after them.
    pub number: i64,
    /// Name of its job.
    pub job: String,
    /// Its name within the job.
    pub name: String,
    /// What people read.
    pub title: String,
    /// Whether it only runs where a step that names it changed something.
    pub handler: bool,
    /// Where it stands.
    pub status: Status,
    /// Whether it changed something, once it is completed.
    pub changed: Option<bool>,
    /// How often it was started: twice after a reboot in the middle of it.
    pub starts: i64,
    /// The script's exit code, where it failed with one.
    pub exit_code: Option<i64>,
    /// Why it failed, and what to do.
    pub error: Option<String>,
    /// When the host started it, by the host's clock.
    pub started_at: Option<Timestamp>,
    /// When the host was done with it, by the host's clock.
    pub finished_at: Option<Timestamp>,
}

/// Something that happened to a run and that is no state of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Note {
    /// Counts up.
    pub id: i64,
    /// When.
    pub time: Timestamp,
    /// One sentence.
    pub text: String,
}

/// Some of a run's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The attempt that wrote it.
    pub attempt: u32,
    /// Where it begins in that attempt's output, in bytes.
    pub offset: u64,
    /// The step that wrote it.
    pub step: i64,
    /// The bytes as the host has them, with secrets masked.
    pub bytes: Vec<u8>,
}

/// All of a run that a page or a terminal shows, but its output.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunResource {
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// The server's name.
    pub server: String,
    /// How many runs of the server come before it, while it waits.
    pub place: Option<i64>,
    /// Steps, then handlers.
    pub steps: Vec<RunStep>,
    /// What else happened.
    pub notes: Vec<Note>,
}

/// How far the store has followed an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Counts from 1.
    pub number: u32,
    /// The step that it began with.
    pub first: usize,
    /// The step that it starts a second time, after a reboot.
    pub again: Option<usize>,
    /// Which boot of the host it belongs to.
    pub boot: String,
    /// The journal's lines that were taken, each with its newline.
    pub journal: String,
    /// Up to where the output was taken, in the journal's offsets.
    pub output: u64,
    /// How many of these bytes were lost on the host.
    pub lost: u64,
}

/// A worker's right to drive a run. Every write to the run carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The run's id.
    pub run: String,
    /// The run's epoch while this lease holds.
    pub epoch: i64,
}

/// A run that was claimed, with all that is needed to drive it.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The right to drive it.
    pub lease: Lease,
    /// The run.
    pub run: Run,
    /// Its secret parameters, encrypted.
    pub secrets: Option<Vec<u8>>,
    /// The steps that it was asked with.
    pub outline: Outline,
    /// Digest of the plan that it was asked with.
    pub digest: String,
    /// The server.
    pub server: super::Server,
    /// The private key to log in with, encrypted.
    pub private_key: Option<Vec<u8>>,
    /// Whether that is the one that a person gave for the run that prepares the server, and
    /// not the server's own, which is not there yet.
    pub first_key: bool,
    /// What the store knows of its attempts, in order.
    pub attempts: Vec<AttemptRecord>,
    /// The database was restored from a backup, and the host was not asked since: it may know
    /// more of the run.
    pub restored: bool,
    /// So often in a row its worker vanished without getting any further.
    pub crashes: i64,
    /// A person asked that it be tried again.
    pub retry: Option<Retry>,
}

/// A run that failed is to be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// With another attempt after this one; 0 if there was none.
    pub after: u32,
    /// From this step on, and not from the one that failed.
    pub from: Option<usize>,
}
