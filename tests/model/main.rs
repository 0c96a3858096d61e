//! A model of the core: the store's transactions in every order, against the real SQL.
//!
//! Two workers, the sweeper and an operator each do what they do in life, one call of the
//! store after the other; a worker may die at any time (it does nothing more), or outlive its
//! lease and go on. On SQLite every order of their calls is tried, up to a depth; on Postgres
//! a random sample of them, and each pair of calls at once. After each call, the promises are
//! read from the tables (`promises.rs`); one that is broken is printed as the calls that led there.
//!
//! `MODEL_DEPTH` goes deeper; `MODEL_SEED` repeats a sample, and `MODEL_WALKS` makes it larger.

mod actors;
mod promises;
mod search;
mod tables;
mod world;

#[path = "../store/harness.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "the store's tests use more of it")]
mod harness;
#[path = "../store/postgres.rs"]
#[allow(dead_code, reason = "the store's tests use more of it")]
mod postgres;
#[path = "../store/watchdog.rs"]
mod watchdog;

use actors::Setup;
use harness::block_on;
use search::Search;
use world::Bench;

/// Two runs of one server, of one step each: who may drive what, and when it is over.
const LINE: Setup = Setup { servers: 1, runs: 2, steps: 1, attempts: 2, wishes: 2 };
/// One run of two steps: what a retry keeps, and goes on from.
const STEPS: Setup = Setup { servers: 1, runs: 1, steps: 2, attempts: 2, wishes: 2 };
/// Two servers, three runs: one may wait for another's.
const FLEET: Setup = Setup { servers: 2, runs: 3, steps: 2, attempts: 3, wishes: 4 };

#[test]
fn every_order_of_two_runs() {
    in_turn(async {
        Search::new(Bench::sqlite().await, LINE).exhaust(number("MODEL_DEPTH", 6)).await
    });
}

#[test]
fn every_order_of_two_steps() {
    in_turn(async {
        Search::new(Bench::sqlite().await, STEPS).exhaust(number("MODEL_DEPTH", 7)).await
    });
}

#[test]
fn a_sample_on_postgres() {
    block_on(async {
        let seed = number("MODEL_SEED", uuid::Uuid::new_v4().as_u128() as u64);
        println!("MODEL_SEED={seed}");
        Search::new(Bench::postgres().await, FLEET).sample(seed, number("MODEL_WALKS", 20)).await;
    });
}

#[test]
fn pairs_at_once_on_postgres() {
    block_on(async {
        let seed = number("MODEL_SEED", uuid::Uuid::new_v4().as_u128() as u64);
        println!("MODEL_SEED={seed}");
        Search::new(Bench::postgres().await, FLEET).pairs(seed, number("MODEL_WALKS", 40)).await;
    });
}

/// On one thread: nothing here happens at once.
fn in_turn<F: Future<Output = ()>>(test: F) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().expect("a runtime").block_on(test);
}

/// A number from the environment.
fn number<T: std::str::FromStr>(name: &str, usual: T) -> T {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")),
        Err(_) => usual,
    }
}
