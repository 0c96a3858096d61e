//! What must be true of a run that has ended, whatever happened to workers, database and
//! Redis on the way (promises 5 and 6): the host was not disturbed, and all of it was kept.

use serde_json::Value;

use crate::fleet::Fleet;
use crate::lab::Host;

/// The run's folder on its host.
pub fn folder(id: &str) -> String {
    format!("/var/lib/groundcrew/runs/{id}")
}

/// Completed in one attempt; each step was started once, as the host's journal and the store
/// say; all of the output was stored, byte for byte.
#[track_caller]
pub fn is_whole(fleet: &Fleet, host: &Host<'_>, id: &str) -> Value {
    let run = fleet.ends(id, "completed");
    let attempt = format!("{}/attempt-1", folder(id));
    host.run(&format!("! [ -e {}/attempt-2 ]", folder(id)));
    let journal = host.run(&format!("cat {attempt}/journal"));
    let started: Vec<i64> = journal
        .lines()
        .filter_map(|line| line.split_once(" start ")?.1.split(' ').next()?.parse().ok())
        .collect();
    let steps = run["steps"].as_array().expect("steps");
    let stored: Vec<i64> = steps
        .iter()
        .filter(|step| step["status"] != "pending")
        .filter_map(|step| step["number"].as_i64())
        .collect();
    assert_eq!(started, stored, "{journal}\n{run:#}");
    for step in steps.iter().filter(|step| step["status"] != "pending") {
        assert_eq!(step["starts"], 1, "{step:#}");
    }
    let on_host = host.try_run(&format!("cat {attempt}/out")).stdout;
    let stored = fleet.output(&["runs", "output", id]).stdout;
    assert!(on_host == stored, "{} bytes on the host, {} stored", on_host.len(), stored.len());
    assert_eq!(run["output_bytes"], on_host.len() as u64);
    run
}
