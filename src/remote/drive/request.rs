//! What `drive` is asked to do, what it asks, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::model::{AttemptRecord, Outline, Plan, Retry};
use crate::remote::bundle::Mode;
use crate::remote::channel::Holder;
use crate::remote::failure::Failure;
use crate::remote::host_key::HostKey;
use crate::remote::ssh::Ssh;
use crate::remote::target::Target;

/// What is to be done, and where.
#[derive(Debug, Clone)]
pub struct Request {
    /// The way to the hosts.
    pub ssh: Arc<Ssh>,
    /// This one.
    pub target: Target,
    /// What is to be done there.
    pub plan: Arc<Plan>,
    /// Really, or only asked.
    pub mode: Mode,
    /// Also on a system that a job was not tested on.
    pub untested_system: bool,
    /// Who asks; the last runs of each installation are kept on the host.
    pub installation: String,
    /// Fingerprints that the person vouched for.
    pub fingerprints: Vec<String>,
    /// None for a run by hand, which has no past and nobody to share it with.
    pub fleet: Option<FleetRun>,
}

/// A run of the fleet: kept in the store, and driven by one worker after another.
#[derive(Debug, Clone)]
pub struct FleetRun {
    /// Its id.
    pub id: String,
    /// Which right to drive it we have; the host refuses one that is behind.
    pub epoch: u64,
    /// What the store knows of its attempts.
    pub attempts: Vec<AttemptRecord>,
    /// The plan's names, as the attempts know them.
    pub outline: Outline,
    /// The values to mask.
    pub secrets: Vec<String>,
    /// Whether the request's plan is the one of the attempts. Else they can be
    /// followed, and no new one started.
    pub same_plan: bool,
    /// Why there is no plan. Attempts can be followed all the same.
    pub misfit: Option<Failure>,
    /// The store was restored from a backup: the host may know more of the run.
    pub restored: bool,
    /// Another attempt is wanted after one that has failed.
    pub retry: Option<Retry>,
    /// Since when the host was away, as the store knows it.
    pub away_since: Option<Timestamp>,
    /// How long it may be.
    pub patience: Duration,
}

/// What only a person, or the command line, can decide.
#[derive(Debug)]
pub enum Question {
    /// Is this the host's key? Asked where none is known.
    HostKey(Target, HostKey, oneshot::Sender<bool>),
    /// Another run has the host: what now?
    Busy(Target, Holder, oneshot::Sender<Decision>),
}

/// What to do about a busy host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: fail.
    GiveUp,
    /// Start when it is free.
    Wait,
    /// Show what it does instead.
    Follow,
}

/// What the person wants of a run that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// That it goes on.
    GoOn,
    /// Something that is about to be heard: Ctrl-C was pressed, and the person is asked.
    Undecided,
    /// That it stops, and nothing of it stays.
    Cancel,
    /// To go away; the host goes on by itself.
    Leave,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All steps are in place, or (with `--plan`) were asked.
    Completed,
    /// It failed; the event says why.
    Failed,
    /// The host confirmed the cancel.
    Cancelled,
    /// We left; the host goes on.
    Left,
}
