//! Faults of workers, at each moment of a run (promises 4, 5 and 6).

use std::time::Duration;

use rustix::process::Signal;

use crate::check;
use crate::lab::Lab;
use crate::moment::{self, Moment};
use crate::table::{Cell, cell};
use crate::world::World;

pub fn cells() -> Vec<Cell> {
    let at = moment::ALL.into_iter();
    let of = |fault, act: fn(Moment) -> String| {
        at.clone().map(move |moment| cell(fault, moment.name(), move || act(moment)))
    };
    let stopped = of("worker SIGSTOP > lease, SIGCONT", stands_still);
    stopped.chain(of("worker kill -9", is_killed)).chain(of("worker SIGTERM", is_told)).collect()
}

fn is_killed(moment: Moment) -> String {
    let lab = Lab::up(1);
    let mut world = World::new(&lab);
    let id = moment.of_a_run(&world);
    let holder = world.holder(&id);
    world.workers.remove(holder).kill();
    world.reaches_epoch(&id, 2);
    moment.is_over(&world);
    world.ends(&id, "completed");
    world.works();
    check::all(&world)
}

fn is_told(moment: Moment) -> String {
    let lab = Lab::up(1);
    let mut world = World::new(&lab);
    let id = moment.of_a_run(&world);
    let mut worker = world.workers.remove(world.holder(&id));
    worker.signal(Signal::TERM);
    // At the end it stands still, and hears it only now.
    worker.signal(Signal::CONT);
    let took = worker.terminate();
    assert!(took < Duration::from_secs(5), "it took {took:?} to leave");
    if moment != Moment::AtTheEnd {
        world.reaches_epoch(&id, 2);
    }
    moment.is_over(&world);
    world.ends(&id, "completed");
    world.notes.push(format!("left in {:.1} s", took.as_secs_f64()));
    world.works();
    check::all(&world)
}

/// The old holder and the new one are both there when the run goes on.
fn stands_still(moment: Moment) -> String {
    let lab = Lab::up(1);
    let mut world = World::new(&lab);
    let id = moment.of_a_run(&world);
    let holder = world.holder(&id);
    world.workers[holder].signal(Signal::STOP);
    world.reaches_epoch(&id, 2);
    world.workers[holder].signal(Signal::CONT);
    moment.is_over(&world);
    world.ends(&id, "completed");
    world.workers[holder].wait_for("the lease is lost; the run goes on in other hands");
    world.works();
    check::all(&world)
}
