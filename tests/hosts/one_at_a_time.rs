//! Promise 3: one run a host at a time, kept by the host itself; and what it keeps of
//! those before.

use crate::harness::{Host, Lab};
use crate::steps::{step, touch, wait_for_go};

/// Two plans at the same time on one host: one runs, the other says what it is busy with.
#[test]
fn two_plans_at_once() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("one", &[wait_for_go("one")]);
    lab.steps("two", &[wait_for_go("two")]);
    let runs = [host.apply("one").start(), host.apply("two").start()];
    host.wait_for("test -s /root/one || test -s /root/two");
    host.run("sleep 1; touch /root/go");
    let mut done = runs.map(crate::harness::Running::finish);
    done.sort_by_key(|done| done.code);
    let [winner, loser] = done;
    let winner = winner.completed();
    let loser = loser.failed("host_busy");
    assert!(loser.last()["error"].to_string().contains(winner.run()), "{}", loser.last());
    assert_eq!(host.lines("/root/one") + host.lines("/root/two"), 1);
}

/// With `--wait` the second one comes after the first.
#[test]
fn waits_for_its_turn() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("one", &[wait_for_go("one")]);
    lab.steps(
        "two",
        &[step("two", "test -e /root/two", "test -e /root/one.done; touch /root/two")],
    );
    let mut first = host.apply("one").start();
    first.wait_for("step.started", "one");
    let second = host.apply("two").arg("--wait").start();
    host.run("sleep 1; touch /root/go");
    first.finish().completed();
    second.finish().completed();
}

/// One host, given under two addresses in one command: one run, which both follow.
#[test]
fn one_host_under_two_addresses() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("one", &[wait_for_go("one"), touch("after")]);
    let run = host.apply("one").arg(format!("root@{}:22", host.address)).start();
    host.wait_for("test -s /root/one");
    host.run("sleep 1; touch /root/go");
    let done = run.finish();
    assert_eq!(done.code, 0, "{:#?}", done.events);
    assert_eq!(done.all("run.completed").len(), 2);
    assert_eq!(done.all("run.completed")[0]["run"], done.all("run.completed")[1]["run"]);
    assert_eq!(host.lines("/root/one"), 1);
}

fn runs(host: &Host<'_>, pattern: &str) -> usize {
    host.run(&format!("ls -d /var/lib/groundcrew/runs/*/{pattern} 2>/dev/null | wc -l"))
        .parse()
        .expect("a number")
}

/// Of 22 runs 20 are kept, and the tombstones of the others, which nobody can start again.
#[test]
fn keeps_20_runs() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("one", &[touch("one")]);
    for _ in 0..22 {
        host.apply("one").json().completed();
    }
    assert_eq!((runs(&host, "attempt-1"), runs(&host, "tombstone"), runs(&host, "")), (20, 2, 22));
    let oldest = host.run("ls /var/lib/groundcrew/runs | head -n 1");
    assert_eq!(host.ask(&format!("state {oldest} 1")), "state 0 ended");
    let bundle = crate::talk::bundle(&oldest, 1, "true");
    assert_eq!(host.talk().start(&oldest, 1, 1, &bundle), "refused ended");
}

/// `--plan` changes nothing, however often, and is never taken for a run of the same plan.
#[test]
fn plan_is_no_run() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    // A check that waits, so that another one can come meanwhile.
    let check =
        "echo asked >>/run/asked; until [ -e /run/go ]; do sleep 0.05; done; test -e /root/slow";
    lab.steps("slow", &[touch("one"), step("slow", check, "touch /root/slow")]);
    let plan = host.apply("slow").arg("--plan").start();
    host.wait_for("test -s /run/asked");
    let second = host.apply("slow").arg("--plan").start();
    host.apply("slow").json().failed("host_busy");
    host.run("touch /run/go");
    for done in [plan.finish(), second.finish()] {
        assert_eq!(done.code, 0, "{:#?}", done.events);
        let steps = done.last()["steps"].as_array().expect("steps").clone();
        assert!(steps.iter().all(|step| step["in_place"] == false), "{steps:?}");
    }
    host.run("! ls /root/one /root/slow");
    assert_eq!(host.apply("slow").json().completed().count(true), 2);
    let plan = host.apply("slow").arg("--plan").json();
    let steps = plan.last()["steps"].as_array().expect("steps").clone();
    assert!(steps.iter().all(|step| step["in_place"] == true), "{steps:?}");
}
