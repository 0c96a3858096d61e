//! The way to the host: cut, its sshd gone, the host rebooted or gone for good (promise 5).

use std::thread::sleep;
use std::time::Duration;

use crate::check;
use crate::job::GO;
use crate::lab::Lab;
use crate::moment::Moment::WhileAStepRuns;
use crate::table::{Cell, cell};
use crate::world::{World, until};

/// All sshd of the host at once, sessions too; systemd starts it again.
const KILL_SSHD: &str = "systemd-run -q sh -c 'sleep 0.3; kill -9 $(pgrep -x sshd)'";
const RESTART_SSHD: &str = "systemctl restart ssh";

pub fn cells() -> Vec<Cell> {
    let running = WhileAStepRuns.name();
    vec![
        cell("host gone for good", running, gone_for_good),
        cell("link cut for 60 s", running, || is_cut(60)),
        cell("link cut for 5 s", running, || is_cut(5)),
        cell("sshd killed", running, || sshd(KILL_SSHD)),
        cell("sshd restarted", running, || sshd(RESTART_SSHD)),
        cell("host rebooted in good order", running, || reboots(&[])),
        cell("host rebooted by a loss of power", running, || reboots(&["--hard"])),
    ]
}

fn is_cut(seconds: u64) -> String {
    let lab = Lab::up(1);
    let mut world = World::new(&lab);
    let id = WhileAStepRuns.of_a_run(&world);
    world.host().lab("cut", &[]);
    if seconds > 30 {
        until("it is said since when", || !world.column(&id, "unreachable_since").is_empty());
        world.notes.push("unreachable since … was shown".to_owned());
    }
    sleep(Duration::from_secs(seconds));
    world.host().lab("mend", &[]);
    world.host().run(GO);
    world.ends(&id, "completed");
    assert_eq!(world.column(&id, "unreachable_since"), "");
    world.works();
    check::all(&world)
}

fn sshd(script: &str) -> String {
    let lab = Lab::up(1);
    let world = World::new(&lab);
    let id = WhileAStepRuns.of_a_run(&world);
    let before = world.host().run("systemctl show -P MainPID ssh");
    // It may end with the connection that asks for it.
    let _ = world.host().try_run(script);
    let is_another =
        format!("now=$(systemctl show -P MainPID ssh); [ $now != 0 ] && [ $now != {before} ]");
    world.host().wait_for(&is_another);
    world.host().run(GO);
    world.ends(&id, "completed");
    world.works();
    check::all(&world)
}

fn reboots(how: &[&str]) -> String {
    let lab = Lab::up(1);
    let mut world = World::new(&lab);
    let id = WhileAStepRuns.of_a_run(&world);
    world.host().lab("reboot", how);
    world.host().run(GO);
    world.ends(&id, "completed");
    let starts = format!(
        "SELECT string_agg(starts::text, ',' ORDER BY number) FROM run_steps WHERE run_id = '{id}'"
    );
    assert_eq!(world.sql(&starts), "1,2,1");
    world.notes.push("the interrupted step started again once".to_owned());
    world.works();
    check::all(&world)
}

fn gone_for_good() -> String {
    let lab = Lab::up(1);
    let mut world = World::impatient(&lab);
    let id = WhileAStepRuns.of_a_run(&world);
    world.host().lab("kill", &[]);
    world.ends(&id, "failed");
    assert_eq!(world.column(&id, "error_kind, host_state"), "unreachable|unknown");
    world.fleet.ok(&["runs", "abandon", &id, "--yes"]);
    assert_eq!(world.column(&id, "status, error_kind, host_state"), "failed|abandoned|abandoned");
    world
        .notes
        .push("failed after 1 minute of patience: unreachable, unknown; given up".to_owned());
    check::all_but(&world, &[1])
}
