//! What a process counts, for Prometheus: one registry, read under `/metrics` on a listener of its own.
//!
//! Who counts only adds to a number. What must be asked for (the store, `/proc`) is asked when somebody
//! reads.

mod serve;
mod text;

use std::sync::{PoisonError, RwLock};

use prometheus_client::registry::Registry;

pub use serve::serve;

/// What all names begin with, but those of the process, which are Prometheus' own.
const PREFIX: &str = "groundcrew";

/// Everything that this process counts.
#[derive(Debug)]
pub struct Metrics {
    registry: RwLock<Registry>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { registry: RwLock::new(Registry::with_prefix(PREFIX)) }
    }
}

impl Metrics {
    /// Adds what a part of this process counts.
    pub fn register<T>(&self, parts: impl FnOnce(&mut Registry) -> T) -> T {
        parts(&mut self.registry.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// As Prometheus reads it.
    fn text(&self) -> String {
        text::of(&self.registry.read().unwrap_or_else(PoisonError::into_inner))
    }
}
