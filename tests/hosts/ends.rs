//! A run ends when it is told to, when its time is over, or when its runner is
//! killed; nothing of it stays, and the next one works right after.

use std::time::{Duration, Instant};

use crate::harness::{Host, Lab};
use crate::steps::{step, step_with, touch, wait_for_go};

/// A step that ignores TERM, with a child that does, too; both can be told by the number.
fn ignores_term(seconds: u32) -> String {
    format!("trap '' TERM; sleep {seconds} & sleep {seconds}")
}

fn is_gone(seconds: u32) -> String {
    format!("! pgrep -f '[s]leep {seconds}'")
}

/// The run that is going on.
fn running(host: &Host<'_>) -> String {
    host.run("ls /var/lib/groundcrew/runs | tail -n 1")
}

/// `systemctl` about the unit of the newest run.
fn unit(host: &Host<'_>) -> String {
    format!("groundcrew-{}-1.service", running(host))
}

/// Cancel: TERM, after 10 s KILL; `run.cancelled` comes when nothing is left.
#[test]
fn cancel_of_a_step_that_ignores_term() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("stubborn", &[step("stubborn", "false", &ignores_term(98_001))]);
    lab.steps("next", &[touch("next")]);
    let mut run = host.apply("stubborn").start();
    run.wait_for("step.started", "");
    host.wait_for("pgrep -f '[s]leep 98001'");
    let start = Instant::now();
    let mut talk = host.talk();
    assert_eq!(talk.ask(&format!("cancel {} 1", running(&host)), &[]), "ended cancelled");
    let took = start.elapsed();
    assert!(took > Duration::from_secs(8) && took < Duration::from_secs(25), "{took:?}");
    host.run(&is_gone(98_001));
    let done = run.finish();
    assert_eq!((done.code, &done.last()["event"]), (1, &"run.cancelled".into()));
    let ended = done.last()["time"].as_str().expect("a time").to_owned();
    let began = done.all("step.started")[0]["time"].as_str().expect("a time").to_owned();
    let apart = ended.parse::<jiff::Timestamp>().expect("a time").as_second()
        - began.parse::<jiff::Timestamp>().expect("a time").as_second();
    assert!(apart >= 8, "cancelled before it was dead: {:#?}", done.events);
    host.apply("next").json().completed();
}

#[test]
fn cancel_is_prompt() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("sleeps", &[step("sleeps", "false", "sleep 98002")]);
    let mut run = host.apply("sleeps").start();
    run.wait_for("step.started", "");
    let start = Instant::now();
    assert_eq!(host.ask(&format!("cancel {} 1", running(&host))), "ended cancelled");
    let done = run.finish();
    assert_eq!(done.last()["event"], "run.cancelled");
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    host.run(&is_gone(98_002));
}

/// A daemon that a step left holds the output open: the run ends all the same, at
/// once, and the daemon ends with it; the next run waits until it is gone.
#[test]
fn daemon_that_holds_the_output() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let daemons =
        format!("setsid nohup sleep 98003 &\nsetsid sh -c \"{}\" &", ignores_term(98_004));
    lab.steps(
        "daemon",
        &[step("leaves", "test -e /root/left", &format!("{daemons}\ntouch /root/left"))],
    );
    lab.steps(
        "next",
        &[step("next", "test -e /root/next", &format!("{}\ntouch /root/next", is_gone(98_004)))],
    );
    let start = Instant::now();
    host.apply("daemon").json().completed();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    host.apply("next").json().completed();
    host.run(&is_gone(98_003));
}

/// A step over its limit fails, also if it ignores TERM and has children; all is
/// killed, and the next run works right after.
#[test]
fn step_over_its_limit() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("slow", &[step_with("slow", "false", &ignores_term(98_005), "timeout = \"2s\"")]);
    lab.steps(
        "next",
        &[step("next", "test -e /root/next", &format!("{}\ntouch /root/next", is_gone(98_005)))],
    );
    let start = Instant::now();
    let done = host.apply("slow").json().failed("timed_out");
    let took = start.elapsed();
    assert!(took > Duration::from_secs(2) && took < Duration::from_secs(8), "{took:?}");
    assert!(done.all("step.failed")[0]["exit_code"].is_null());
    host.apply("next").json().completed();
}

/// A check has the limit, too; and a limit is never shorter than it says.
#[test]
fn check_over_its_limit() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("check", &[step_with("check", "sleep 98006", "true", "timeout = \"1s\"")]);
    lab.steps("just", &[step_with("just", "sleep 0.9", "true", "timeout = \"1s\"")]);
    host.apply("check").json().failed("timed_out");
    host.wait_for(&is_gone(98_006));
    for _ in 0..3 {
        host.apply("just").json().completed();
    }
}

/// The runner is killed with KILL in the same boot: the run is lost, the rest of its
/// processes is gone, and the next one works.
#[test]
fn runner_killed() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps(
        "lost",
        &[
            touch("before"),
            step(
                "lost",
                "test -e /root/lost",
                "echo run >>/root/ran; [ -e /root/again ] || sleep 98007; touch /root/lost",
            ),
        ],
    );
    let mut run = host.apply("lost").start();
    run.wait_for("step.started", "lost");
    host.wait_for("test -s /root/ran");
    host.run(&format!("kill -9 $(systemctl show -P MainPID {})", unit(&host)));
    let start = Instant::now();
    run.finish().failed("runner_lost");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    host.run(&is_gone(98_007));
    assert!(host.journal(1).last().expect("an end").ends_with(" lost"));
    host.run("touch /root/again");
    let again = host.apply("lost").json().completed();
    assert_eq!((again.count(false), again.count(true)), (1, 1));
}

/// Nobody followed it when its runner was killed: the next `apply` is not held up.
#[test]
fn runner_killed_while_nobody_looked() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("lost", &[wait_for_go("lost")]);
    let mut run = host.apply("lost").start();
    run.wait_for("step.started", "lost");
    run.kill();
    host.run(&format!("kill -9 $(systemctl show -P MainPID {}); touch /root/go", unit(&host)));
    host.apply("lost").json().completed();
}

/// Somebody sends TERM to the unit, and it is no reboot: the run fails at once, and says so.
#[test]
fn unit_killed_with_term() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("term", &[wait_for_go("term")]);
    let mut run = host.apply("term").start();
    run.wait_for("step.started", "term");
    host.wait_for("test -s /root/term");
    host.run(&format!("systemctl kill {}", unit(&host)));
    let start = Instant::now();
    run.finish().failed("interrupted");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert!(host.journal(1).last().expect("an end").ends_with(" stopped"));
    host.run("touch /root/go");
    host.apply("term").json().completed();
}

/// `systemctl stop` and `restart` are refused: that is needrestart's way to break a run.
#[test]
fn unit_refuses_stop_and_restart() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("stop", &[wait_for_go("stop")]);
    let mut run = host.apply("stop").start();
    run.wait_for("step.started", "stop");
    for verb in ["stop", "restart"] {
        assert!(!host.try_run(&format!("systemctl {verb} {}", unit(&host))).status.success());
    }
    host.run("touch /root/go");
    run.finish().completed();
    assert_eq!(host.lines("/root/stop"), 1);
}

/// What a step starts in its own name ends with it; what systemd runs stays.
#[test]
fn services_stay() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps(
        "service",
        &[step(
            "service",
            "systemctl is-active -q stays || exit 1",
            "systemd-run -q --unit stays sleep 98008",
        )],
    );
    host.apply("service").json().completed();
    host.wait_for("! systemctl list-units --no-legend 'groundcrew-*' | grep .");
    host.run("systemctl is-active -q stays");
}
