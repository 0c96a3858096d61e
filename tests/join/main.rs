//! How a new server joins by its one line: run as a person would on real hosts of the lab, with
//! everything that may come in between; and each callback that is refused.
//!
//! Each test has an installation of its own. Those with hosts need root (or sudo).

#[path = "../fleet/fleet.rs"]
#[expect(dead_code, reason = "shared with the fleet's tests, which use all of it")]
mod fleet;
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

mod caller;
mod elsewhere;
mod interrupted;
mod joins;
mod moments;
mod refused;
mod script;
mod site;
mod troubles;
