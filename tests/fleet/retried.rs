//! Trying again: from the step that failed, with what was completed kept; and first of all
//! the host is asked what became of a run that was given up (promise 5).

use crate::fleet::Fleet;
use crate::history::folder;
use crate::job;
use crate::lab::{Lab, wait_until};

const FAILS: &str = "[ -e /root/mended ]";

fn installation(lab: &Lab, steps: &[(&str, &str)]) -> Fleet {
    let fleet = Fleet::embedded().with("GROUNDCREW_PATIENCE", "1");
    fleet.job("test", &job::of(steps));
    let up = fleet.up();
    fleet.add("edge-1", &lab.host(1));
    fleet.keep(up);
    fleet
}

#[test]
fn from_the_step_that_failed() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let fleet = installation(&lab, &[("one", "echo one"), ("two", FAILS), ("three", "")]);
    let id = fleet.ask("test", "edge-1");
    fleet.ends(&id, "failed");
    // What was mended is the job, and the host.
    fleet.job("test", &job::of(&[("one", "echo one"), ("two", "echo mended"), ("three", "")]));
    assert!(fleet.ok(&["runs", "retry", &id]).contains("from step 2"));
    let run = fleet.ends(&id, "completed");
    let starts: Vec<_> = (0..3).map(|step| run["steps"][step]["starts"].as_i64()).collect();
    assert_eq!(starts, [Some(1), Some(2), Some(1)]);
    assert_eq!(fleet.ok(&["runs", "output", &id]), "one\nmended\n");
    host.run(&format!("! grep -q 'start 1' {}/attempt-2/journal", folder(&id)));
    fleet.refused(1, &["runs", "retry", &id], &["only a failed run", "completed"]);
}

#[test]
fn from_an_earlier_step() {
    let lab = Lab::up(1);
    let fleet = installation(&lab, &[("one", "echo one"), ("two", "echo two"), ("three", FAILS)]);
    let id = fleet.ask("test", "edge-1");
    fleet.ends(&id, "failed");
    fleet.refused(1, &["runs", "retry", &id, "--from", "four"], &["no step", "test.three"]);
    lab.host(1).run("rm /root/two.done; touch /root/mended");
    assert!(fleet.ok(&["runs", "retry", &id, "--from", "two"]).contains("from step 2"));
    let run = fleet.ends(&id, "completed");
    assert_eq!(run["steps"][1]["starts"], 2);
    assert_eq!(fleet.ok(&["runs", "output", &id]), "one\ntwo\ntwo\n");
}

/// The host was away for too long, and went on all the time.
#[test]
fn one_that_still_runs_is_followed() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let fleet = installation(&lab, &[("one", job::WAIT), ("two", "echo two")]);
    let id = fleet.ask("test", "edge-1");
    host.wait_for(job::WAITS);
    host.lab("cut", &[]);
    let run = fleet.ends(&id, "failed");
    assert_eq!(
        (&run["error_kind"], &run["host_state"]),
        (&"unreachable".into(), &"unknown".into())
    );
    let doctor = fleet.output(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&doctor.stdout).contains(&id));
    host.lab("mend", &[]);

    // A later run has the former one followed to its end first.
    let later = fleet.ask("test", "edge-1");
    wait_until("the former one is followed again", || fleet.run(&id)["status"] == "installing");
    host.run(job::GO);
    let run = fleet.ends(&id, "completed");
    assert_eq!(run["steps"][0]["starts"], 1);
    host.run(&format!("! [ -e {}/attempt-2 ]", folder(&id)));
    fleet.ends(&later, "completed");
    assert!(fleet.output(&["doctor"]).status.success());
}

#[test]
fn one_whose_host_is_gone_is_given_up() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let fleet = installation(&lab, &[("one", job::WAIT)]);
    let id = fleet.ask("test", "edge-1");
    host.wait_for(job::WAITS);
    host.lab("kill", &[]);
    wait_until("that it is away is seen", || !fleet.run(&id)["unreachable_since"].is_null());
    fleet.ok(&["runs", "abandon", &id, "--yes"]);
    let run = fleet.ends(&id, "failed");
    assert_eq!(
        (&run["error_kind"], &run["host_state"]),
        (&"abandoned".into(), &"abandoned".into())
    );
    fleet.refused(1, &["runs", "abandon", &id, "--yes"], &["can be abandoned"]);
    fleet.ok(&["server", "remove", "edge-1", "--yes"]);
}
