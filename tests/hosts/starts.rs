//! Promises 3, 4 and 5, asked of the host by hand: an attempt is started at most
//! once, by nobody who is behind, and not after a cancel or an end.

use std::thread;

use crate::harness::{Host, Lab};
use crate::talk::bundle;

const RUN: &str = "01900000-0000-7000-8000-000000000001";
const OTHER: &str = "01900000-0000-7000-8000-000000000002";
/// Counts itself, and waits.
const WAITS: &str = "echo started >>/root/count; until [ -e /root/go ]; do sleep 0.05; done";

fn journal(host: &Host<'_>, run: &str, attempt: u32) -> String {
    host.run(&format!("cat /var/lib/groundcrew/runs/{run}/attempt-{attempt}/journal"))
}

fn wait_for_end(host: &Host<'_>, run: &str, end: &str) {
    let script = format!(
        "cd /var/lib/groundcrew/runs/{run}/attempt-1; \
         for i in $(seq 600); do grep ' end ' journal && exit; sleep 0.1; done; \
         ls -la . /run/groundcrew.lock; cat journal; systemctl status --no-pager 'groundcrew-*'"
    );
    let said = host.run(&script);
    assert!(said.ends_with(&format!(" {end}")), "{said}");
}

/// An answer that was lost can be asked for again; it is one start all the same.
#[test]
fn second_start_of_an_attempt_starts_nothing() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let mut talk = host.talk();
    assert_eq!(talk.start(RUN, 1, 1, &bundle(RUN, 1, WAITS)), "started");
    host.wait_for("test -s /root/count");
    assert_eq!(talk.start(RUN, 1, 1, &bundle(RUN, 1, WAITS)), "known 1");
    let another = bundle(RUN, 1, "echo another >>/root/count");
    assert_eq!(host.talk().start(RUN, 1, 1, &another), "known 1");
    assert_eq!(talk.start(RUN, 2, 1, &bundle(RUN, 2, WAITS)), "refused attempt running");
    assert_eq!(talk.start(RUN, 3, 1, &bundle(RUN, 3, WAITS)), "refused attempt none");
    host.run("touch /root/go");
    wait_for_end(&host, RUN, "completed");
    assert_eq!(talk.start(RUN, 1, 1, &bundle(RUN, 1, WAITS)), "known 1");
    assert_eq!(talk.start(RUN, 2, 1, &bundle(RUN, 2, WAITS)), "refused attempt completed");
    assert_eq!(host.run("cat /root/count"), "started");
    assert_eq!(journal(&host, RUN, 1).matches(" start ").count(), 1);
    assert_eq!(host.run(&format!("ls -d /var/lib/groundcrew/runs/{RUN}/incoming.* || true")), "");
}

/// Many starts of one attempt in the same moment are one start.
#[test]
fn many_starts_at_once_are_one() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    host.run("touch /root/go");
    let bytes = bundle(RUN, 1, WAITS);
    let start = || host.talk().start(RUN, 1, 1, &bytes);
    let mut answers: Vec<_> = thread::scope(|scope| {
        let all: Vec<_> = (0..6).map(|_| scope.spawn(start)).collect();
        all.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    answers.sort_unstable();
    assert_eq!(answers[..5], ["known 1"; 5]);
    assert_eq!(answers[5], "started");
    wait_for_end(&host, RUN, "completed");
    assert_eq!(host.run("cat /root/count"), "started");
}

/// Of two runs that are started in the same moment one has the host, and the other hears which.
#[test]
fn two_runs_at_once_are_one() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    for round in 0..5 {
        host.run("rm -f /root/go /root/count /root/in-place");
        let runs = [format!("{round}-a"), format!("{round}-b")];
        let start = |run: &str| host.talk().start(run, 1, 1, &bundle(run, 1, WAITS));
        let mut answers = thread::scope(|scope| {
            let other = scope.spawn(|| start(&runs[1]));
            [start(&runs[0]), other.join().expect("an answer")]
        });
        let winner = usize::from(answers[0] != "started");
        answers.sort();
        assert_eq!(answers, [format!("busy test {} 1 digest", runs[winner]), "started".into()]);
        host.wait_for("test -s /root/count");
        host.run("touch /root/go");
        wait_for_end(&host, &runs[winner], "completed");
        assert_eq!(host.run("cat /root/count"), "started");
    }
}

