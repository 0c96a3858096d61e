//! A host is not trusted to be honest: a journal that is not legal for the plan ends
//! the run with `illegal_journal`. And output that a program took away is missing,
//! and nothing else.

use std::time::{Duration, Instant};

use crate::harness::{Host, Lab};
use crate::steps::{step, touch, wait_for_go};

/// Starts a run whose first step waits, appends this to its journal, and sees that
/// it is not believed.
fn is_not_believed(lie: &str) {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("honest", &[wait_for_go("waits"), touch("after")]);
    let mut run = host.apply("honest").start();
    run.wait_for("step.started", "waits");
    host.run(&format!("{lie} >>{}/attempt-1/journal", host.last_run()));
    let done = run.finish().failed("illegal_journal");
    assert!(done.all("step.completed").is_empty(), "{lie}: {:#?}", done.events);
    assert_eq!(host.run("ls /root/after 2>/dev/null || true"), "");
}

#[test]
fn a_step_that_is_not_next() {
    is_not_believed("echo '3 1700000000000 start 2 - 0'");
}

#[test]
fn a_step_that_the_plan_does_not_have() {
    is_not_believed("echo '3 1700000000000 changed 77 0 0'");
}

#[test]
fn a_line_out_of_sequence() {
    is_not_believed("echo '9 1700000000000 changed 1 0 0'");
}

#[test]
fn a_line_that_is_too_long() {
    is_not_believed("head -c 5000 /dev/zero | tr '\\000' x");
}

#[test]
fn garbage() {
    is_not_believed("printf '\\377\\376\\n'");
}

#[test]
fn an_early_end() {
    is_not_believed("echo '3 1700000000000 end - - 0 completed'");
}

#[test]
fn a_failure_without_a_failed_step() {
    is_not_believed("echo '3 1700000000000 end - - 0 failed'");
}

/// The first of the two is believed: it could be true.
#[test]
fn a_step_completed_twice() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("honest", &[wait_for_go("waits"), touch("after")]);
    let mut run = host.apply("honest").start();
    run.wait_for("step.started", "waits");
    for line in [3, 4] {
        let journal = format!("{}/attempt-1/journal", host.last_run());
        host.run(&format!("echo '{line} 1700000000000 changed 1 0 0' >>{journal}"));
    }
    run.finish().failed("illegal_journal");
}

/// More output than there is: the line is believed after a while, and then the
/// runner's own lines are out of sequence.
#[test]
fn an_offset_beyond_the_output() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("honest", &[wait_for_go("waits"), touch("after")]);
    let mut run = host.apply("honest").start();
    run.wait_for("step.started", "waits");
    let journal = format!("{}/attempt-1/journal", host.last_run());
    host.run(&format!(
        "echo '3 1700000000000 changed 1 0 99999999999' >>{journal}; touch /root/go"
    ));
    run.finish().failed("illegal_journal");
}

/// The end comes, and no time is lost with every step.
fn ends_well_and_soon(host: &Host<'_>, job: &str) {
    let start = Instant::now();
    let done = host.apply(job).json().completed();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(done.output().contains("said after"), "{}", done.output());
}

/// A program opens `/dev/stderr` by its path, which empties the file.
#[test]
fn output_emptied_by_a_program() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    host.run("printf '#!/bin/sh\\n: >/dev/stderr\\n' >/root/cuts; chmod +x /root/cuts");
    let says = |name: &str, text: &str| {
        step(name, &format!("test -e /root/{name}"), &format!("{text}; touch /root/{name}"))
    };
    lab.steps(
        "cut",
        &[
            says("one", "seq 2000"),
            says("two", "echo said before; /root/cuts; echo said then"),
            says("three", "/root/cuts; /root/cuts"),
            says("four", "echo more; /root/cuts; seq 3000"),
            says("five", "echo said after"),
        ],
    );
    ends_well_and_soon(&host, "cut");
}

/// Somebody empties it by hand while a step waits, and the line is cut as well: it
/// goes on with what is there.
#[test]
fn output_emptied_by_hand() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps(
        "cut",
        &[
            step("before", "test -e /root/before", "seq 500; touch /root/before"),
            wait_for_go("waits"),
            step("after", "test -e /root/after", "echo said after; touch /root/after"),
        ],
    );
    let mut run = host.apply("cut").start();
    run.wait_for("step.output", "500");
    run.wait_for("step.started", "waits");
    host.try_run(&format!("truncate -s 0 {}/attempt-1/out; pkill -9 sshd", host.last_run()));
    host.wait_for("touch /root/go");
    let done = run.finish().completed();
    assert!(done.output().contains("said after"), "{}", done.output());
}

/// A loss of power takes the end of the journal, and of the output, which `apply` has
/// seen: it is a reboot like another.
#[test]
fn journal_lost_with_the_power() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("power", &[
        step("before", "test -e /root/before", "seq 500; touch /root/before"),
        step("waits", "test -e /root/done", "[ -s /root/waits ] || { echo started >>/root/waits; sleep 1000; }; touch /root/done"),
    ]);
    let mut run = host.apply("power").start();
    run.wait_for("step.started", "waits");
    host.wait_for("test -s /root/waits");
    let folder = host.last_run();
    // Nothing of it can reach us between this and the end of the power.
    host.run(&format!(
        "pkill -STOP -x tail; truncate -s 90 {folder}/attempt-1/journal; truncate -s 100 {folder}/attempt-1/out"
    ));
    host.lab("reboot", &["--hard"]);
    let done = run.finish().completed();
    assert_eq!(done.all("step.started").len(), 3, "{:#?}", done.events);
    assert_eq!(host.lines("/root/waits"), 1);
}
