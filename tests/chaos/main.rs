//! The chaos harness: real workers, Redis, Postgres and hosts, one fault at a chosen moment,
//! and then all promises are checked from outside, by SQL, the host's own files and what a
//! plain subscriber heard (docs/reliability.md).
//!
//! `make chaos` runs the whole table; the tests in here are its short form. Each cell has an
//! installation of its own. The lab needs root (or sudo).

mod audit;
mod cells;
mod chance;
mod check;
mod ear;
#[path = "../fleet/fleet.rs"]
#[expect(dead_code, reason = "shared with the fleet's tests, which use all of it")]
mod fleet;
mod host_files;
#[path = "../hosts/job.rs"]
#[expect(dead_code, reason = "shared")]
mod job;
#[path = "../lab/mod.rs"]
mod lab;
mod moment;
#[path = "../store/postgres.rs"]
mod postgres;
#[path = "../fleet/process.rs"]
mod process;
#[path = "../fleet/redis.rs"]
#[expect(dead_code, reason = "shared")]
mod redis;
mod short;
mod table;
#[path = "../store/watchdog.rs"]
mod watchdog;
mod world;

/// The whole table: `make chaos`.
#[test]
#[ignore = "takes eleven minutes: make chaos"]
fn whole_table() {
    table::run(cells::all());
}
