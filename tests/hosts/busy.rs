//! Promise 3: one run a host, kept by the host itself. The same plan is followed;
//! another one waits, follows or says who has the host.

use std::thread;

use crate::harness::{Host, Lab, Running, wait_until};
use crate::job;
use crate::pty::Terminal;

const ASKS: &str = "Your answer [w/f/q]:";

/// One host, a job that waits there, and another job.
fn lab() -> Lab {
    let lab = Lab::up(1);
    lab.job("long", &job::of(&[("long", &format!("seq 500; echo €\n{}\necho last", job::WAIT))]));
    lab.job("other", &job::of(&[("other", "")]));
    lab
}

/// The host is at `long`, and this follows it there.
fn busy(host: &Host<'_>) -> (Running, String) {
    let mut running = host.apply("long").start();
    let run = running.wait_for("run.started", "")["run"].as_str().expect("a run").to_owned();
    host.wait_for(job::WAITS);
    (running, run)
}

#[test]
fn another_plan_is_told_who_has_the_host() {
    let lab = lab();
    let host = lab.host(1);
    let (running, run) = busy(&host);
    for more in [&[][..], &["--plan"]] {
        let done = host.apply("other").args(more).json().failed("host_busy");
        let error = done.last()["error"].as_str().expect("an error");
        for text in [&host.address, &run, "installation apply", "when it has ended", "--wait"] {
            assert!(error.contains(text), "{text:?} is missing: {error}");
        }
    }
    host.run(job::GO);
    assert_eq!(running.finish().completed().count(true), 1);
    host.run("[ -e /root/long.done ] && [ ! -e /root/other.done ]");
}

#[test]
fn with_wait_it_waits_and_then_runs() {
    let lab = lab();
    let host = lab.host(1);
    let (running, _) = busy(&host);
    let waiting = host.apply("other").arg("--wait").start();
    // It has asked the host at least once by then.
    host.wait_for("[ $(journalctl -b -u ssh | grep -c 'Accepted publickey') -gt 8 ]");
    host.run("[ ! -e /root/other.done ] && touch /root/go");
    running.finish().completed();
    let done = waiting.finish().completed();
    assert_eq!(done.count(true), 1);
    host.run("[ /root/other.done -nt /root/long.done ]");
}

/// Several that wait for the same moment: one after the other, and none gives up.
#[test]
fn many_that_wait_all_get_their_turn() {
    let lab = lab();
    let host = lab.host(1);
    let names = ["a", "b", "c", "d"];
    for name in names {
        let run = format!(
            "[ ! -e /root/at-work ]; touch /root/at-work; sleep 0.2; rm /root/at-work # {name}"
        );
        lab.job(name, &job::of(&[(name, &run)]));
    }
    let (running, _) = busy(&host);
    let waiting: Vec<Running> =
        names.iter().map(|name| host.apply(name).arg("--wait").start()).collect();
    host.run(job::GO);
    running.finish().completed();
    for waiting in waiting {
        assert_eq!(waiting.finish().completed().count(true), 1);
    }
}

/// The same plan: the same run, from its first byte, in both.
#[test]
fn the_same_plan_is_followed_from_its_start() {
    let lab = lab();
    let host = lab.host(1);
    let (running, run) = busy(&host);
    let mut second = host.apply("long").start();
    let started = second.wait_for("run.started", "");
    assert_eq!((&started["followed"], &started["run"]), (&true.into(), &run.into()));
    second.wait_for("step.output", "500\\n€");
    host.run(job::GO);
    let (first, second) = (running.finish().completed(), second.finish().completed());
    let out = host.run(&format!("cat {}/attempt-1/out", host.last_run())) + "\n";
    assert_eq!((first.output().as_str(), second.output().as_str()), (out.as_str(), out.as_str()));
    assert_eq!(second.all("step.output")[0]["offset"], 0);
    assert!(second.said.contains("following run"), "{}", second.said);
    assert_eq!(host.starts(1, 1), 1);
}

/// Two at the very same moment: one starts it, the other follows, or finds it done.
#[test]
fn two_at_once_start_it_once() {
    let lab = lab();
    let host = lab.host(1);
    host.run(job::GO);
    let [one, two] = [1, 2].map(|_| host.apply("long").start());
    let (one, two) = (one.finish(), two.finish());
    // Who comes a moment too late for the start, and too early to follow, may be told so.
    for done in [&one, &two] {
        if done.code != 0 {
            assert_eq!(done.last()["kind"], "host_busy", "{:#?}", done.events);
        }
    }
    assert!(one.code == 0 || two.code == 0);
    let changed =
        host.run("grep -ls ' changed 1 ' /var/lib/groundcrew/runs/*/attempt-1/journal | wc -l");
    assert_eq!(changed, "1", "it was put in place once");
}

/// On a terminal: follow that run, and its end is ours.
#[test]
fn on_a_terminal_f_follows_the_other_run() {
    let lab = lab();
    let host = lab.host(1);
    let (running, run) = busy(&host);
    let mut terminal = Terminal::start(host.apply("other"));
    terminal.wait_for(ASKS);
    assert!(
        terminal.screen().contains(&format!("is busy with run {run}")),
        "{}",
        terminal.screen()
    );
    terminal.press("f");
    terminal.wait_for("Step long");
    host.run(job::GO);
    let ended = terminal.finish();
    assert_eq!(ended.code, 0, "{}", ended.screen);
    assert!(ended.screen.contains("1 changed, 0 in place"), "{}", ended.screen);
    running.finish().completed();
    host.run("[ ! -e /root/other.done ]");
}

#[test]
fn on_a_terminal_w_waits_and_q_stops() {
    let lab = lab();
    let host = lab.host(1);
    let (running, _) = busy(&host);
    let mut stops = Terminal::start(host.apply("other"));
    stops.wait_for(ASKS);
    stops.press("q");
    let ended = stops.finish();
    assert_eq!(ended.code, 1, "{}", ended.screen);
    assert!(ended.screen.contains("is busy with"), "{}", ended.screen);

    let mut waits = Terminal::start(host.apply("other"));
    waits.wait_for(ASKS);
    waits.press("w");
    host.run("[ ! -e /root/other.done ] && touch /root/go");
    let ended = waits.finish();
    assert_eq!(ended.code, 0, "{}", ended.screen);
    assert_eq!(ended.screen.matches(ASKS).count(), 1, "asked once: {}", ended.screen);
    running.finish().completed();
    host.run("[ -e /root/other.done ]");
}

/// Who waits may leave, and has started nothing.
#[test]
fn who_waits_may_leave() {
    let lab = lab();
    let host = lab.host(1);
    let (running, _) = busy(&host);
    let waiting = host.apply("other").arg("--wait").start();
    host.wait_for("[ $(journalctl -b -u ssh | grep -c 'Accepted publickey') -gt 8 ]");
    waiting.signal("TERM");
    let done = waiting.finish().failed("left");
    assert!(done.last()["error"].as_str().is_some_and(|e| e.contains("nothing was started")));
    host.run(job::GO);
    running.finish().completed();
    wait_until("nothing of it is there", || {
        thread::yield_now();
        host.run("ls /var/lib/groundcrew/runs | wc -l") == "1"
    });
}
