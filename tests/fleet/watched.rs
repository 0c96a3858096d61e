//! `run --watch` from any machine that reaches database and Redis: it follows to the end,
//! whatever happens to workers and Redis meanwhile.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::fleet::{Fleet, database};
use crate::job;
use crate::lab::Lab;
use crate::postgres::Cluster;
use crate::process::Process;
use crate::redis::Redis;

#[test]
fn through_a_new_worker_and_a_new_redis() {
    let (lab, mut redis) = (Lab::up(1), Redis::start());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database(), &redis.url);
    let prints = format!("echo before\n{}\necho after", job::WAIT);
    fleet.job("waits", &job::of(&[("waits", &prints), ("last", "seq 3")]));
    let mut first = fleet.worker();
    fleet.add("edge-1", &host);
    let mut command = fleet.command(&["run", "waits", "--server", "edge-1", "--watch", "--json"]);
    let mut watch = Process::start(&mut command, &fleet.folder.path().join("watch"));
    // Output that was announced by nobody.
    watch.wait_for("before");
    first.terminate();
    redis.kill();
    redis.start_again();
    let _second = fleet.worker();
    host.run(job::GO);
    let status = watch.ended();
    let log = watch.log();
    assert!(status.success(), "{log}");

    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let events: Vec<Value> = events.collect();
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    let mut kinds = names.clone();
    kinds.dedup();
    let step = ["step.started", "step.output", "step.completed"];
    let expected = [&["run.planned", "run.started"][..], &step, &step, &["run.completed"]].concat();
    assert_eq!(kinds, expected, "{log}");
    let output: String = events.iter().filter_map(|event| event["output"].as_str()).collect();
    assert_eq!(output, "before\nafter\n1\n2\n3\n");
}

/// The database is away for a moment; so is what is shown, and then goes on.
#[test]
fn through_a_database_that_is_away() {
    let (lab, redis, cluster) = (Lab::up(1), Redis::start(), Cluster::start());
    let host = lab.host(1);
    let fleet = Fleet::apart(&cluster.url("postgres"), &redis.url);
    fleet.job("waits", &job::of(&[("waits", job::WAIT), ("last", "seq 3")]));
    let _worker = fleet.worker();
    fleet.add("edge-1", &host);
    let mut command = fleet.command(&["run", "waits", "--server", "edge-1", "--watch"]);
    let mut watch = Process::start(&mut command, &fleet.folder.path().join("watch"));
    watch.wait_for("Step waits");
    host.wait_for(job::WAITS);
    cluster.down();
    thread::sleep(Duration::from_secs(3));
    cluster.up();
    host.run(job::GO);
    let status = watch.ended();
    let log = watch.log();
    assert!(status.success() && log.contains("2 changed"), "{log}");
}
