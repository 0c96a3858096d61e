//! The process itself, under the names that Prometheus' own libraries give it. Read from
//! `/proc/self`, which is all of `/proc` that a hardened unit sees.

use std::fs;
use std::sync::atomic::AtomicU64;

use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

/// Adds what `/proc` says now; what it does not say is left out.
pub(super) fn register(registry: &mut Registry, started: Timestamp) {
    let mut gauge = |name: &str, unit: Option<Unit>, help: &str, value: Option<f64>| {
        let Some(value) = value else { return };
        let gauge = Gauge::<f64, AtomicU64>::default();
        gauge.set(value);
        match unit {
            Some(unit) => registry.register_with_unit(name, help, unit, gauge),
            None => registry.register(name, help, gauge),
        }
    };
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is the program's name, and may have anything in it.
    let fields: Vec<&str> =
        stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect()).unwrap_or_default();
    // As proc(5) counts them, from 1; the first two are gone.
    let field = |number: usize| fields.get(number - 3).and_then(|text| text.parse::<f64>().ok());
    let ticks = clock_ticks_per_second() as f64;
    let started = Some(started.as_millisecond() as f64 / 1000.0);
    gauge("process_start_time", Some(Unit::Seconds), "When it started, in Unix time", started);
    let resident = field(24).map(|pages| pages * page_size() as f64);
    gauge("process_resident_memory", Some(Unit::Bytes), "Its memory", resident);
    let files = fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as f64);
    gauge("process_open_fds", None, "Files and sockets that it has open", files);
    let most = getrlimit(Resource::Nofile).current.map(|most| most as f64);
    gauge("process_max_fds", None, "How many it may have open", most);
    let spent = field(14).zip(field(15)).map(|(user, system)| (user + system) / ticks);
    if let Some(spent) = spent {
        let counter = Counter::<f64, AtomicU64>::default();
        counter.inc_by(spent);
        registry.register_with_unit(
            "process_cpu",
            "Processor time that it took",
            Unit::Seconds,
            counter,
        );
    }
}
