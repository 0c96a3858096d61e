//! The pages, as browsers get them: each page's props and forms over HTTP, and what a person sees in
//! Chromium while real workers provision real hosts of the lab.
//!
//! Each test has an installation of its own. Those with hosts need root (or sudo).

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
#[path = "../gateway/node.rs"]
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

mod chromium;
mod first_journey;
mod forms;
mod inertia;
mod protocol;
mod site;
mod theirs;
