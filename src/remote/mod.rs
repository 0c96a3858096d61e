//! A run on a host: sends it there, follows it, and survives what lies between.
//!
//! `drive` is the way in. The host executes the run by itself, detached from
//! every connection (promises 5 and 6); here it is started at most once, its
//! journal is followed from where we stand, and its end believed.
//!
//! From the inside out: `journal` and `mask` read what a host says, `follow`
//! turns it into events, `channel` talks to the scripts in `host/`, `ssh` and
//! `host_key` get there, `bundle` is what is sent, and `drive` holds on.

mod bundle;
mod channel;
mod drive;
mod failure;
mod follow;
mod host;
pub mod host_key;
mod journal;
mod mask;
mod output;
mod report;
mod ssh;
mod target;
mod visit;

pub use bundle::Mode;
pub use channel::Holder;
pub use drive::{Decision, FleetRun, Outcome, Question, Request, Wish, drive};
pub use failure::Failure;
pub use host_key::{HostKey, HostKeyError, describe as describe_host_key, read_host_key};
pub use ssh::Ssh;
pub use target::{Target, TargetError};
pub use visit::{offered_key, visit};
