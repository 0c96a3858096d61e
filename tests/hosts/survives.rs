//! Promises 5 and 6: `apply` may die and the line may be cut at any moment; the
//! host goes on, each step is started once, and no output is lost.

use std::thread;
use std::time::Duration;

use crate::harness::Lab;
use crate::steps::{step, ticks, touch, wait_for_go};

/// `kill -9` in the middle of `apt-get install`: the host goes on, and `apply`
/// again follows the same run from its beginning to its end.
#[test]
fn killed_in_the_middle_of_apt() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let mut first = host.apply("nginx").start();
    let seen = first.wait_for("step.output", "Unpacking nginx");
    first.kill();
    let again = host.apply("nginx").json().completed();
    assert_eq!(again.run(), seen["run"], "another run");
    assert_eq!(again.all("run.started")[0]["followed"], true);
    assert_eq!(again.all("step.completed").len(), 10, "{:#?}", again.events);
    again.each_step_started_once(&host);
    again.has_all_output(&host);
    assert_eq!(host.run("ls /var/lib/groundcrew/runs | wc -l"), "1");
    host.page();
}

/// The line drops every packet for 20 s: `apply` connects again by itself.
#[test]
fn line_cut_for_20_s() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("cut", &[touch("before"), ticks("prints", 280), touch("after")]);
    let mut run = host.apply("cut").start();
    run.wait_for("step.output", "tick 20 of");
    host.lab("cut", &[]);
    // That long is the trap.
    thread::sleep(Duration::from_secs(20));
    host.lab("mend", &[]);
    let lines = host.run(&format!("grep -c tick {}/attempt-1/out", host.last_run()));
    // It had 20 before, and a busy machine's host is slower than ten a second.
    assert!(lines.parse::<u32>().expect("a number") > 60, "the host stood still: {lines}");
    let done = run.finish().completed();
    assert!(done.said.contains("connecting again"), "{}", done.said);
    done.each_step_started_once(&host);
    done.has_all_output(&host);
}

/// sshd and all of its sessions are killed: the run is not among their processes.
#[test]
fn sshd_killed() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("sshd", &[touch("before"), ticks("prints", 60)]);
    let mut run = host.apply("sshd").start();
    run.wait_for("step.output", "tick 10 of");
    // This login is one of its sessions, too.
    host.try_run("systemctl restart ssh; pkill -9 sshd");
    let done = run.finish().completed();
    assert!(done.said.contains("connecting again"), "{}", done.said);
    done.each_step_started_once(&host);
    done.has_all_output(&host);
}

/// Much is printed while nobody reads: it blocks nothing, and all of it is there later.
#[test]
fn prints_while_nobody_reads() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps(
        "prints",
        &[
            wait_for_go("waits"),
            step("prints", "test -e /root/prints", "seq 300000; touch /root/prints"),
            step("waits_again", "test -e /root/go2", "until [ -e /root/go2 ]; do sleep 0.05; done"),
        ],
    );
    let mut run = host.apply("prints").start();
    run.wait_for("step.started", "waits");
    run.kill();
    host.run("touch /root/go");
    host.wait_for("test -e /root/prints");
    let mut again = host.apply("prints").start();
    again.wait_for("step.started", "waits_again");
    host.run("touch /root/go2");
    let done = again.finish().completed();
    done.each_step_started_once(&host);
    done.has_all_output(&host);
    assert!(done.output().len() > 1_000_000);
}

/// A second `apply` of the same plan follows the first one's run; both see all of it.
#[test]
fn two_follow_one_run() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("two", &[ticks("prints", 30), wait_for_go("waits")]);
    let mut first = host.apply("two").start();
    first.wait_for("step.output", "tick 5 of");
    let mut second = host.apply("two").start();
    assert_eq!(second.wait_for("run.started", "")["followed"], true);
    second.wait_for("step.started", "waits");
    host.run("touch /root/go");
    let (first, second) = (first.finish().completed(), second.finish().completed());
    assert_eq!(first.run(), second.run());
    for done in [&first, &second] {
        done.each_step_started_once(&host);
        done.has_all_output(&host);
    }
    assert_eq!(host.lines("/root/waits"), 1);
}

/// `kill -9` of `apply` at any moment around the start: before the bundle is sent,
/// while it is, right after. What was begun is ended, once, by the next one.
#[test]
fn killed_around_the_start() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("start", &[wait_for_go("waits")]);
    for delay in [0, 2, 5, 10, 20, 40, 80, 160] {
        host.run("rm -f /root/waits* /root/go");
        let mut first = host.apply("start").start();
        // It is reported before the start is sent.
        first.wait_for("run.planned", "");
        thread::sleep(Duration::from_millis(delay));
        first.kill();
        let mut again = host.apply("start").start();
        again.wait_for("step.started", "waits");
        host.run("touch /root/go");
        again.finish().completed();
        assert_eq!(host.lines("/root/waits"), 1, "killed after {delay} ms");
    }
}
