//! What the API promises, asked over HTTP of real processes: SQLite in most tests, Postgres
//! and Redis where two processes matter, hosts of the lab where a verb needs one.
//!
//! Each test has an installation of its own. Those with hosts need root (or sudo).

mod client;
#[path = "../fleet/fleet.rs"]
#[expect(dead_code, reason = "shared with the fleet's tests, which use all of it")]
mod fleet;
#[path = "../hosts/job.rs"]
mod job;
#[path = "../lab/mod.rs"]
mod lab;
#[path = "../store/postgres.rs"]
#[expect(dead_code, reason = "shared")]
mod postgres;
#[path = "../fleet/process.rs"]
#[expect(dead_code, reason = "shared")]
mod process;
#[path = "../fleet/redis.rs"]
#[expect(dead_code, reason = "shared")]
mod redis;
#[path = "../store/watchdog.rs"]
mod watchdog;
mod world;

mod audited;
mod bad_requests;
mod database_away;
mod described;
mod hosts;
mod idempotent;
mod jobs;
mod joining;
mod let_in;
mod limited;
mod others;
mod runs;
mod schemathesis;
mod secrets;
mod servers;
mod tokens;
mod two_processes;
mod workers;
