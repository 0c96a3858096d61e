//! Requests that the web answered, by route: what strangers ask for in vain is one row.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// Clones are the same.
#[derive(Debug, Clone)]
pub struct Requests {
    answered: Family<[(&'static str, String); 2], Counter>,
    took: Histogram,
}

impl Requests {
    /// None yet.
    pub fn new(registry: &mut Registry) -> Self {
        let answered = Family::default();
        let help =
            "Requests that were answered, by the route's pattern; all that no route has is `none`";
        registry.register("http_requests", help, answered.clone());
        let took = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        let help = "How long an answer took";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, took.clone());
        Self { answered, took }
    }

    /// A request was answered.
    pub fn answered(&self, route: &str, code: u16, took: Duration) {
        let labels = [("route", route.to_owned()), ("code", code.to_string())];
        self.answered.get_or_create(&labels).inc();
        self.took.observe(took.as_secs_f64());
    }
}
