//! Promise 2: each change is announced, once, after its commit, in the format of Laravel's
//! redis broadcaster. A plain subscriber sees a run from the asking to its end.

use jiff::Timestamp;

use crate::fleet::{Fleet, database, sql};
use crate::job;
use crate::lab::{Lab, wait_until};
use crate::redis::Redis;

#[test]
fn each_change_is_told_once_and_in_order() {
    let (lab, redis) = (Lab::up(1), Redis::start());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database(), &redis.url);
    fleet.job("two", &job::of(&[("waits", job::WAIT), ("prints", "echo hello")]));
    let subscriber = redis.subscriber();
    let _worker = fleet.worker();
    fleet.add("edge-1", &host);
    let id = fleet.ask("two", "edge-1");

    // Added, asked, installing, on the host, and its first step.
    host.wait_for(job::WAITS);
    wait_until("five are heard", || subscriber.heard().len() >= 5);
    assert_eq!(fleet.run(&id)["steps"][0]["status"], "installing");
    assert_eq!(fleet.server("edge-1")["provision_status"], "installing");
    host.run(job::GO);
    fleet.ends(&id, "completed");
    // The end of that, both ends of the next, and the run's.
    wait_until("nine are heard", || subscriber.heard().len() >= 9);

    let server = fleet.server("edge-1");
    assert_eq!(
        (&server["revision"], &server["provision_status"]),
        (&9.into(), &"completed".into())
    );
    let heard = subscriber.heard();
    let mut revisions = subscriber.revisions();
    // Who asked may be overtaken by who installs: they are two processes.
    revisions[1..3].sort_unstable();
    assert_eq!(revisions, (1..=9).collect::<Vec<_>>(), "{heard:#?}");
    let expected = format!("groundcrew:private-servers.{}.provision", server["id"]);
    for (channel, message) in heard {
        assert_eq!(channel, expected);
        is_in_the_format(&message, &server["id"].to_string());
    }
}

/// Byte for byte, but for the values.
#[track_caller]
fn is_in_the_format(message: &str, server: &str) {
    let head = format!(
        r#"{{"event":"App\\Events\\ServerProvisionUpdated","data":{{"server_id":{server},"timestamp":""#
    );
    let rest = message.strip_prefix(&head).unwrap_or_else(|| panic!("{message}"));
    let (time, rest) = rest.split_at(29);
    assert!(time.ends_with("+00:00"), "{message}");
    let age = Timestamp::now().duration_since(time.parse().expect("a time"));
    assert!(age.unsigned_abs().as_secs() < 120, "{message}");
    let rest = rest.strip_prefix(r#"","revision":"#).unwrap_or_else(|| panic!("{message}"));
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    assert_eq!(rest, r#"},"socket":null}"#, "{message}");
}

/// A package that is not there: the step's exit code, its output and the kind of the error
/// are shown and stored, and the end is announced as any other change.
#[test]
fn a_wrong_package_is_shown_and_stored() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job(
        "wrong",
        "title = \"Wrong\"\n[[steps]]\nname = \"install\"\ntitle = \"Installing it\"\n\
         check = \"package_installed no-such-package\"\nrun = \"install_packages no-such-package\"\n",
    );
    let subscriber = redis.subscriber();
    let _worker = fleet.worker();
    fleet.add("edge-1", &host);
    let id = fleet.ask("wrong", "edge-1");

    let run = fleet.ends(&id, "failed");
    assert_eq!(run["error_kind"], "step_failed", "{run:#}");
    let step = &run["steps"][0];
    assert_eq!((&step["status"], &step["exit_code"]), (&"failed".into(), &100.into()));
    let shown = fleet.ok(&["runs", "show", &id]);
    for part in [
        "failed",
        "Installing it",
        "exit code 100",
        "Unable to locate package no-such-package",
        run["error"].as_str().expect("an error"),
        step["error"].as_str().expect("an error"),
    ] {
        assert!(shown.contains(part), "{part:?} is not shown: {shown}");
    }

    assert_eq!(
        sql(&database, "SELECT status, error_kind, finished_at IS NOT NULL FROM runs"),
        "failed|step_failed|t"
    );
    assert_eq!(sql(&database, "SELECT status, exit_code FROM run_steps"), "failed|100");
    let output = "SELECT count(*) > 0 FROM run_output WHERE position('Unable to locate' IN convert_from(bytes, 'UTF8')) > 0";
    assert_eq!(sql(&database, output), "t");
    // Added, asked, installing, on the host, start and end of the step, end of the run.
    wait_until("seven are heard", || subscriber.heard().len() >= 7);
    assert_eq!(fleet.server("edge-1")["revision"], 7);
    assert_eq!(subscriber.revisions().len(), 7);
}