/// Who held the lease before can neither start, nor ask, nor cancel.
#[test]
fn lower_epoch_refused() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let mut talk = host.talk();
    assert_eq!(talk.start(RUN, 1, 5, &bundle(RUN, 1, WAITS)), "started");
    assert_eq!(talk.ask(&format!("state {RUN} 4"), &[]), "refused epoch 5");
    assert_eq!(talk.ask(&format!("cancel {RUN} 4"), &[]), "refused epoch 5");
    assert_eq!(talk.start(RUN, 1, 4, &bundle(RUN, 1, WAITS)), "refused epoch 5");
    assert_eq!(talk.ask(&format!("state {RUN} 6"), &[]), "state 1 running");
    assert_eq!(talk.ask(&format!("cancel {RUN} 5"), &[]), "refused epoch 6");
    assert_eq!(talk.ask(&format!("cancel {RUN} 6"), &[]), "ended cancelled");
    // Where epochs go on after a restoration.
    assert_eq!(talk.ask(&format!("state {RUN} 1795423453001"), &[]), "state 1 cancelled");
    assert_eq!(talk.ask(&format!("state {RUN} 1795423453000"), &[]), "refused epoch 1795423453001");
}

/// A cancel of what was not started yet keeps it from being started.
#[test]
fn cancelled_before_its_start() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let mut talk = host.talk();
    assert_eq!(talk.ask(&format!("cancel {RUN} 1"), &[]), "ended cancelled");
    assert_eq!(talk.start(RUN, 1, 1, &bundle(RUN, 1, WAITS)), "refused cancelled");
    assert_eq!(host.lines("/root/count"), 0);
}

#[test]
fn cancelled_run_not_started_again() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let mut talk = host.talk();
    assert_eq!(talk.start(RUN, 1, 1, &bundle(RUN, 1, WAITS)), "started");
    host.wait_for("test -s /root/count");
    assert_eq!(talk.ask(&format!("cancel {RUN} 1"), &[]), "ended cancelled");
    assert!(journal(&host, RUN, 1).ends_with(" cancelled"), "{}", journal(&host, RUN, 1));
    assert_eq!(talk.start(RUN, 1, 1, &bundle(RUN, 1, WAITS)), "known 1");
    assert_eq!(talk.start(RUN, 2, 1, &bundle(RUN, 2, WAITS)), "refused cancelled");
    assert_eq!(talk.ask(&format!("cancel {RUN} 1"), &[]), "ended cancelled");
    assert_eq!(host.run("cat /root/count"), "started");
    // And the host is free.
    host.run("touch /root/go");
    assert_eq!(host.talk().start(OTHER, 1, 1, &bundle(OTHER, 1, WAITS)), "started");
    wait_for_end(&host, OTHER, "completed");
}

/// A cancel that comes after the end changes nothing of it.
#[test]
fn cancel_after_the_end() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let mut talk = host.talk();
    assert_eq!(talk.start(RUN, 1, 1, &bundle(RUN, 1, "true")), "started");
    wait_for_end(&host, RUN, "completed");
    assert_eq!(talk.ask(&format!("cancel {RUN} 1"), &[]), "ended completed");
}

/// A bundle whose line is cut, also exactly between two of its files, is no bundle,
/// and nothing of it (there may be secrets in it) stays.
#[test]
fn half_a_bundle_starts_nothing() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let bytes = bundle(RUN, 1, WAITS);
    let before_last = memchr::memmem::find(&bytes, b"whole\0").expect("the last file");
    for length in [100, 700, before_last] {
        let command = format!("start {RUN} 1 1 test {}\n", bytes.len());
        host.talk().send_last(&[command.as_bytes(), &bytes[..length]].concat());
        assert_eq!(host.run(&format!("ls /var/lib/groundcrew/runs/{RUN}")), "", "{length}");
    }
    host.run("touch /root/go");
    assert_eq!(host.talk().start(RUN, 1, 1, &bytes), "started");
    wait_for_end(&host, RUN, "completed");
}

/// What a control that was killed while it unpacked has left is swept.
#[test]
fn remains_of_a_start_are_swept() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    host.run(&format!("mkdir -p /var/lib/groundcrew/runs/{RUN}/incoming.999999/values"));
    host.run("touch /root/go");
    assert_eq!(host.talk().start(RUN, 1, 1, &bundle(RUN, 1, WAITS)), "started");
    wait_for_end(&host, RUN, "completed");
    assert_eq!(host.run(&format!("ls -d /var/lib/groundcrew/runs/{RUN}/incoming.* || true")), "");
}

/// The host's lock may name a run that is gone (somebody removed its folder).
#[test]
fn ghost_does_not_hold_the_host() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    for ghost in ["test gone 1 digest\\n", "no newline", "\\n", "one\\n"] {
        host.run(&format!("printf '{ghost}' >/run/groundcrew.lock; rm -f /root/in-place"));
        let mut talk = host.talk();
        assert_eq!(talk.holder.trim(), "holder", "{ghost:?}");
        let run = ghost.len().to_string();
        assert_eq!(talk.start(&run, 1, 1, &bundle(&run, 1, "true")), "started", "{ghost:?}");
        wait_for_end(&host, &run, "completed");
    }
}

#[test]
fn unknown_command_is_an_error() {
    let lab = Lab::up(1);
    assert_eq!(lab.host(1).ask("dance 1 2"), "error unknown command");
}
