//! Faults of Redis: it holds hints and carries notifications, and nothing else (promise 1).
//! A second run waits behind the first one all the while.

use std::thread::sleep;
use std::time::Duration;

use crate::check;
use crate::job::GO;
use crate::lab::Lab;
use crate::moment::Moment::WhileAStepRuns;
use crate::table::{Cell, cell};
use crate::world::World;

pub fn cells() -> Vec<Cell> {
    let of = |fault, meanwhile: fn(&mut World<'_>)| {
        cell(fault, WhileAStepRuns.name(), move || with(meanwhile))
    };
    vec![
        of("Redis out for 30 s", |world| is_out(world, 30)),
        of("Redis kill -9 and back", |world| is_out(world, 1)),
        of("Redis FLUSHALL", |world| drop(world.redis.ask(&["flushall"]))),
        of("Redis CLIENT KILL of all", clients_are_killed),
        of("Redis full (noeviction)", is_full),
    ]
}

fn with(meanwhile: impl FnOnce(&mut World<'_>)) -> String {
    let lab = Lab::up(1);
    let mut world = World::new(&lab);
    let id = WhileAStepRuns.of_a_run(&world);
    let next = world.ask("next");
    meanwhile(&mut world);
    world.host().run(GO);
    world.ends(&id, "completed");
    world.ends(&next, "completed");
    assert_eq!(world.column(&id, "epoch"), "1", "no lease hangs on Redis");
    world.works();
    check::all(&world)
}

fn is_out(world: &mut World<'_>, seconds: u64) {
    world.redis.kill();
    sleep(Duration::from_secs(seconds));
    world.redis.start_again();
}

fn clients_are_killed(world: &mut World<'_>) {
    for _ in 0..5 {
        for kind in ["normal", "pubsub"] {
            world.redis.ask(&["client", "kill", "type", kind, "skipme", "yes"]);
        }
        sleep(Duration::from_millis(700));
    }
}

/// Also for a run that is asked for meanwhile: its hint is refused.
fn is_full(world: &mut World<'_>) {
    world.redis.ask(&["config", "set", "maxmemory-policy", "noeviction"]);
    world.redis.ask(&["config", "set", "maxmemory", "1"]);
    let more = world.ask("next");
    world.host().run(GO);
    world.ends(&more, "completed");
    world.redis.ask(&["config", "set", "maxmemory", "0"]);
    world.notes.push("a run was asked for and ended while it was full".to_owned());
}
