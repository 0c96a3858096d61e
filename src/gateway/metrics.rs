//! What the gateway counts, in Prometheus' format.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// What the gateway counts.
pub(super) struct Metrics {
    pub(super) connections: Gauge,
    pub(super) channels: Gauge,
    pub(super) subscriptions: Gauge,
    pub(super) received: Counter,
    pub(super) sent: Counter,
    pub(super) coalesced: Counter,
    pub(super) collapsed: Counter,
    pub(super) dropped: Counter,
    pub(super) refused: Counter,
    pub(super) away: Counter,
    bus_way: Gauge<f64, AtomicU64>,
    delivery: Histogram,
    commit_to_socket: Histogram,
}

impl Metrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("gateway");
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let received = counter("messages_received", "Messages that clients sent");
        let sent = counter("messages_sent", "Messages on their way to clients");
        let coalesced = counter(
            "notifications_coalesced",
            "Notifications that a later one replaced, for all pages",
        );
        let collapsed = counter(
            "notifications_collapsed",
            "Notifications that a later one replaced, for a slow client",
        );
        let dropped = counter(
            "clients_dropped",
            "Clients that were sent away because too much waited for them",
        );
        let refused = counter("refused", "Connections and subscriptions that were refused");
        let away = counter("bus_away", "Times that the bus was away or lagged");
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let connections = gauge("connections", "Clients that are connected");
        let channels = gauge("channels", "Channels that somebody listens to");
        let subscriptions = gauge("subscriptions", "Subscriptions of all clients");
        let bus_way = Gauge::default();
        registry.register_with_unit(
            "bus_round_trip",
            "The way through the bus and back, at the last heartbeat",
            Unit::Seconds,
            bus_way.clone(),
        );
        let delivery = Histogram::new(exponential_buckets(0.0001, 2.0, 16));
        registry.register_with_unit(
            "delivery",
            "From a message of the bus until it is on its way to the last client",
            Unit::Seconds,
            delivery.clone(),
        );
        let commit_to_socket = Histogram::new(exponential_buckets(0.001, 2.0, 16));
        registry.register_with_unit(
            "commit_to_socket",
            "From the commit of a change, by the database's clock, until its notification is on its way to the last client",
            Unit::Seconds,
            commit_to_socket.clone(),
        );
        Self {
            connections,
            channels,
            subscriptions,
            received,
            sent,
            coalesced,
            collapsed,
            dropped,
            refused,
            away,
            bus_way,
            delivery,
            commit_to_socket,
        }
    }

    pub(super) fn bus_way(&self, way: Duration) {
        self.bus_way.set(way.as_secs_f64());
    }

    pub(super) fn delivered_in(&self, time: Duration) {
        self.delivery.observe(time.as_secs_f64());
    }

    /// The notification of a change that was committed then is on its way.
    pub(super) fn told(&self, committed: Timestamp) {
        // Clocks of two machines may be apart.
        let time = Timestamp::now().duration_since(committed).as_secs_f64().max(0.0);
        self.commit_to_socket.observe(time);
    }
}
