//! What the store counts: its calls, and those that failed for the database's sake. A refusal of ours,
//! as of a name that is taken, is no failure.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::Kinds;

/// Clones are the same.
#[derive(Debug, Clone)]
pub struct SqlCounts {
    calls: Histogram,
    conflicts: Counter,
    errors: Kinds,
}

impl Default for SqlCounts {
    fn default() -> Self {
        Self {
            // 0.5 ms to 8 s; a call is given up after 15 s.
            calls: Histogram::new(exponential_buckets(0.0005, 2.0, 15)),
            conflicts: Counter::default(),
            errors: Kinds::of(&["unreachable", "denied", "disk_full", "busy", "refused"]),
        }
    }
}

impl SqlCounts {
    /// A call has ended, in this way if the database is to blame.
    pub fn called(&self, took: Duration, error: Option<&'static str>) {
        self.calls.observe(took.as_secs_f64());
        if let Some(kind) = error {
            self.errors.count(kind);
        }
    }

    /// A transaction lost against another one, and is made again.
    pub fn lost(&self) {
        self.conflicts.inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let calls = self.calls.clone();
        let help = "Calls of the store, each one transaction or query, with its repetitions";
        registry.register_with_unit("sql_call_duration", help, Unit::Seconds, calls);
        let help = "Transactions that lost against another one, and were made again";
        registry.register("sql_conflicts", help, self.conflicts.clone());
        let help = "Calls of the store that failed for the database's sake";
        self.errors.register(registry, "sql_errors", help);
    }
}
