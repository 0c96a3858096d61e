//! Workers as an operator sees them: who holds what, drained ones, long steps, and runs that
//! take workers down.

use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::fleet::{Fleet, database, sql};
use crate::history::is_whole;
use crate::job;
use crate::lab::Lab;
use crate::redis::Redis;

fn workers(fleet: &Fleet) -> Vec<Value> {
    serde_json::from_str(&fleet.ok(&["workers", "list", "--json"])).expect("JSON")
}

/// A drained worker takes nothing new, ends what it has, and leaves by itself.
#[test]
fn drained() {
    let lab = Lab::up(2);
    let redis = Redis::start();
    let fleet = Fleet::apart(&database(), &redis.url);
    fleet.job("test", &job::of(&[("one", job::WAIT)]));
    let mut first = fleet.worker();
    fleet.add("edge-1", &lab.host(1));
    fleet.add("edge-2", &lab.host(2));
    let id = fleet.ask("test", "edge-1");
    lab.host(1).wait_for(job::WAITS);
    let listed = workers(&fleet);
    assert_eq!((listed.len(), &listed[0]["runs"][0]), (1, &id.as_str().into()));
    let name = listed[0]["name"].as_str().expect("a name").to_owned();
    fleet.refused(1, &["worker", "drain", "nobody"], &["workers list"]);
    fleet.ok(&["worker", "drain", &name]);
    first.wait_for("draining");
    let _second = fleet.worker();
    let other = fleet.ask("test", "edge-2");
    lab.host(2).wait_for(job::WAITS);
    assert_ne!(fleet.run(&other)["worker"], name);
    lab.host(1).run(job::GO);
    is_whole(&fleet, &lab.host(1), &id);
    assert!(first.ended().success());
    lab.host(2).run(job::GO);
    is_whole(&fleet, &lab.host(2), &other);
}

/// A step that is longer than leases are needs no setting (promise 4): 40 s are more than two
/// and a half leases, as 45 minutes are of leases of 17 minutes.
#[test]
fn a_long_step_keeps_its_worker() {
    let lab = Lab::up(1);
    let redis = Redis::start();
    let database = database();
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("test", &job::of(&[("one", job::WAIT)]));
    let _workers = [fleet.worker(), fleet.worker()];
    fleet.add("edge-1", &lab.host(1));
    let id = fleet.ask("test", "edge-1");
    lab.host(1).wait_for(job::WAITS);
    sleep(Duration::from_secs(40));
    lab.host(1).run(job::GO);
    is_whole(&fleet, &lab.host(1), &id);
    assert_eq!(sql(&database, "SELECT epoch FROM runs"), "1", "nobody else had it");
}

/// Its worker vanished five times before anything happened: nobody risks another one.
#[test]
fn a_run_that_takes_workers_down_is_stopped() {
    let lab = Lab::up(1);
    let redis = Redis::start();
    let database = database();
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("test", &job::of(&[("one", "")]));
    fleet.add("edge-1", &lab.host(1));
    let id = fleet.ask("test", "edge-1");
    // As five workers left it that were killed right after their claims.
    sql(
        &database,
        "UPDATE runs SET status = 'installing', worker = 'gone', lease_until = 1, epoch = 5, \
            crashes = 4, started_at = 1",
    );
    let _worker = fleet.worker();
    let run = fleet.ends(&id, "failed");
    assert_eq!(run["error_kind"], "poisoned");
    assert!(run["error"].as_str().expect("why").contains("5 times in a row"), "{run:#}");
    fleet.ok(&["runs", "retry", &id]);
    is_whole(&fleet, &lab.host(1), &id);
}
