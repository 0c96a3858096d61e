//! The short form of the table, for CI: the faults that meet everybody one day.

use crate::audit::{self, named};
use crate::cells;
use crate::fleet::sql;
use crate::lab::Lab;
use crate::world::World;

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

/// The harness itself: a write of a worker that never had the run does not go unseen.
#[test]
#[should_panic(expected = "writes of who has no right to")]
fn stale_write_is_seen() {
    let lab = Lab::up(1);
    let world = World::new(&lab);
    world.works();
    audit::nothing_stale(&world.database);
    sql(&named(&world.database, "w9"), "UPDATE run_steps SET starts = starts");
    audit::nothing_stale(&world.database);
}
