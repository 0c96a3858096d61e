//! The Debian package and its systemd units, on real hosts of the lab: what an installation does,
//! and that restarts, kills, hangs and upgrades lose nothing.
//!
//! Needs root (or sudo), for the lab.

#[path = "../api/client.rs"]
#[expect(dead_code, reason = "shared")]
mod client;
#[path = "../lab/mod.rs"]
#[expect(dead_code, reason = "shared")]
mod lab;
#[path = "../gateway/node.rs"]
mod node;
#[path = "../fleet/process.rs"]
#[expect(dead_code, reason = "shared")]
mod process;

mod front_restarts;
mod installs;
mod killed;
mod package;
mod panel;
mod workers_restart;
