//! Promise 6: on SIGTERM a worker gives its runs back and leaves within seconds, and another
//! one goes on at once, without waiting for a lease to expire.

use std::time::{Duration, Instant};

use crate::fleet::{Fleet, database};
use crate::history::is_whole;
use crate::job;
use crate::lab::Lab;
use crate::redis::Redis;

#[test]
fn another_worker_goes_on_at_once() {
    let (lab, redis) = (Lab::up(1), Redis::start());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database(), &redis.url);
    let prints = format!("echo before\n{}\necho after", job::WAIT);
    fleet.job("waits", &job::of(&[("waits", &prints), ("last", "echo last")]));
    let mut first = fleet.worker();
    fleet.add("edge-1", &host);
    let id = fleet.ask("waits", "edge-1");
    host.wait_for(job::WAITS);

    let mut second = fleet.worker();
    let left = Instant::now();
    let took = first.terminate();
    assert!(took < Duration::from_secs(5), "it took {took:?} to leave");
    second.wait_for("taken");
    let taken = left.elapsed();
    assert!(taken < Duration::from_secs(8), "it took {taken:?}");
    host.run(job::GO);
    let run = is_whole(&fleet, &host, &id);
    assert_eq!(run["epoch"], 2);
}

/// `up` alone: what it was at goes on when it is there again.
#[test]
fn up_goes_on_after_its_next_start() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let fleet = Fleet::embedded();
    fleet.job("waits", &job::of(&[("waits", job::WAIT), ("last", "echo last")]));
    let mut up = fleet.up();
    fleet.add("edge-1", &host);
    let id = fleet.ask("waits", "edge-1");
    host.wait_for(job::WAITS);
    let took = up.terminate();
    assert!(took < Duration::from_secs(5), "it took {took:?} to leave");

    host.run(job::GO);
    let start = Instant::now();
    let _again = fleet.up();
    is_whole(&fleet, &host, &id);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(10), "it took {took:?}");
}
