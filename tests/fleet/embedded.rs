//! A command beside a running `up` on SQLite: no Redis, no setting, one folder. What is asked
//! for is seen, and followed as `apply` would show it.

use serde_json::Value;
use std::time::{Duration, Instant};

use crate::fleet::Fleet;
use crate::job;
use crate::lab::{Host, Lab};
use crate::process;

const STEPS: [(&str, &str); 3] = [("one", ""), ("prints", "echo hello"), ("waits", "sleep 0.3")];

#[test]
fn asked_for_followed_and_finished() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let fleet = Fleet::embedded();
    fleet.job("test", &job::of(&STEPS));
    let _up = fleet.up();
    fleet.add("edge-1", &host);

    let start = Instant::now();
    let text = fleet.ok(&["run", "test", "--server", "edge-1", "--watch"]);
    let took = start.elapsed();
    for part in ["[1/3] Step one: changed", "| hello", "edge-1: 3 changed, 0 in place"] {
        assert!(text.contains(part), "{part:?} is not shown: {text}");
    }
    // Nothing is found only by a sweep, or waited for.
    assert!(took < Duration::from_secs(10), "{took:?}");

    let again = fleet.ok(&["run", "test", "--server", "edge-1", "--watch"]);
    assert!(again.contains("edge-1: 3 steps in place, nothing changed"), "{again}");
    let list = fleet.ok(&["runs", "list", "--server", "edge-1"]);
    assert_eq!(list.matches("completed").count(), 2, "{list}");
}

/// What a run looks like to a program, whoever started it: names and fields of its events,
/// in order. How output is cut into events is nobody's promise.
fn shape(events: &str) -> Vec<(String, Value, Vec<String>)> {
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut shapes: Vec<_> = events
        .map(|event| {
            let fields = event.as_object().expect("an object").keys().cloned().collect();
            (event["event"].as_str().expect("a name").to_owned(), event["step"].clone(), fields)
        })
        .collect();
    shapes.dedup();
    shapes
}

/// `apply --json`, for comparison.
fn apply(fleet: &Fleet, host: &Host<'_>, job: &str) -> String {
    let target = format!("root@{}", host.address);
    let mut command = fleet.command(&["apply", job, &target, "--json", "-i", &host.lab.key()]);
    let output = command.arg("--known-hosts").arg(host.lab.known_hosts()).output();
    String::from_utf8(output.expect("groundcrew").stdout).expect("text")
}

#[test]
fn watched_as_json_it_is_what_apply_shows() {
    let lab = Lab::up(2);
    let fleet = Fleet::embedded();
    fleet.job("works", &job::of(&STEPS));
    fleet.job(
        "fails",
        &job::of(&[("one", "echo hello"), ("fails", "echo no\nexit 3"), ("two", "")]),
    );
    let _up = fleet.up();
    fleet.add("edge-1", &lab.host(1));
    for (job, code) in [("works", 0), ("works", 0), ("fails", 1)] {
        let watched = fleet.output(&["run", job, "--server", "edge-1", "--watch", "--json"]);
        assert_eq!(watched.status.code(), Some(code), "{watched:?}");
        let watched = String::from_utf8(watched.stdout).expect("text");
        assert_eq!(shape(&watched), shape(&apply(&fleet, &lab.host(2), job)), "{job}: {watched}");
    }
}

/// `--watch` that is left, or dies, stops nothing.
#[test]
fn nobody_has_to_watch() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let fleet = Fleet::embedded();
    fleet.job("waits", &job::of(&[("waits", job::WAIT)]));
    let _up = fleet.up();
    fleet.add("edge-1", &host);
    let log = fleet.folder.path().join("watch");
    let mut command = fleet.command(&["run", "waits", "--server", "edge-1", "--watch", "--json"]);
    let mut watch = process::Process::start(&mut command, &log);
    let started = watch.wait_for("step.started");
    watch.kill();
    let started: Value = serde_json::from_str(&started).expect("JSON");
    host.run(job::GO);
    fleet.ends(started["run"].as_str().expect("an id"), "completed");
}
