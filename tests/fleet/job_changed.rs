//! A job file that changed after a run was asked for: a run that no host has yet takes it as
//! it is now, or fails and says so; one that is going on keeps the steps that it began with.

use std::fs;

use serde_json::Value;

use crate::fleet::Fleet;
use crate::history::is_whole;
use crate::job;
use crate::lab::Lab;

fn steps(run: &Value) -> Vec<&str> {
    let steps = run["steps"].as_array().expect("steps");
    steps.iter().filter_map(|step| step["name"].as_str()).collect()
}

/// An installation that is not up, with a server.
fn down(lab: &Lab) -> Fleet {
    let fleet = Fleet::embedded();
    fleet.up().terminate();
    fleet.add("edge-1", &lab.host(1));
    fleet
}

#[test]
fn before_a_worker_has_the_run() {
    let lab = Lab::up(1);
    let fleet = down(&lab);
    fleet.job("test", &job::of(&[("one", ""), ("two", "")]));
    let id = fleet.ask("test", "edge-1");
    fleet.job("test", &job::of(&[("other", ""), ("two", "echo two"), ("three", "")]));
    let _up = fleet.up();
    let run = is_whole(&fleet, &lab.host(1), &id);
    assert_eq!(steps(&run), ["other", "two", "three"]);
    lab.host(1).run("[ -e /root/other.done ] && [ ! -e /root/one.done ]");
}

#[test]
fn to_one_that_is_not_there_or_does_not_fit() {
    let lab = Lab::up(1);
    let fleet = down(&lab);
    let with_size = job::with("[params.size]\ntype = \"integer\"", &[("size", "")]);
    fleet.job("removed", &job::of(&[("one", "")]));
    fleet.job("size", &with_size);
    let removed = fleet.ask("removed", "edge-1");
    let misfit = fleet.ask_with("size", "edge-1", &["-p", "size=1"]);
    fs::remove_file(fleet.job_file("removed")).expect("the file");
    fleet.job("size", &with_size.replace("integer", "boolean"));

    let _up = fleet.up();
    for (id, cause) in [(removed, "removed"), (misfit, "size")] {
        let run = fleet.ends(&id, "failed");
        assert_eq!(run["error_kind"], "job_changed", "{run:#}");
        let error = run["error"].as_str().expect("an error");
        for part in [cause, "Give all roles the same files, and ask again"] {
            assert!(error.contains(part), "{part:?} is not said: {error}");
        }
    }
    lab.host(1).run("[ ! -e /var/lib/groundcrew ]");
}

/// The worker that goes on with it has other files, or none: the host has its own.
#[test]
fn in_the_middle_of_the_run() {
    for removed in [false, true] {
        let lab = Lab::up(1);
        let host = lab.host(1);
        let fleet = down(&lab);
        fleet.job("test", &job::of(&[("waits", job::WAIT), ("last", "echo last")]));
        let mut up = fleet.up();
        let id = fleet.ask("test", "edge-1");
        host.wait_for(job::WAITS);
        up.terminate();
        fleet.job("test", &job::of(&[("other", "")]));
        if removed {
            fs::remove_file(fleet.job_file("test")).expect("the file");
        }
        let _up = fleet.up();
        host.run(job::GO);
        let run = is_whole(&fleet, &host, &id);
        assert_eq!(steps(&run), ["waits", "last"]);
    }
}
