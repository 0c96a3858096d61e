//! How a server joins that a worker can log in to, step 4 of every server that joins, and what
//! is shown and heard of it meanwhile: with real workers, hosts of the lab, Postgres and Redis.
//!
//! Each test has an installation and hosts of its own. The lab needs root (or sudo).

#[path = "../api/client.rs"]
#[expect(dead_code, reason = "shared with the API's tests, which use all of it")]
mod client;
#[path = "../fleet/fleet.rs"]
#[expect(dead_code, reason = "shared with the fleet's tests, which use all of it")]
mod fleet;
#[path = "../hosts/job.rs"]
mod job;
mod joining;
#[path = "../lab/mod.rs"]
#[allow(dead_code, reason = "shared")]
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

mod login;
mod refused;
mod resource;
mod step4;
