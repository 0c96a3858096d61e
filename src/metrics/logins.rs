//! Logins on hosts over SSH, and why they failed.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::Kinds;
use crate::model::FailureKind::{
    self, AuthenticationFailed, HostKeyChanged, HostKeyUnknown, Internal, Unreachable,
};

/// Clones are the same.
#[derive(Debug, Clone)]
pub struct Logins {
    tried: Counter,
    failures: Kinds,
}

impl Default for Logins {
    fn default() -> Self {
        let kinds = [Unreachable, AuthenticationFailed, HostKeyChanged, HostKeyUnknown, Internal];
        let kinds = kinds.map(FailureKind::word);
        Self {
            tried: Counter::default(),
            failures: Kinds::of(&kinds.each_ref().map(|kind| &**kind)),
        }
    }
}

impl Logins {
    /// A login was tried, and failed like this, or not.
    pub fn tried(&self, failure: Option<FailureKind>) {
        self.tried.inc();
        if let Some(kind) = failure {
            self.failures.count(kind.word());
        }
    }

    /// Has them read.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("ssh_connects", "Logins on hosts that were tried", self.tried.clone());
        let help = "Logins on hosts that failed; a host that is away is tried again and again";
        self.failures.register(registry, "ssh_failures", help);
    }
}
