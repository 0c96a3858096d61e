//! A step that prints 200 MB: that somebody listens to it, or that Redis has stopped answering,
//! slows the run no more than any two runs differ, and takes no memory of the worker's.

use std::fs;
use std::time::Instant;

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
/// And so many times as much work.
const MORE: f64 = 1.25;
/// All that the worker ever has of it, in KB.
const MEMORY: u64 = 100_000;

/// What it took until all was stored: time, and the worker's own, which others that use this
/// machine don't change much. In seconds.
#[derive(Debug, Clone, Copy)]
struct Took {
    time: f64,
    work: f64,
}

impl Took {
    const NOTHING_YET: Self = Self { time: f64::MAX, work: f64::MAX };

    fn or_better(self, other: Self) -> Self {
        Self { time: self.time.min(other.time), work: self.work.min(other.work) }
    }
}

struct World<'l> {
    fleet: Fleet,
    database: String,
    worker: Process,
    host: Host<'l>,
}

impl World<'_> {
    /// Has the step print, while this is so.
    #[track_caller]
    fn prints(&self, meanwhile: impl FnOnce()) -> Took {
        self.host.run("rm -f /root/go /root/waits /root/*.done");
        let id = self.fleet.ask("prints", "edge-1");
        self.host.wait_for(job::WAITS);
        meanwhile();
        let (begun, before) = (Instant::now(), work(&self.worker));
        self.host.run(job::GO);
        // Not by a command, which would want a Redis that answers.
        let ended = format!("SELECT status, output_bytes FROM runs WHERE id = '{id}'");
        wait_until("all of it is stored", || sql(&self.database, &ended) == PRINTED);
        Took { time: begun.elapsed().as_secs_f64(), work: work(&self.worker) - before }
    }
}

/// How long a process was at work, in seconds of a processor.
fn work(process: &Process) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.id())).expect("it runs");
    let (_, after_name) = stat.rsplit_once(") ").expect("a name");
    let times = after_name.split(' ').skip(11).take(2);
    times.map(|ticks| ticks.parse::<f64>().expect("a number")).sum::<f64>() / 100.0
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
    let world = World { fleet, database, worker, host };

    // In turns, and the better one of each.
    let (mut alone, mut heard) = (Took::NOTHING_YET, Took::NOTHING_YET);
    for _ in 0..2 {
        alone = alone.or_better(world.prints(|| ()));
        let subscriber = redis.subscriber();
        let took = world.prints(|| ());
        wait_until("some of it is heard", || subscriber.log().contains("RunOutput"));
        let messages = subscriber.log().matches("RunOutput").count();
        assert!((messages as f64) < 10.0 * took.time + 3.0, "{messages} in {took:?}");
        heard = heard.or_better(took);
    }
    let hung = world.prints(|| redis.signal(Signal::STOP));
    redis.signal(Signal::CONT);

    let peak = peak(&world.worker);
    println!(
        "200 MB: {alone:.1?}; with a listener {heard:.1?}; with a Redis that hangs {hung:.1?}; \
         the worker's peak {} MB",
        peak / 1000
    );
    assert!(peak < MEMORY, "{peak} KB");
    assert!(heard.work < MORE * alone.work, "{alone:?}, {heard:?}");
    assert!(heard.time < NOISE * alone.time + 1.0, "{alone:?}, {heard:?}");
    // The end of the step and of the run wait 2 s for it, once.
    assert!(hung.time < NOISE * alone.time + 5.0, "{alone:?}, {hung:?}");
}
