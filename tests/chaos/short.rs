//! The short form of the table, for CI: the faults that meet everybody one day.

use crate::cells;

/// Runs the one cell of this fault and moment.
#[track_caller]
fn run(fault: &str, moment: &str) {
    let all = cells::all();
    let cell = all.iter().find(|cell| cell.fault == fault && cell.moment == moment);
    (cell.expect("a cell").act)();
}

#[test]
fn worker_killed() {
    run("worker kill -9", "while a step runs");
}

#[test]
fn worker_that_stood_still() {
    run("worker SIGSTOP > lease, SIGCONT", "while a step runs");
}

#[test]
fn link_cut() {
    run("link cut for 5 s", "while a step runs");
}

#[test]
fn redis_killed() {
    run("Redis kill -9 and back", "while a step runs");
}

#[test]
fn postgres_away() {
    run("Postgres out for 5 s", "while a step runs");
}
