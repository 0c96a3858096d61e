//! `docker-compose.yml` and the `Dockerfile`, as docs/compose.md has people use them, with a real
//! Docker engine and the real Compose, beside a lab. What stands in for what can't be had without
//! a registry is in stand_ins/.
//!
//! Needs root, for the engine; sudo is not enough.

mod engine;
#[path = "../lab/mod.rs"]
#[expect(dead_code, reason = "shared")]
mod lab;
#[path = "../page/mod.rs"]
mod page;
#[path = "../fleet/process.rs"]
#[expect(dead_code, reason = "shared")]
mod process;
#[path = "../store/watchdog.rs"]
mod watchdog;

mod stand_ins;
mod tried;
mod valid;
mod world;
