//! What an operator does about runs and workers: cancel, retry, drain; abandon is in `link`.

use std::thread::sleep;
use std::time::Duration;

use crate::check;
use crate::job::GO;
use crate::lab::Lab;
use crate::moment::Moment::WhileAStepRuns;
use crate::table::{Cell, cell};
use crate::world::{World, until};

pub fn cells() -> Vec<Cell> {
    vec![
        cell("runs retry", "the host was away too long, and still runs it", retry_of_unknown),
        cell("runs cancel", "while the host is away", cancel_while_away),
        cell("runs cancel", "while a step runs", cancel),
        cell("runs cancel", "of a run that waits", cancel_of_waiting),
        cell("runs retry", "after a failed step", retry),
        cell("worker drain", "while a step runs", drain),
    ]
}

fn cancel() -> String {
    let lab = Lab::up(1);
    let world = World::new(&lab);
    let id = WhileAStepRuns.of_a_run(&world);
    world.fleet.ok(&["runs", "cancel", &id]);
    world.ends(&id, "cancelled");
    world.host().run("! ls /root/last.done 2>/dev/null");
    world.works();
    check::all(&world)
}

fn cancel_while_away() -> String {
    let lab = Lab::up(1);
    let mut world = World::new(&lab);
    let id = WhileAStepRuns.of_a_run(&world);
    world.host().lab("cut", &[]);
    until("it is known to be away", || !world.column(&id, "unreachable_since").is_empty());
    let said = world.fleet.ok(&["runs", "cancel", &id]);
    assert!(said.contains("can't be reached since"), "{said}");
    sleep(Duration::from_secs(3));
    assert_eq!(world.column(&id, "status"), "installing", "the host has not confirmed it");
    world.host().lab("mend", &[]);
    world.ends(&id, "cancelled");
    world.notes.push("said so, and took effect when the host was back".to_owned());
    world.works();
    check::all(&world)
}

fn cancel_of_waiting() -> String {
    let lab = Lab::up(1);
    let world = World::new(&lab);
    let id = WhileAStepRuns.of_a_run(&world);
    let waiting = world.ask("next");
    world.fleet.ok(&["runs", "cancel", &waiting]);
    assert_eq!(world.column(&waiting, "status"), "cancelled", "at once");
    world.host().run(GO);
    world.ends(&id, "completed");
    world.host().run("! ls /root/next.done 2>/dev/null");
    world.works();
    check::all(&world)
}

fn retry() -> String {
    let lab = Lab::up(1);
    let fails = "echo no; [ -e /root/go ]";
    let mut world =
        World::doing(&lab, &[("first", "echo first"), ("fails", fails), ("last", "seq 9")]);
    let id = world.ask("test");
    world.ends(&id, "failed");
    assert_eq!(world.column(&id, "error_kind"), "step_failed");
    world.host().run(GO);
    world.fleet.ok(&["runs", "retry", &id]);
    world.ends(&id, "completed");
    let starts = format!("SELECT starts FROM run_steps WHERE run_id = '{id}' ORDER BY number");
    assert_eq!(world.sql(&starts), "1\n2\n1", "what was completed stays");
    world.notes.push("from the failed step; the one before it was not started again".to_owned());
    world.works();
    check::all(&world)
}

fn retry_of_unknown() -> String {
    let lab = Lab::up(1);
    let mut world = World::impatient(&lab);
    let id = WhileAStepRuns.of_a_run(&world);
    world.host().lab("cut", &[]);
    world.ends(&id, "failed");
    assert_eq!(world.column(&id, "error_kind, host_state"), "unreachable|unknown");
    world.host().lab("mend", &[]);
    world.fleet.ok(&["runs", "retry", &id]);
    until("it is at work again", || world.column(&id, "status") == "installing");
    world.host().run(GO);
    world.ends(&id, "completed");
    let attempts = format!("SELECT count(*) FROM run_attempts WHERE run_id = '{id}'");
    assert_eq!(world.sql(&attempts), "1", "it was followed, and not started again");
    world.notes.push("attached to what still ran".to_owned());
    world.works();
    check::all(&world)
}

/// Who is drained ends what it has, takes nothing new, and then ends itself.
fn drain() -> String {
    let lab = Lab::up(2);
    let mut world = World::new(&lab);
    world.hosts.push(lab.host(2));
    world.fleet.add("edge-2", &world.hosts[1]);
    let id = WhileAStepRuns.of_a_run(&world);
    let mut drained = world.workers.remove(world.holder(&id));
    world.fleet.ok(&["worker", "drain", &world.column(&id, "worker")]);
    drained.wait_for("draining");
    for _ in 0..5 {
        world.hosts[1].run("rm -f /root/next.done");
        let other = world.fleet.ask("next", "edge-2");
        world.ends(&other, "completed");
    }
    let takes = drained.log().matches(" taken epoch=").count();
    assert_eq!(takes, 1, "it took something new: {}", drained.log());
    world.host().run(GO);
    world.ends(&id, "completed");
    assert!(drained.ended().success(), "{}", drained.log());
    assert_eq!(world.column(&id, "epoch"), "1", "it kept its run to the end");
    world.notes.push("ended with its last run; five others went elsewhere".to_owned());
    world.works();
    check::all(&world)
}
