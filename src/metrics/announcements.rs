//! Announcements of what was committed, and how long they took (promise 2).

use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// Of all changes that this process made, or found.
#[derive(Debug)]
pub struct Announcements {
    delay: Histogram,
    failures: Counter,
}

impl Announcements {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let delay = Histogram::new(exponential_buckets(0.001, 2.0, 16));
        let help = "From the commit of a change, by the database's clock, until it was announced on the bus";
        registry.register_with_unit("announcement_delay", help, Unit::Seconds, delay.clone());
        let failures = Counter::default();
        let help = "Announcements that failed; the sweeper makes them again";
        registry.register("announcement_failures", help, failures.clone());
        Self { delay, failures }
    }

    /// A change that was committed then is announced.
    pub fn announced(&self, committed: Timestamp) {
        // Clocks of two machines may be apart.
        let delay = Timestamp::now().duration_since(committed).as_secs_f64().max(0.0);
        self.delay.observe(delay);
    }

    /// A change could not be announced.
    pub fn failed(&self) {
        self.failures.inc();
    }
}
