//! A Redis that accepts everything and answers nothing holds up no run for long, and no
//! worker that is to leave.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::fleet::{Fleet, database, sql};
use crate::history::is_whole;
use crate::job;
use crate::lab::{Lab, wait_until};
use crate::redis::Redis;

#[test]
fn in_the_middle_of_a_run() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url);
    let names: Vec<String> = (0..20).map(|number| format!("step_{number}")).collect();
    let mut steps = vec![("waits", job::WAIT)];
    steps.extend(names.iter().map(|name| (name.as_str(), "echo hello")));
    fleet.job("many", &job::of(&steps));
    let mut worker = fleet.worker();
    fleet.add("edge-1", &host);
    let id = fleet.ask("many", "edge-1");
    host.wait_for(job::WAITS);

    redis.signal(Signal::STOP);
    let start = Instant::now();
    host.run(job::GO);
    wait_until("the run ends", || {
        sql(&database, "SELECT count(*) FROM runs WHERE status = 'completed'") == "1"
    });
    let took = start.elapsed();
    assert!(took < Duration::from_secs(20), "42 changes took {took:?}");
    let took = worker.terminate();
    assert!(took < Duration::from_secs(6), "it took {took:?} to leave");
    redis.signal(Signal::CONT);
    is_whole(&fleet, &host, &id);
}
