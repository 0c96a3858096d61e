//! What is seen of an installation from outside: whether it is well, what it counts, what its logs
//! say. Real roles with a Postgres and a Redis, and runs on hosts of the lab.

#[path = "../fleet/fleet.rs"]
#[allow(dead_code, reason = "shared with the fleet's tests, which use all of it")]
mod fleet;
#[path = "../hosts/job.rs"]
#[allow(dead_code, reason = "shared")]
mod job;
#[path = "../lab/mod.rs"]
#[allow(dead_code, reason = "shared")]
mod lab;
#[path = "../store/postgres.rs"]
#[allow(dead_code, reason = "shared")]
mod postgres;
#[path = "../fleet/process.rs"]
#[allow(dead_code, reason = "shared")]
mod process;
#[path = "../fleet/redis.rs"]
#[allow(dead_code, reason = "shared")]
mod redis;
#[path = "../store/watchdog.rs"]
#[allow(dead_code, reason = "shared")]
mod watchdog;

mod asked;
mod counted;
mod health;
mod logs;
mod names;
mod scrape;
#[cfg(feature = "otel")]
mod traces;
