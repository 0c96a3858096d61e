//! What is counted is what happened: runs, leases, faults of what an installation stands on. Promises
//! 2, 4 and 6 are watched by these numbers.

use rustix::process::Signal;

use crate::asked::{OWN, figures};
use crate::fleet::{Fleet, UP, database};
use crate::job;
use crate::lab::{Host, Lab, wait_until};
use crate::postgres::Cluster;
use crate::process::Process;
use crate::redis::Redis;
use crate::scrape::Scrape;

const DOES: &str = "groundcrew_runs_taken_total";

#[track_caller]
fn worker(fleet: &Fleet) -> (Process, String) {
    let mut worker = fleet.start(&[&["worker"][..], &OWN].concat());
    worker.wait_for("the worker is ready");
    let address = figures(&mut worker);
    (worker, address)
}

#[test]
fn runs_and_their_steps() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let fleet = Fleet::embedded();
    fleet.job("well", &job::of(&[("one", "sleep 0.6"), ("two", "true")]));
    fleet.job("badly", &job::of(&[("three", "exit 3")]));
    let mut up = fleet.start(&[&UP[..], &OWN].concat());
    up.wait_for("the worker is ready");
    let address = figures(&mut up);
    fleet.add("edge-1", &host);
    fleet.ends(&fleet.ask("well", "edge-1"), "completed");
    fleet.ends(&fleet.ask("well", "edge-1"), "completed");
    fleet.ends(&fleet.ask("badly", "edge-1"), "failed");

    let mut now = Scrape::of(&address);
    wait_until("the last end is counted", || {
        now = Scrape::of(&address);
        now.get("groundcrew_run_duration_seconds_count", &["status=\"failed\""]) == 1.0
    });
    assert_eq!(now.get(DOES, &["from=\"waiting\""]), 3.0);
    assert_eq!(
        now.get(DOES, &["from=\"expired\""]) + now.get(DOES, &["from=\"handed_back\""]),
        0.0
    );
    assert_eq!(now.get("groundcrew_run_waiting_seconds_count", &[]), 3.0);
    assert!(now.get("groundcrew_run_waiting_seconds_sum", &[]) < 10.0, "{}", now.0);
    let ended = |job: &str, status: &str| {
        now.sum(
            "groundcrew_jobs_ended_total",
            &[&format!("job=\"{job}\""), &format!("status=\"{status}\"")],
        )
    };
    assert_eq!((ended("well", "completed"), ended("badly", "failed")), (Some(2.0), Some(1.0)));
    assert_eq!(now.get("groundcrew_run_failures_total", &["kind=\"step_failed\""]), 1.0);
    let step = |end: &str, step: &str, result: &str| {
        let labels = [format!("step=\"{step}\""), format!("result=\"{result}\"")];
        now.sum(
            &format!("groundcrew_step_duration_seconds_{end}"),
            &labels.each_ref().map(|label| &**label),
        )
    };
    assert_eq!(
        (step("count", "one", "changed"), step("count", "one", "in_place")),
        (Some(1.0), Some(1.0))
    );
    assert_eq!(step("count", "three", "failed"), Some(1.0));
    let took = step("sum", "one", "changed").expect("a sum");
    assert!((0.5..10.0).contains(&took), "{took} s");
    assert!(now.get("groundcrew_ssh_connects_total", &[]) >= 3.0);
    assert_eq!(now.get("groundcrew_ssh_failures_total", &[]), 0.0);
    // A claim, two or three changes a step, an end: each was announced.
    assert!(now.get("groundcrew_announcement_delay_seconds_count", &[]) >= 15.0, "{}", now.0);
    assert_eq!(now.get("groundcrew_announcement_failures_total", &[]), 0.0);
    assert_eq!(now.get("groundcrew_sql_errors_total", &[]), 0.0);
    assert_eq!(now.get("groundcrew_worker_slots_busy", &[]), 0.0);
    assert_eq!(now.get("groundcrew_worker_slots", &[]), 10.0);
    assert_eq!(now.get("groundcrew_workers", &["state=\"ready\""]), 1.0);
    assert!(now.get("groundcrew_sweeps_total", &[]) >= 1.0);
    assert_eq!(now.get("groundcrew_ready", &[]), 4.0);
    assert!(now.get("process_resident_memory_bytes", &[]) > 1e6);
    assert!(now.get("process_open_fds", &[]) > 5.0);
    assert!(now.get("process_cpu_seconds_total", &[]) > 0.0);
    let started = now.get("process_start_time_seconds", &[]);
    let age = jiff::Timestamp::now().as_second() as f64 - started;
    assert!((0.0..120.0).contains(&age), "it started {age} s ago");
    up.terminate();
}

