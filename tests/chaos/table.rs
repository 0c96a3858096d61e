//! Runs a table of cells, a few at a time, and prints a line for each.
//!
//! `TRIES`: how often each (default 1). `ONLY`: those whose fault or moment has this text.

use std::collections::VecDeque;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

/// So many cells run at the same time; they wait more than they compute.
const AT_ONCE: usize = 6;

/// One fault at one moment.
pub struct Cell {
    pub fault: &'static str,
    pub moment: &'static str,
    /// Whether it needs the machine for itself.
    pub alone: bool,
    /// Does it, checks the promises, and says what held; panics if one did not.
    pub act: Box<dyn Fn() -> String + Send + Sync>,
}

/// A cell that may run beside others.
pub fn cell(
    fault: &'static str,
    moment: &'static str,
    act: impl Fn() -> String + Send + Sync + 'static,
) -> Cell {
    Cell { fault, moment, alone: false, act: Box::new(act) }
}

/// Runs the cells, and panics at the end if a promise was broken.
pub fn run(cells: Vec<Cell>) {
    let tries = env::var("TRIES").ok().map_or(1, |tries| tries.parse().expect("TRIES=NUMBER"));
    let only = env::var("ONLY").unwrap_or_default();
    let wanted = |cell: &Cell| format!("{} | {}", cell.fault, cell.moment).contains(&only);
    let cells = cells.into_iter().filter(wanted);
    let (alone, together): (Vec<_>, Vec<_>) = cells.partition(|cell| cell.alone);
    println!("fault | moment | tries | what held | seconds");
    let start = Instant::now();
    let mut passed = all(together, AT_ONCE, tries);
    passed.extend(all(alone, 1, tries));
    let failed = passed.iter().filter(|passed| !**passed).count();
    println!("all | in {} s |", start.elapsed().as_secs());
    println!("{} passed, {failed} failed", passed.len() - failed);
    assert_eq!(failed, 0, "promises were broken");
}

/// Whether each of them passed.
fn all(cells: Vec<Cell>, at_once: usize, tries: u32) -> Vec<bool> {
    let cells = Mutex::new(VecDeque::from(cells));
    let passed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let next = cells.lock().expect("no panic").pop_front();
                    let Some(cell) = next else { return };
                    let held = one(&cell, tries);
                    passed.lock().expect("no panic").push(held);
                }
            });
        }
    });
    passed.into_inner().expect("no panic")
}

fn one(cell: &Cell, tries: u32) -> bool {
    let (mut held, mut longest) = (String::new(), 0.0_f64);
    for number in 1..=tries {
        let start = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| (cell.act)()));
        longest = longest.max(start.elapsed().as_secs_f64());
        match done {
            Ok(what) => held = what,
            Err(panic) => {
                let why = panic
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                    .unwrap_or_default();
                let why: String = why.lines().take(2).collect::<Vec<_>>().join(" ");
                println!(
                    "{} | {} | {number} | FAILED: {why} | {longest:.1}",
                    cell.fault, cell.moment
                );
                return false;
            }
        }
    }
    println!("{} | {} | {tries} | {held} | {longest:.1}", cell.fault, cell.moment);
    true
}
