//! Cancelling: `cancelled` only when the host has confirmed it, and nothing of the run lives.

use crate::fleet::Fleet;
use crate::job;
use crate::lab::{Host, Lab, wait_until};

/// A step that does not mind TERM, and another process of its, too.
const STUBBORN: &str =
    "trap '' TERM; setsid sleep 1000 & touch /root/waits; while :; do sleep 1; done";

/// An installation with a server, and a run that is at its first step.
fn at_work(lab: &Lab, step: &str) -> (Fleet, String) {
    let fleet = Fleet::embedded().with("GROUNDCREW_PATIENCE", "1");
    fleet.job("test", &job::of(&[("one", step), ("two", "")]));
    let up = fleet.up();
    fleet.add("edge-1", &lab.host(1));
    let id = fleet.ask("test", "edge-1");
    lab.host(1).wait_for(job::WAITS);
    fleet.keep(up);
    (fleet, id)
}

fn nothing_lives(host: &Host<'_>) {
    host.run("! systemctl list-units --plain 'groundcrew-*' | grep -q running");
    host.run("! pgrep -f 'sleep 100[0]'");
}

#[test]
fn one_that_waits_at_once() {
    let lab = Lab::up(1);
    let (fleet, first) = at_work(&lab, job::WAIT);
    let second = fleet.ask("test", "edge-1");
    let third = fleet.ask("test", "edge-1");
    assert_eq!(fleet.run(&third)["place"], 2);
    let shown = fleet.ok(&["runs", "show", &third]);
    assert!(shown.contains("for the 2 runs of this server before it"), "{shown}");
    assert!(fleet.ok(&["runs", "cancel", &second]).contains("it had not begun"));
    fleet.ends(&second, "cancelled");
    assert_eq!(fleet.run(&third)["place"], 1);
    lab.host(1).run(job::GO);
    fleet.ends(&first, "completed");
    fleet.ends(&third, "completed");
    fleet.refused(1, &["runs", "cancel", &first], &["can't be cancelled", "completed"]);
}

#[test]
fn one_that_ignores_term() {
    let lab = Lab::up(1);
    let (fleet, id) = at_work(&lab, STUBBORN);
    assert!(fleet.ok(&["runs", "cancel", &id]).contains("once edge-1 has said so"));
    let run = fleet.ends(&id, "cancelled");
    assert_eq!(run["steps"][0]["status"], "failed");
    nothing_lives(&lab.host(1));
}

/// The wish stays while the host is away, and is carried out when it is back; and it is not
/// forgotten with the worker that heard it.
#[test]
fn one_whose_host_is_away() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let (fleet, id) = at_work(&lab, STUBBORN);
    host.lab("cut", &[]);
    wait_until("that it is away is seen", || !fleet.run(&id)["unreachable_since"].is_null());
    let said = fleet.ok(&["runs", "cancel", &id]);
    assert!(said.contains("can't be reached since"), "{said}");
    fleet.kept().kill();
    let _another = fleet.up();
    assert_eq!(fleet.run(&id)["status"], "installing");
    host.lab("mend", &[]);
    fleet.ends(&id, "cancelled");
    nothing_lives(&host);
}
