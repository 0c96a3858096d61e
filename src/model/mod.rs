//! Plain types that every part shares: what is to be done ([`Plan`]) and what
//! happened ([`Event`]). No I/O here.

mod event;
mod plan;

pub use event::{Event, FailureKind, Happening, PlannedStep, StepRef};
pub use plan::{Action, Handler, Outline, Plan, PlannedJob, Step, Value};
