//! A step that prints 200 MB: that somebody listens to it, or that Redis has stopped answering,
//! slows the run no more than any two runs differ, and takes no memory of the worker's.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::fleet::{Fleet, database, sql};
use crate::job;
use crate::lab::{Host, Lab, wait_until};
use crate::process::Process;
use crate::redis::Redis;

/// 200 MB in lines of 100 bytes.
const PRINTS: &str = "head -c 99 /dev/zero | tr '\\0' x >/tmp/line\n\
    yes \"$(cat /tmp/line)\" | head -c 200000000";
/// How it ends.
const PRINTED: &str = "completed|200000000";
/// A run may take so many times as long as another one like it, on a machine with others on it.
const NOISE: f64 = 1.5;
/// All that the worker ever has of it, in KB.
const MEMORY: u64 = 100_000;

/// Has the step print, and gives how long it took until all was stored.
#[track_caller]
fn prints(fleet: &Fleet, database: &str, host: &Host<'_>, meanwhile: impl FnOnce()) -> Duration {
    host.run("rm -f /root/go /root/waits /root/*.done");
    let id = fleet.ask("prints", "edge-1");
    host.wait_for(job::WAITS);
    meanwhile();
    let begun = Instant::now();
    host.run(job::GO);
    // Not by a command, which would want a Redis that answers.
    let ended = format!("SELECT status, output_bytes FROM runs WHERE id = '{id}'");
    wait_until("all of it is stored", || sql(database, &ended) == PRINTED);
    begun.elapsed()
}

/// The most memory that a process had, in KB.
fn peak(process: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn nothing_waits_for_who_listens() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("prints", &job::of(&[("prints", &format!("{}\n{PRINTS}", job::WAIT))]));
    let worker = fleet.worker();
    fleet.add("edge-1", &host);

    let alone = prints(&fleet, &database, &host, || ());
    let subscriber = redis.subscriber();
    let heard = prints(&fleet, &database, &host, || ());
    wait_until("some of it is heard", || subscriber.log().contains("RunOutput"));
    let messages = subscriber.log().matches("RunOutput").count();
    assert!((messages as f64) < 10.0 * heard.as_secs_f64() + 3.0, "{messages} in {heard:?}");
    drop(subscriber);
    let hung = prints(&fleet, &database, &host, || redis.signal(Signal::STOP));
    redis.signal(Signal::CONT);

    let peak = peak(&worker);
    println!(
        "200 MB: {alone:.1?}; with a listener {heard:.1?}, {messages} messages; with a Redis that \
         hangs {hung:.1?}; the worker's peak {} MB",
        peak / 1000
    );
    assert!(peak < MEMORY, "{peak} KB");
    assert!(heard.as_secs_f64() < NOISE * alone.as_secs_f64() + 1.0, "{alone:?}, {heard:?}");
    // The end of the step and of the run wait 2 s for it, once.
    assert!(hung.as_secs_f64() < NOISE * alone.as_secs_f64() + 5.0, "{alone:?}, {hung:?}");
}
