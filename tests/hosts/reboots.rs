//! The host reboots in the middle: the interrupted step is started again, in a new
//! attempt, once the host has shown that the former one is dead; once, and no more.

use crate::harness::{Host, Lab};
use crate::steps::{step, touch};

/// A step that hangs the first time, and goes well the second time.
fn hangs_once(name: &str) -> String {
    step(
        name,
        &format!("test -e /root/{name}.done"),
        &format!(
            "echo started >>/root/{name}\n[ \"$(wc -l </root/{name})\" -gt 1 ] || sleep 1000\n\
             echo over; touch /root/{name}.done"
        ),
    )
}

fn rebooted_in_the_middle(reboot: &[&str], said: &str) {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("reboot", &[touch("before"), hangs_once("middle"), touch("after")]);
    let mut run = host.apply("reboot").start();
    run.wait_for("step.started", "middle");
    host.wait_for("test -s /root/middle");
    // What the line had to say comes after the loss of power.
    host.lab("reboot", reboot);
    let done = run.finish().completed();
    let attempts: Vec<_> = done
        .all("step.started")
        .iter()
        .map(|event| (event["step"].as_str().expect("a step"), event["attempt"].as_u64()))
        .collect();
    assert_eq!(
        attempts,
        [("before", Some(1)), ("middle", Some(1)), ("middle", Some(2)), ("after", Some(1))]
    );
    assert!(done.said.contains("started again"), "{}", done.said);
    assert_eq!(done.last()["changed"], 3);
    assert_eq!(host.starts(1, 2), 1);
    assert_eq!((host.starts(2, 1), host.starts(2, 2), host.starts(2, 3)), (0, 1, 1));
    assert!(host.journal(1).last().expect("an end").ends_with(said), "{:?}", host.journal(1));
    assert_eq!(host.run("ls /var/lib/groundcrew/runs | wc -l"), "1");
}

#[test]
fn rebooted_in_good_order() {
    rebooted_in_the_middle(&[], "interrupted");
}

#[test]
fn rebooted_by_a_loss_of_power() {
    rebooted_in_the_middle(&["--hard"], "interrupted");
}

fn reboots_itself(lab: &Lab, host: &Host<'_>, check: &str) {
    lab.steps(
        "itself",
        &[step("itself", check, "echo once >>/root/itself; reboot; sleep 1000"), touch("after")],
    );
    host.run("rm -f /root/itself");
}

/// A step that reboots its host is not started again for ever.
#[test]
fn interrupted_twice() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    reboots_itself(&lab, &host, "false");
    host.apply("itself").json().failed("interrupted_twice");
    host.wait_for("true");
    assert_eq!(host.lines("/root/itself"), 2);
}

/// A step that reboots its host, and is in place after that, is a good step.
#[test]
fn in_place_after_its_own_reboot() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    reboots_itself(&lab, &host, "test -s /root/itself");
    host.apply("itself").json().completed();
    assert_eq!(host.lines("/root/itself"), 1);
}