/// Promises 4 and 6: who follows a run says from whom it has it.
#[test]
fn leases_that_pass_on() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("waits", &job::of(&[("waits", job::WAIT)]));
    fleet.add("edge-1", &host);
    let (mut first, its) = worker(&fleet);
    let run = fleet.ask("waits", "edge-1");
    host.wait_for(job::WAITS);
    assert_eq!(Scrape::of(&its).get("groundcrew_worker_slots_busy", &[]), 1.0);
    let (mut second, its) = worker(&fleet);
    first.kill();
    wait_until("the second has it", || Scrape::of(&its).get(DOES, &["from=\"expired\""]) == 1.0);
    let (mut third, its) = worker(&fleet);
    second.terminate();
    wait_until("the third has it", || Scrape::of(&its).get(DOES, &["from=\"handed_back\""]) == 1.0);
    host.run(job::GO);
    fleet.ends(&run, "completed");
    let now = Scrape::of(&its);
    assert_eq!(now.get(DOES, &["from=\"waiting\""]), 0.0);
    assert_eq!(now.get("groundcrew_run_waiting_seconds_count", &[]), 0.0);
    third.terminate();
}

/// A role with everything in it and a run at work, the host it is on, and where its figures are.
fn at_work<'l>(fleet: &Fleet, lab: &'l Lab) -> (Process, Host<'l>, String, String) {
    let host = lab.host(1);
    fleet.job("waits", &job::of(&[("waits", job::WAIT)]));
    let mut up = fleet.start(&[&UP[..], &OWN].concat());
    up.wait_for("the worker is ready");
    let address = figures(&mut up);
    fleet.add("edge-1", &host);
    let run = fleet.ask("waits", "edge-1");
    host.wait_for(job::WAITS);
    (up, host, run, address)
}

fn until(address: &str, what: &str, is_true: impl Fn(&Scrape) -> bool) {
    wait_until(what, || is_true(&Scrape::of(address)));
}

/// The run is followed again, and each try to get there is counted.
#[test]
fn a_host_that_is_away() {
    let (lab, fleet) = (Lab::up(1), Fleet::embedded());
    let (mut up, host, run, address) = at_work(&fleet, &lab);
    let away = "systemctl stop ssh; pkill -x sshd; sleep 25; systemctl start ssh";
    host.run(&format!("systemd-run --quiet --no-block sh -c '{away}'"));
    until(&address, "the host is away", |now| {
        now.get("groundcrew_ssh_failures_total", &["kind=\"unreachable\""]) >= 2.0
            && now.sum("groundcrew_runs_host_away", &[]) == Some(1.0)
    });
    until(&address, "it is back", |now| now.sum("groundcrew_runs_host_away", &[]) == Some(0.0));
    host.run(job::GO);
    fleet.ends(&run, "completed");
    up.terminate();
}

#[test]
fn a_redis_and_a_database_that_are_away() {
    let (lab, redis, cluster) = (Lab::up(1), Redis::start(), Cluster::start());
    let fleet = Fleet::apart(&cluster.url("postgres"), &redis.url);
    let (mut up, host, run, address) = at_work(&fleet, &lab);

    // Hints and announcements fail, and the part is named.
    redis.signal(Signal::STOP);
    host.run(job::GO);
    until(&address, "Redis is silent", |now| {
        now.get("groundcrew_bus_errors_total", &[]) >= 1.0
            && now.get("groundcrew_queue_errors_total", &["kind=\"silent\""]) >= 1.0
            && now.get("groundcrew_ready", &["part=\"bus\""]) == 0.0
            && now.get("groundcrew_announcement_failures_total", &[]) >= 1.0
    });
    redis.signal(Signal::CONT);
    fleet.ends(&run, "completed");
    until(&address, "the sweeper has announced it", |now| {
        now.get("groundcrew_sweep_announcements_total", &[]) >= 1.0
            && now.sum("groundcrew_servers_unannounced", &[]) == Some(0.0)
    });

    // What only the database knows is not shown while it is away, for it would be old.
    cluster.down();
    until(&address, "the database is away", |now| {
        now.get("groundcrew_sql_errors_total", &["kind=\"unreachable\""]) >= 1.0
            && now.get("groundcrew_ready", &["part=\"database\""]) == 0.0
            && now.sum("groundcrew_runs", &[]).is_none()
    });
    cluster.up();
    until(&address, "it is back", |now| {
        now.sum("groundcrew_runs", &["status=\"pending\""]) == Some(0.0)
    });
    up.terminate();
}
