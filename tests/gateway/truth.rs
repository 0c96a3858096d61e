//! Promise 7: every page converges. A hundred pages are open, ten changes a second are made, and
//! something breaks: afterwards each page was told after the last change of its server.

use std::time::Duration;

use rustix::process::Signal;

use crate::changes::now;
use crate::pages::{PAGES, Pages};
use crate::world::World;

/// How long it is broken.
const BROKEN: Duration = Duration::from_secs(5);
/// Before, all is well.
const BEFORE: Duration = Duration::from_secs(1);

fn ms(ns: i64) -> i64 {
    ns / 1_000_000
}

/// All pages know what happened until now; says how long after `mended` the last one did.
#[track_caller]
fn all_know(what: &str, world: &World, pages: &mut Pages, mended: i64) {
    let last = world.changes.last();
    let (knew, _) = pages.all_know(last);
    let newest = *last.iter().max().expect("a change");
    println!(
        "{what}: {PAGES} pages know; the last of them {} ms after it was well again, {} ms after \
         the last change",
        ms(knew - mended),
        ms(knew - newest)
    );
}

/// And what happens from now on is heard as before.
#[track_caller]
fn goes_on(world: &mut World, pages: &mut Pages) {
    world.changes.wait_for_the_bus();
    world.changes.go_on(BEFORE);
    let since = now();
    world.changes.go_on(BEFORE);
    let (knew, _) = pages.all_know(world.changes.last());
    assert!(knew > since);
}

/// The changes of these 5 s can't be announced, and nobody but the gateway makes up for them:
/// there is no sweeper here.
#[test]
fn redis_was_killed() {
    let mut world = World::with(1);
    let mut pages = Pages::open(&world.environment());
    world.changes.go_on(BEFORE);
    world.redis.kill();
    world.changes.go_on(BROKEN);
    world.redis.start_again();
    let mended = now();
    all_know("Redis killed for 5 s", &world, &mut pages, mended);
    goes_on(&mut world, &mut pages);
}

/// A connection that is open and dead: nobody says so, but the gateway's own heartbeat is not
/// heard.
#[test]
fn redis_hung() {
    let mut world = World::with(1);
    let mut pages = Pages::open(&world.environment());
    world.changes.go_on(BEFORE);
    world.redis.signal(Signal::STOP);
    world.changes.go_on(BROKEN);
    world.redis.signal(Signal::CONT);
    let mended = now();
    all_know("Redis stopped for 5 s", &world, &mut pages, mended);
    goes_on(&mut world, &mut pages);
}

#[test]
fn the_gateway_was_killed() {
    let mut world = World::with(1);
    let mut pages = Pages::open(&world.environment());
    world.changes.go_on(BEFORE);
    world.gateways[0].process.kill();
    world.changes.go_on(BROKEN);
    world.gateways[0] = world.start_again(0);
    let mended = now();
    all_know("the gateway killed, and started again 5 s later", &world, &mut pages, mended);
    goes_on(&mut world, &mut pages);
}

/// The new one is there before the old one goes: nobody waits.
#[test]
fn the_gateway_was_replaced() {
    let mut world = World::with(1);
    let mut pages = Pages::open(&world.environment());
    world.changes.go_on(BEFORE);
    let next = world.start_again(0);
    let mut old = std::mem::replace(&mut world.gateways[0], next);
    old.process.signal(Signal::TERM);
    let told = now();
    world.changes.go_on(BEFORE);
    all_know("the gateway replaced by another one", &world, &mut pages, told);
    old.process.ended();
    goes_on(&mut world, &mut pages);
}

#[test]
fn one_of_two_gateways_was_killed() {
    let mut world = World::with(2).balanced();
    let mut pages = Pages::open(&world.environment());
    world.changes.go_on(BEFORE);
    world.gateways[0].process.kill();
    let killed = now();
    world.changes.go_on(Duration::from_millis(500));
    all_know("one of two gateways killed", &world, &mut pages, killed);
    goes_on(&mut world, &mut pages);
}

/// Told to leave, it sends its pages to the other one.
#[test]
fn one_of_two_gateways_was_told_to_leave() {
    let mut world = World::with(2).balanced();
    let mut pages = Pages::open(&world.environment());
    world.changes.go_on(BEFORE);
    world.gateways[0].process.signal(Signal::TERM);
    let told = now();
    world.changes.go_on(BEFORE);
    all_know("one of two gateways told to leave", &world, &mut pages, told);
    world.gateways[0].process.ended();
    goes_on(&mut world, &mut pages);
}
