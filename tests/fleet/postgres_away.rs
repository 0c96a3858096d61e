//! Postgres stops in the middle of a run, and comes back: the host goes on meanwhile, the
//! worker waits, and at the end all of the run is there, and nothing of it twice.

use std::thread;
use std::time::Duration;

use crate::fleet::Fleet;
use crate::history::is_whole;
use crate::job;
use crate::lab::Lab;
use crate::postgres::Cluster;
use crate::redis::Redis;

/// A run that prints for 10 s, and a database that is away for so long of it.
fn away_for(time: Duration) {
    let (lab, redis, cluster) = (Lab::up(1), Redis::start(), Cluster::start());
    let host = lab.host(1);
    let fleet = Fleet::apart(&cluster.url("postgres"), &redis.url);
    let prints = "i=0; while [ $i -lt 100 ]; do i=$((i + 1)); echo line $i; sleep 0.1; done";
    fleet.job("prints", &job::of(&[("prints", prints), ("last", "seq 1000")]));
    let mut worker = fleet.worker();
    fleet.add("edge-1", &host);
    let id = fleet.ask("prints", "edge-1");
    host.wait_for(&format!("grep -q 'line 10$' /var/lib/groundcrew/runs/{id}/attempt-1/out"));

    cluster.down();
    // That long is the trap.
    thread::sleep(time);
    cluster.up();
    is_whole(&fleet, &host, &id);
    // And the next one, with the same worker.
    fleet.ends(&fleet.ask("prints", "edge-1"), "completed");
    worker.terminate();
    assert!(!worker.log().contains(" ERROR "), "{}", worker.log());
}

#[test]
fn for_a_moment() {
    away_for(Duration::from_secs(5));
}

#[test]
fn for_longer_than_a_lease() {
    away_for(Duration::from_secs(20));
}
