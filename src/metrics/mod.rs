//! What a process counts, for Prometheus: one registry, read under `/metrics` on a listener of its own.
//!
//! Who counts only adds to a number. What must be asked for (the store, `/proc`) is asked when somebody
//! reads. The store, queue and bus know nothing of an installation: they count for themselves, and are
//! registered here.

mod announcements;
mod figures;
mod kinds;
mod logins;
mod process;
mod requests;
mod runs;
mod serve;
mod sql;
mod sweeps;
mod text;

use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;
use prometheus_client::registry::Registry;

pub use announcements::Announcements;
pub use kinds::Kinds;
pub use logins::Logins;
pub use requests::Requests;
pub use runs::{Busy, RunCounts};
pub use serve::serve;
pub use sql::SqlCounts;
pub use sweeps::Sweeps;

use crate::installation::Wire;
use crate::store::Store;

/// What all names begin with, but those of the process, which are Prometheus' own.
const PREFIX: &str = "groundcrew";

/// Everything that this process counts.
#[derive(Debug)]
pub struct Metrics {
    registry: RwLock<Registry>,
    started: Timestamp,
    /// Of changes, on the bus.
    pub announcements: Announcements,
    /// On hosts.
    pub logins: Logins,
}

impl Metrics {
    /// With what these count.
    pub fn of(store: &Store, wire: Option<&Wire>) -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        store.counts().register(&mut registry);
        if let Some(wire) = wire {
            let help =
                "What the queue asked Redis for in vain; runs are found in the store meanwhile";
            wire.queue.errors().register(&mut registry, "queue_errors", help);
            let help = "What the bus asked Redis for in vain; the sweeper announces later";
            wire.bus.errors().register(&mut registry, "bus_errors", help);
        }
        let announcements = Announcements::new(&mut registry);
        let logins = Logins::default();
        let (registry, started) = (RwLock::new(registry), Timestamp::now());
        Self { registry, started, announcements, logins }
    }

    /// Adds what a part of this process counts.
    pub fn register<T>(&self, parts: impl FnOnce(&mut Registry) -> T) -> T {
        parts(&mut self.registry.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// As Prometheus reads it.
    fn text(&self) -> String {
        text::of(&self.registry.read().unwrap_or_else(PoisonError::into_inner))
    }
}
