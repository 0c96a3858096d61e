//! Promise 1: what Redis has are hints and notifications. It can be stopped or flushed at any
//! moment: every run ends all the same, and what could not be told is told later.

use crate::fleet::{Fleet, database, sql};
use crate::history::is_whole;
use crate::job;
use crate::lab::{Lab, wait_until};
use crate::redis::Redis;

#[test]
fn stopped_in_the_middle_of_a_run() {
    let (lab, mut redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("waits", &job::of(&[("waits", job::WAIT), ("last", "echo last")]));
    fleet.job("next", &job::of(&[("next", "")]));
    let mut worker = fleet.worker();
    fleet.add("edge-1", &host);
    let id = fleet.ask("waits", "edge-1");
    let next = fleet.ask("next", "edge-1");
    host.wait_for(job::WAITS);
    redis.kill();
    // Both end while it is away; the second one without a hint.
    host.run(job::GO);
    wait_until("both runs end", || {
        sql(&database, "SELECT count(*) FROM runs WHERE status = 'completed'") == "2"
    });
    let away = "SELECT announced_revision < revision FROM servers";
    assert_eq!(sql(&database, away), "t", "told to whom?");

    redis.start_again();
    let subscriber = redis.subscriber();
    let last = fleet.server("edge-1")["revision"].as_i64().expect("a revision");
    wait_until("what was missed is told", || subscriber.revisions().contains(&last));
    let third = fleet.ask("next", "edge-1");
    fleet.ends(&third, "completed");
    // Asked, installing, on the host, start and end of the step, end of the run.
    wait_until("all is told", || subscriber.revisions().contains(&(last + 6)));
    for run in [&id, &next, &third] {
        is_whole(&fleet, &host, run);
    }
    worker.terminate();
    assert!(!worker.log().contains(" ERROR "), "{}", worker.log());
}

#[test]
fn flushed_while_runs_wait() {
    let (lab, redis) = (Lab::up(2), Redis::start());
    let fleet = Fleet::apart(&database(), &redis.url);
    fleet.job("waits", &job::of(&[("waits", job::WAIT)]));
    fleet.job("next", &job::of(&[("next", "")]));
    let hosts = [lab.host(1), lab.host(2)];
    let mut runs = Vec::new();
    for (host, name) in hosts.iter().zip(["one", "two"]) {
        fleet.add(name, host);
        runs.extend([fleet.ask("waits", name), fleet.ask("next", name)]);
    }
    // Before any worker heard of them, and while the others wait behind them.
    redis.ask(&["flushall"]);
    let _worker = fleet.worker();
    for host in &hosts {
        host.wait_for(job::WAITS);
    }
    redis.ask(&["flushall"]);
    for host in &hosts {
        host.run(job::GO);
    }
    for run in runs {
        fleet.ends(&run, "completed");
    }
    // Hints work as before.
    fleet.ends(&fleet.ask("next", "one"), "completed");
}
