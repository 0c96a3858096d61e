//! A counter by kind.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// Counts what goes wrong, by its kind. Every kind is there from the start with 0, so that also the
/// first of one shows as a rise. Clones are the same.
#[derive(Debug, Clone)]
pub struct Kinds(Family<[(&'static str, String); 1], Counter>);

impl Kinds {
    /// Of these kinds.
    pub fn of(kinds: &[&str]) -> Self {
        let counted = Self(Family::default());
        for kind in kinds {
            drop(counted.0.get_or_create(&[("kind", (*kind).to_owned())]));
        }
        counted
    }

    /// One more.
    pub fn count(&self, kind: impl Into<String>) {
        self.0.get_or_create(&[("kind", kind.into())]).inc();
    }

    /// Has it read under this name.
    pub fn register(&self, registry: &mut Registry, name: &str, help: &str) {
        registry.register(name, help, self.0.clone());
    }
}
