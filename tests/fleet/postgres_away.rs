//! Postgres stops in the middle of a run, and comes back: the host goes on meanwhile, the
//! worker waits, and at the end all of the run is there, and nothing of it twice.

use std::thread;
use std::time::Duration;

use crate::fleet::Fleet;
use crate::history::{folder, is_whole};
use crate::job;
use crate::lab::Lab;
use crate::postgres::Cluster;
use crate::redis::Redis;

/// A run that prints for 10 s, and what happens to the database meanwhile.
fn meanwhile(happens: impl FnOnce(&Cluster)) {
    let (lab, redis, cluster) = (Lab::up(1), Redis::start(), Cluster::start());
    let host = lab.host(1);
    let fleet = Fleet::apart(&cluster.url("postgres"), &redis.url);
    let prints = "i=0; while [ $i -lt 100 ]; do i=$((i + 1)); echo line $i; sleep 0.1; done";
    fleet.job("prints", &job::of(&[("prints", prints), ("last", "seq 1000")]));
    let mut worker = fleet.worker();
    fleet.add("edge-1", &host);
    let id = fleet.ask("prints", "edge-1");
    host.wait_for(&format!("grep -q 'line 10$' {}/attempt-1/out", folder(&id)));

    happens(&cluster);
    is_whole(&fleet, &host, &id);
    // And the next one, with the same worker.
    fleet.ends(&fleet.ask("prints", "edge-1"), "completed");
    let took = worker.terminate();
    assert!(took < Duration::from_secs(5), "it took {took:?} to leave");
    assert!(!worker.log().contains(" ERROR "), "{}", worker.log());
}

/// Stopped, and started again after so long: that long is the trap.
fn stops_for(time: Duration) {
    meanwhile(|cluster| {
        cluster.down();
        thread::sleep(time);
        cluster.up();
    });
}

#[test]
fn for_a_moment() {
    stops_for(Duration::from_secs(5));
}

#[test]
fn for_longer_than_a_lease() {
    stops_for(Duration::from_secs(20));
}

/// It accepts everything, and answers nothing.
#[test]
fn that_hangs_for_longer_than_a_lease() {
    meanwhile(|cluster| {
        cluster.signal("STOP");
        thread::sleep(Duration::from_secs(20));
        cluster.signal("CONT");
    });
}
