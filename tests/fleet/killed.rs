//! Promises 5 and 6: a worker may be killed at any time. The host goes on, and another
//! worker follows the same run to its end once the lease has expired.

use std::time::{Duration, Instant};

use crate::fleet::{Fleet, database, sql};
use crate::history::{folder, is_whole};
use crate::job;
use crate::lab::{Host, Lab};
use crate::process::Process;
use crate::redis::Redis;

/// A lease, the second that a worker looks after it, and what a busy machine takes.
const TAKEN_OVER: Duration = Duration::from_secs(15 + 1 + 6);

/// What the store kept of the host's journal is that journal.
#[track_caller]
fn has_the_journal(database: &str, host: &Host<'_>, id: &str) {
    let stored = sql(database, &format!("SELECT journal FROM run_attempts WHERE run_id = '{id}'"));
    let on_host = host.run(&format!("cat {}/attempt-1/journal", folder(id)));
    assert_eq!(stored, on_host);
}

/// Waits until this worker has the run, and gives how long that took.
#[track_caller]
fn takes(worker: &mut Process, id: &str) -> Duration {
    let start = Instant::now();
    let line = worker.wait_for(&format!("run={id}"));
    assert!(line.contains("epoch=2"), "{line}");
    start.elapsed()
}

/// Issue 3: `kill -9` in the middle of `apt-get install`.
#[test]
fn in_the_middle_of_apt() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url);
    let mut first = fleet.worker();
    fleet.add("edge-1", &host);
    let id = fleet.ask("nginx", "edge-1");
    host.wait_for(&format!(
        "grep -q 'Selecting previously unselected' {}/attempt-1/out",
        folder(&id)
    ));
    first.kill();

    // A worker that is started only afterwards.
    let mut second = fleet.worker();
    let taken = takes(&mut second, &id);
    assert!(taken < TAKEN_OVER, "{taken:?}");
    let run = is_whole(&fleet, &host, &id);
    assert_eq!(run["epoch"], 2);
    has_the_journal(&database, &host, &id);
    host.run("systemctl is-active nginx");
    assert_eq!(host.run("ls /var/lib/groundcrew/runs | wc -l"), "1");
}

/// For some seconds, lines with numbers, bytes that are no text, and characters in halves.
const PRINTS: &str = r"
i=0
while [ $i -lt 100 ]; do
    i=$((i + 1))
    echo line $i
    printf 'binary \000\001\377\376 \r\n half \303'
    sleep 0.1
    printf '\244 and \342\202'
    sleep 0.1
    printf '\254.\n'
done
printf 'no end of line \342'";

/// The same while output comes in that is no text. The other worker was there all along.
#[test]
fn in_the_middle_of_binary_output() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("prints", &job::of(&[("first", ""), ("prints", PRINTS), ("last", "echo last")]));
    let mut first = fleet.worker();
    fleet.add("edge-1", &host);
    let id = fleet.ask("prints", "edge-1");
    first.wait_for("taken");
    let mut second = fleet.worker();
    host.wait_for(&format!("grep -qa 'line 20$' {}/attempt-1/out", folder(&id)));
    first.kill();

    let taken = takes(&mut second, &id);
    assert!(taken < TAKEN_OVER, "{taken:?}");
    is_whole(&fleet, &host, &id);
    has_the_journal(&database, &host, &id);
}

/// Nothing of what a killed worker had is needed: also when the run ended meanwhile.
#[test]
fn and_the_run_ends_before_anybody_looks() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url);
    let prints = format!("{}\nseq 20000", job::WAIT);
    fleet.job("waits", &job::of(&[("waits", &prints), ("last", "echo last")]));
    let mut first = fleet.worker();
    fleet.add("edge-1", &host);
    let id = fleet.ask("waits", "edge-1");
    host.wait_for(job::WAITS);
    first.kill();
    host.run(job::GO);
    host.wait_for(&format!("grep -q ' end ' {}/attempt-1/journal", folder(&id)));

    let _second = fleet.worker();
    is_whole(&fleet, &host, &id);
    has_the_journal(&database, &host, &id);
}

/// `up` on SQLite is its own next worker.
#[test]
fn up_itself() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let fleet = Fleet::embedded();
    fleet.job("prints", &job::of(&[("first", ""), ("prints", PRINTS), ("last", "echo last")]));
    let mut up = fleet.up();
    fleet.add("edge-1", &host);
    let id = fleet.ask("prints", "edge-1");
    host.wait_for(&format!("grep -qa 'line 20$' {}/attempt-1/out", folder(&id)));
    up.kill();
    let mut up = fleet.up();
    let taken = takes(&mut up, &id);
    assert!(taken < TAKEN_OVER, "{taken:?}");
    is_whole(&fleet, &host, &id);
}
