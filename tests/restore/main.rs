//! A backup that is restored (issue 8, point 4): taken while runs go on, by the tools that
//! docs/backup.md names, of an installation that goes on for a while and then dies. No run that
//! its hosts know is started twice, whatever the backup knows of it, and each ends.
//!
//! Each test has its own hosts, database and Redis. The lab needs root (or sudo).

mod cases;
#[path = "../fleet/fleet.rs"]
#[expect(dead_code, reason = "shared with the fleet's tests, which use all of it")]
mod fleet;
#[path = "../fleet/history.rs"]
mod history;
#[path = "../chaos/host_files.rs"]
#[expect(dead_code, reason = "shared")]
mod host_files;
#[path = "../hosts/job.rs"]
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

mod forgotten;
mod on_postgres;

use serde_json::Value;

/// Says that it was restored, once nobody of those in the backup counts as alive any more.
#[track_caller]
fn say_restored(fleet: &fleet::Fleet) -> Value {
    let mut said = None;
    lab::wait_until("no worker of the backup is alive", || {
        let output = fleet.output(&["restored", "--yes", "--json"]);
        let refused = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() || refused.contains("stop all roles"), "{refused}");
        said = serde_json::from_slice(&output.stdout).ok();
        said.is_some()
    });
    said.expect("JSON")
}
