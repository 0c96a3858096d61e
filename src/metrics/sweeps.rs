//! What the sweeper counts.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

/// Of one sweeper.
#[derive(Debug)]
pub struct Sweeps {
    /// It looked for changes that nobody announced.
    pub made: Counter,
    /// It could not.
    pub failed: Counter,
    /// Changes that it found.
    pub found: Counter,
}

impl Sweeps {
    /// All at 0.
    pub fn new(registry: &mut Registry) -> Self {
        let mut counter = |name, help| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        Self {
            made: counter("sweeps", "Looks for changes that nobody announced"),
            failed: counter(
                "sweep_failures",
                "Times that the sweeper was refused by the database, also in tidying up",
            ),
            found: counter("sweep_announcements", "Changes that the sweeper found and announced"),
        }
    }
}
