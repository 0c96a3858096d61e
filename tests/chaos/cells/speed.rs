//! How long a run is without a worker: the same run loses its worker twenty times.

use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use crate::check;
use crate::lab::Lab;
use crate::table::{Cell, cell};
use crate::world::World;

const TIMES: usize = 20;
/// A lease, the second in which a worker looks, and what the issue allows beside them.
const KILLED: Duration = Duration::from_secs(15 + 2);
const TOLD: Duration = Duration::from_secs(2);

pub fn cells() -> Vec<Cell> {
    vec![
        cell("worker kill -9, 20 times", "time until the next one follows", || loses(true)),
        // Two seconds are not much on a busy machine.
        Cell {
            alone: true,
            ..cell("worker SIGTERM, 20 times", "time until the next one follows", || loses(false))
        },
    ]
}

/// Each step of the run ends when its worker is gone, so that the next one has something to tell.
fn loses(killed: bool) -> String {
    let lab = Lab::up(1);
    let names: Vec<String> = (0..=TIMES).map(|number| format!("step{number}")).collect();
    let waits: Vec<String> = names
        .iter()
        .map(|name| format!("until [ -e /root/{name}.go ]; do sleep 0.05; done"))
        .collect();
    let steps: Vec<(&str, &str)> =
        names.iter().zip(&waits).map(|(name, wait)| (name.as_str(), wait.as_str())).collect();
    let mut world = World::doing(&lab, &steps);
    let id = world.ask("test");
    let (mut claims, mut follows) = (Vec::new(), Vec::new());
    for (number, name) in (1..=TIMES).zip(&names) {
        world.host().wait_for(&format!(
            "grep -q ' start {number} ' /var/lib/groundcrew/runs/{id}/attempt-1/journal"
        ));
        let mut worker = world.workers.remove(world.holder(&id));
        let epoch = world.column(&id, "epoch");
        let start = Instant::now();
        if killed {
            worker.kill();
        } else {
            worker.signal(rustix::process::Signal::TERM);
        }
        // Meanwhile, for to log in takes its time.
        let (claim, follow) = thread::scope(|scope| {
            scope.spawn(|| world.host().run(&format!("touch /root/{name}.go")));
            let claim = takes(start, || world.column(&id, "epoch") != epoch);
            let is_told =
                format!("SELECT status FROM run_steps WHERE run_id = '{id}' AND number = {number}");
            (claim, takes(start, || world.sql(&is_told) == "completed"))
        });
        claims.push(claim);
        follows.push(follow);
        drop(worker);
        world.start_worker();
    }
    world.host().run(&format!("touch /root/step{TIMES}.go"));
    world.ends(&id, "completed");
    let limit = if killed { KILLED } else { TOLD };
    let (claimed, followed) = (median_and_worst(&mut claims), median_and_worst(&mut follows));
    world.notes.push(format!(
        "claimed after {claimed} s, its first new line in SQL after {followed} s (median, worst)"
    ));
    let worst = claims[TIMES - 1];
    assert!(worst <= limit, "claimed after {claimed} s, first line after {followed} s");
    world.works();
    check::all(&world)
}

fn takes(start: Instant, mut is_true: impl FnMut() -> bool) -> Duration {
    while !is_true() {
        assert!(start.elapsed() < Duration::from_secs(60), "nobody takes it");
        sleep(Duration::from_millis(20));
    }
    start.elapsed()
}

/// Sorts them.
fn median_and_worst(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    format!("{:.1}, {:.1}", median.as_secs_f64(), worst.as_secs_f64())
}
