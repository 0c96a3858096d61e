//! A host that is away is no failed step: workers come and go meanwhile, and with the host
//! the run goes on. After a reboot only the step that was interrupted is started again.

use std::time::Duration;

use crate::fleet::{Fleet, database, sql};
use crate::history::{folder, is_whole};
use crate::job;
use crate::lab::{Host, Lab, wait_until};
use crate::redis::Redis;

/// A fleet with this one server and a run that waits there.
fn waits<'l>(lab: &'l Lab, redis: &Redis, database: &str) -> (Fleet, Host<'l>) {
    let host = lab.host(1);
    let fleet = Fleet::apart(database, &redis.url);
    let steps = [("before", "seq 1000"), ("waits", job::WAIT), ("last", "seq 1000")];
    fleet.job("waits", &job::of(&steps));
    fleet.add("edge-1", &host);
    (fleet, host)
}

#[test]
fn down_when_it_is_asked_for() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let (fleet, host) = waits(&lab, &redis, &database);
    host.run(job::GO);
    host.lab("kill", &[]);
    let mut first = fleet.worker();
    let id = fleet.ask("waits", "edge-1");
    wait_until("it is said", || fleet.ok(&["runs", "show", &id]).contains("unreachable  since"));
    // Who tries to connect leaves as fast as anybody.
    let took = first.terminate();
    assert!(took < Duration::from_secs(5), "it took {took:?} to leave");
    assert_eq!(fleet.run(&id)["status"], "installing");

    let _second = fleet.worker();
    host.lab("start", &[]);
    is_whole(&fleet, &host, &id);
}

#[test]
fn cut_off_while_the_worker_is_killed() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let (fleet, host) = waits(&lab, &redis, &database);
    let mut first = fleet.worker();
    let id = fleet.ask("waits", "edge-1");
    host.wait_for(job::WAITS);
    // The host itself lets it go on, with nobody to see.
    host.run("(sleep 3; touch /root/go) >/dev/null 2>&1 &");
    host.lab("cut", &[]);
    first.kill();
    let mut second = fleet.worker();
    second.wait_for("taken");
    host.lab("mend", &[]);
    is_whole(&fleet, &host, &id);
}

#[test]
fn rebooted_while_nobody_follows() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let (fleet, host) = waits(&lab, &redis, &database);
    let mut first = fleet.worker();
    let id = fleet.ask("waits", "edge-1");
    host.wait_for(job::WAITS);
    first.kill();
    host.lab("reboot", &["--hard"]);
    host.run(job::GO);

    let _second = fleet.worker();
    let run = fleet.ends(&id, "completed");
    let starts: Vec<_> =
        run["steps"].as_array().expect("steps").iter().map(|s| &s["starts"]).collect();
    assert_eq!(starts, [1, 2, 1]);
    let attempts = "SELECT number, first_step, again_step FROM run_attempts ORDER BY number";
    assert_eq!(sql(&database, attempts), "1|1|\n2|2|2");
    let out = host.run(&format!("cd {}; cat attempt-1/out attempt-2/out", folder(&id)));
    assert_eq!(fleet.ok(&["runs", "output", &id]).trim_end(), out);
    for number in 1..=2 {
        let journal = host.run(&format!("cat {}/attempt-{number}/journal", folder(&id)));
        let stored = format!("SELECT journal FROM run_attempts WHERE number = {number}");
        assert_eq!(sql(&database, &stored), journal);
    }
}
