//! Plain types that every part shares: what is to be done ([`Plan`]), what
//! happened ([`Event`]), and what is kept of it ([`Server`], [`Run`]). No I/O here.

mod access;
mod event;
mod job_steps;
mod join;
mod listening;
mod live;
mod output;
mod people;
mod plan;
mod prepared;
mod provisioning;
mod run;
mod server;
mod status;

pub use access::{Actor, AuditEntry, Deed, NewToken, Scope, Token};
pub use event::{Event, FailureKind, Happening, PlannedStep, StepRef};
pub use join::{
    APP_USER, Callback, Called, Connection, ConnectivityClaim, ConnectivityLease, Facts, JoinsBy,
    Line, NewJoin, NewLine, PROVISION_STEPS, Provision, ProvisionStep, Stranger, Wants,
};
pub use listening::{Listening, Proof, Subject};
pub use live::{LiveLine, LiveRun, ProvisioningLive, ShownKey, Unreachable, live};
pub use output::OutputEnds;
pub use people::{NewSession, Session, User};
pub use plan::{Action, Handler, Outline, Plan, PlannedJob, Step, Value};
pub use prepared::prepared;
pub use provisioning::{
    JobStepResource, JobText, ServerProvisioningResource, StepError, StepResource, StepStatus,
    provisioning,
};
pub use run::{
    AttemptRecord, Chunk, Claim, HostState, Lease, NewRun, Note, Retry, Run, RunResource, RunStep,
};
pub use server::{Changed, NewServer, Server};
pub use status::Status;
