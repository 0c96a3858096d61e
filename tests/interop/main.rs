//! docs/interop.md: what other programs do with an installation, by the code that the page shows.
//!
//! Needs root (or sudo), for the lab; php-cli, php-redis, python3-redis.

#[path = "../fleet/fleet.rs"]
#[expect(dead_code, reason = "shared")]
mod fleet;
#[path = "../hosts/job.rs"]
#[expect(dead_code, reason = "shared")]
mod job;
#[path = "../lab/mod.rs"]
#[expect(dead_code, reason = "shared")]
mod lab;
#[path = "../gateway/node.rs"]
mod node;
#[path = "../page/mod.rs"]
mod page;
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

mod asks;
mod hears;
mod publishes;
mod world;
