//! The host reboots in the middle: the interrupted step is started again, in a new
//! attempt, once the host has shown that the former one is dead; once, and no more.

use crate::harness::{Done, Host, Lab};
use crate::steps::{step, touch};

/// A step that hangs the first time, and goes well the second time.
fn hangs_once(name: &str) -> String {
    step(
        name,
        &format!("test -e /root/{name}.done"),
        &format!(
            "echo started >>/root/{name}\n[ \"$(wc -l </root/{name})\" -gt 1 ] || sleep 1000\n\
             echo over; touch /root/{name}.done"
        ),
    )
}

fn rebooted_in_the_middle(reboot: &[&str], said: &str) {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("reboot", &[touch("before"), hangs_once("middle"), touch("after")]);
    let mut run = host.apply("reboot").start();
    run.wait_for("step.started", "middle");
    host.wait_for("test -s /root/middle");
    host.lab("reboot", reboot);
    let done = run.finish().completed();
    assert_eq!(started(&done), [("before", 1), ("middle", 1), ("middle", 2), ("after", 1)]);
    assert!(done.said.contains("started again"), "{}", done.said);
    assert_eq!(done.last()["changed"], 3);
    assert_eq!(host.starts(1, 2), 1);
    assert_eq!((host.starts(2, 1), host.starts(2, 2), host.starts(2, 3)), (0, 1, 1));
    assert!(host.journal(1).last().expect("an end").ends_with(said), "{:?}", host.journal(1));
    assert_eq!(host.run("ls /var/lib/groundcrew/runs | wc -l"), "1");
}

#[test]
fn rebooted_in_good_order() {
    rebooted_in_the_middle(&[], "interrupted");
}

#[test]
fn rebooted_by_a_loss_of_power() {
    rebooted_in_the_middle(&["--hard"], "interrupted");
}

fn reboots_itself(lab: &Lab, host: &Host<'_>, check: &str) {
    lab.steps(
        "itself",
        &[step("itself", check, "echo once >>/root/itself; reboot; sleep 1000"), touch("after")],
    );
    host.run("rm -f /root/itself");
}

/// A step that reboots its host is not started again for ever.
#[test]
fn interrupted_twice() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    reboots_itself(&lab, &host, "false");
    host.apply("itself").json().failed("interrupted_twice");
    host.wait_for("true");
    assert_eq!(host.lines("/root/itself"), 2);
}

/// A step that reboots its host, and is in place after that, is a good step.
#[test]
fn in_place_after_its_own_reboot() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    reboots_itself(&lab, &host, "test -s /root/itself");
    host.apply("itself").json().completed();
    assert_eq!(host.lines("/root/itself"), 1);
}

/// The runner calls this program between two steps (`sync`), or after a failure (`rm`):
/// here it never comes back, once, after a step made `/root/slow`.
fn make_slow(host: &Host<'_>, program: &str) {
    host.run(&format!(
        "printf '%s\\n' '#!/bin/sh' '[ ! -e /root/slow ] || {{ /bin/mv /root/slow /root/was-slow; sleep 1000; }}' \
         'exec /bin/{program} \"$@\"' >/usr/local/bin/{program}; chmod +x /usr/local/bin/{program}"
    ));
}

/// Which steps were started, and as which attempt of theirs.
fn started(done: &Done) -> Vec<(&str, u64)> {
    let started = done.all("step.started").into_iter();
    started
        .map(|e| (e["step"].as_str().expect("a step"), e["attempt"].as_u64().expect("a number")))
        .collect()
}

/// Between two steps nothing is interrupted: it goes on with the next one.
fn rebooted_between_steps(reboot: &[&str]) {
    let lab = Lab::up(1);
    let host = lab.host(1);
    make_slow(&host, "sync");
    let first = step("first", "test -e /root/first", "touch /root/first /root/slow");
    lab.steps("between", &[first, touch("second")]);
    let mut run = host.apply("between").start();
    run.wait_for("step.completed", "first");
    host.wait_for("test -e /root/was-slow");
    host.lab("reboot", reboot);
    let done = run.finish().completed();
    assert_eq!(started(&done), [("first", 1), ("second", 1)]);
    assert!(done.said.contains("going on with second"), "{}", done.said);
    assert_eq!(done.last()["changed"], 2);
}

#[test]
fn rebooted_between_steps_in_good_order() {
    rebooted_between_steps(&[]);
}

#[test]
fn rebooted_between_steps_by_a_loss_of_power() {
    rebooted_between_steps(&["--hard"]);
}

/// A reboot in a step, and another one after the step went well, are not two in that step.
#[test]
fn rebooted_in_a_step_and_after_it() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    make_slow(&host, "sync");
    let hangs = step(
        "hangs",
        "test -e /root/hung",
        "[ -e /root/hangs ] || { touch /root/hangs; sleep 1000; }; touch /root/hung /root/slow",
    );
    lab.steps("often", &[hangs, touch("after")]);
    let mut run = host.apply("often").start();
    run.wait_for("step.started", "hangs");
    host.wait_for("test -e /root/hangs");
    host.lab("reboot", &["--hard"]);
    run.wait_for("step.completed", "hangs");
    host.wait_for("test -e /root/was-slow");
    host.lab("reboot", &["--hard"]);
    let done = run.finish().completed();
    assert_eq!(started(&done), [("hangs", 1), ("hangs", 2), ("after", 1)]);
}

/// A step had failed when the power went: the run has failed, and does not go on behind it.
#[test]
fn rebooted_after_a_failure() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    make_slow(&host, "rm");
    lab.steps("fails", &[step("fails", "false", "touch /root/slow; exit 7"), touch("after")]);
    let mut run = host.apply("fails").start();
    run.wait_for("step.failed", "fails");
    host.wait_for("test -e /root/was-slow");
    host.lab("reboot", &["--hard"]);
    let done = run.finish().failed("step_failed");
    assert_eq!(started(&done), [("fails", 1)]);
    assert_eq!(host.run("ls /root/after 2>/dev/null || true"), "");
}

/// Two that follow one run go on together over a reboot.
#[test]
fn two_follow_over_a_reboot() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("reboot", &[touch("before"), hangs_once("middle"), touch("after")]);
    let mut first = host.apply("reboot").start();
    first.wait_for("step.started", "middle");
    let mut second = host.apply("reboot").start();
    second.wait_for("step.started", "middle");
    host.wait_for("test -s /root/middle");
    host.lab("reboot", &[]);
    let (first, second) = (first.finish().completed(), second.finish().completed());
    assert_eq!(first.run(), second.run());
    assert_eq!(host.lines("/root/middle"), 2);
    for done in [&first, &second] {
        assert_eq!(started(done), [("before", 1), ("middle", 1), ("middle", 2), ("after", 1)]);
    }
}

/// Nobody follows when the host reboots: the next one begins with the checks.
#[test]
fn killed_and_rebooted() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("reboot", &[touch("before"), hangs_once("middle"), touch("after")]);
    let mut run = host.apply("reboot").start();
    run.wait_for("step.started", "middle");
    host.wait_for("test -s /root/middle");
    run.kill();
    host.lab("reboot", &["--hard"]);
    let done = host.apply("reboot").json().completed();
    assert_eq!((done.count(false), done.count(true)), (1, 2));
    assert_eq!(done.all("run.started")[0]["followed"], false);
}
