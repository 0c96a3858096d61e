//! Promise 4: only the holder of the lease writes. A worker that stood still for longer than
//! its lease finds the run in other hands, and lets go of it.

use rustix::process::Signal;

use crate::fleet::{Fleet, database, sql};
use crate::history::is_whole;
use crate::job;
use crate::lab::Lab;
use crate::redis::Redis;

#[test]
fn a_worker_that_stood_still() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url);
    let prints = format!("seq 5000\n{}\nseq 5000", job::WAIT);
    fleet.job("waits", &job::of(&[("waits", &prints), ("last", "echo last")]));
    let mut first = fleet.worker();
    fleet.add("edge-1", &host);
    let id = fleet.ask("waits", "edge-1");
    host.wait_for(job::WAITS);
    first.signal(Signal::STOP);
    let mut second = fleet.worker();
    second.wait_for("taken");

    // Both have a connection now, and both see how it goes on.
    first.signal(Signal::CONT);
    host.run(job::GO);
    first.wait_for("the lease is lost; the run goes on in other hands");
    let run = is_whole(&fleet, &host, &id);
    assert_eq!(run["epoch"], 2);
    let journal = host.run(&format!("cat /var/lib/groundcrew/runs/{id}/attempt-1/journal"));
    assert_eq!(sql(&database, "SELECT journal FROM run_attempts"), journal);

    // It is as good a worker as before.
    second.terminate();
    fleet.ends(&fleet.ask("waits", "edge-1"), "completed");
    first.terminate();
}
