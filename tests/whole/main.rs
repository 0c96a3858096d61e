//! The whole, as operators run it: two processes of each role, Postgres and Redis; a person in a
//! browser adds servers in both ways, real hosts of the lab join, and jobs with a secret run.
//!
//! Needs root (or sudo), for the lab.

#[path = "../web/browser.rs"]
#[expect(dead_code, reason = "shared")]
mod browser;
#[path = "../api/client.rs"]
#[expect(dead_code, reason = "shared with the API's tests, which use all of it")]
mod client;
#[path = "../fleet/fleet.rs"]
#[expect(dead_code, reason = "shared")]
mod fleet;
#[path = "../hosts/job.rs"]
#[expect(dead_code, reason = "shared")]
mod job;
#[path = "../lab/mod.rs"]
#[expect(dead_code, reason = "shared")]
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
#[path = "../api/world.rs"]
#[expect(dead_code, reason = "shared")]
mod world;

mod canaries;
mod command_lines;
mod two_of_each;
