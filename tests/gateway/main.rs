//! What the gateway promises, tried with the clients that people have: pusher-js, Laravel Echo
//! and its useEcho in a React page in Chromium, and Pusher's server SDKs for Node and Python.
//! Their scripts are in tests/clients; here are the processes that they talk to.
//!
//! Each test has a Redis, a database and gateways of its own, which die with it.

mod balancer;
#[path = "../redis/certificate.rs"]
mod certificate;
mod changes;
mod conformance;
#[path = "../fleet/fleet.rs"]
#[expect(dead_code, reason = "shared with the fleet's tests, which use all of it")]
mod fleet;
#[path = "../store/harness.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "shared")]
mod harness;
#[path = "../hosts/job.rs"]
mod job;
#[path = "../lab/mod.rs"]
#[expect(dead_code, reason = "shared")]
mod lab;
mod node;
mod operating;
mod output;
mod pages;
#[path = "../store/postgres.rs"]
#[expect(dead_code, reason = "shared")]
mod postgres;
#[path = "../fleet/process.rs"]
#[allow(dead_code, reason = "shared")]
mod process;
#[path = "../fleet/redis.rs"]
#[expect(dead_code, reason = "shared")]
mod redis;
mod truth;
#[path = "../store/watchdog.rs"]
mod watchdog;
mod world;
