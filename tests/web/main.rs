//! People at the web tier: how they sign in and out, what their browsers may do, and who hears
//! of what. Asked over HTTP of real processes; where two of them matter, `up` and `web` on one
//! Postgres and Redis; with Laravel Echo in Chromium.
//!
//! Each test has an installation of its own.

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
#[path = "../gateway/node.rs"]
#[expect(dead_code, reason = "shared")]
mod node;
#[path = "../store/postgres.rs"]
#[expect(dead_code, reason = "shared")]
mod postgres;
#[path = "../fleet/process.rs"]
#[allow(dead_code, reason = "shared")]
mod process;
#[path = "../fleet/redis.rs"]
#[expect(dead_code, reason = "shared")]
mod redis;
#[path = "../store/watchdog.rs"]
mod watchdog;
#[path = "../api/world.rs"]
#[expect(dead_code, reason = "shared")]
mod world;

mod audited;
mod channels;
mod dropped;
mod echo;
mod first_user;
mod forged;
mod headers;
mod key;
mod limited;
mod password;
mod secrets;
mod sign_in;
mod socket;
mod two_processes;
mod users;
