//! What can have become of runs after the backup, a server each.

use std::fs;

use serde_json::Value;

use crate::fleet::Fleet;
use crate::history::{folder, is_whole};
use crate::job;
use crate::lab::{Host, wait_until};

/// One server: its runs before the backup, what the old installation goes on to do, and how they
/// end in the restored one.
pub struct Case {
    pub server: &'static str,
    pub before: fn(&Fleet, &Host<'_>) -> Vec<String>,
    pub after: fn(&Fleet, &Host<'_>, &[String]),
    pub then: fn(&Fleet, &Host<'_>, &[String]),
}

pub const CASES: [Case; 11] = [
    Case { server: "going", before: one, after: nothing, then: is_followed },
    Case { server: "begun", before: two_that_wait, after: the_second_goes, then: both_are_whole },
    Case { server: "ended", before: several, after: all_complete, then: are_recorded },
    Case { server: "retried", before: fails, after: is_retried, then: the_retry_is_followed },
    Case {
        server: "failed",
        before: has_failed,
        after: is_retried_from_the_first,
        then: a_retry_follows_it,
    },
    Case { server: "reinstalled", before: one, after: is_reinstalled, then: is_lost },
    Case { server: "cancelled", before: one, after: is_cancelled, then: is_so },
    Case { server: "pruned", before: two, after: many_more, then: failed_and_not_started },
    Case { server: "waited", before: two, after: nothing, then: begins_once },
    Case { server: "unknown", before: none, after: another_goes, then: is_waited_for },
    Case { server: "cancels", before: two, after: all_complete, then: a_cancel_asks_the_host },
];

/// The jobs as they were when the runs were asked for.
pub fn jobs(fleet: &Fleet) {
    let waits = format!("{}\nseq 500", job::WAIT);
    fleet.job("waits", &job::of(&[("one", "echo one"), ("waits", &waits), ("last", "echo last")]));
    let mends = format!("{}\n[ -e /root/mended ]", job::WAIT);
    fleet.job("fails", &job::of(&[("first", "echo first"), ("mends", &mends), ("after", "")]));
    let steps = [("p", "echo p"), ("q", "[ -e /root/mended ]"), ("r", job::WAIT)];
    fleet.job("again", &job::of(&steps));
    fleet.job("holds", &job::of(&[("h", HOLDS), ("i", "echo i")]));
    fleet.job("two", &job::of(&[("a", "echo a"), ("b", "echo b")]));
    fleet.job("changes", &job::of(&[("x", "echo x"), ("y", "echo y")]));
    fleet.job("removed", &job::of(&[("gone", "echo gone")]));
}

/// As they are when the restored installation looks.
pub fn jobs_have_changed(fleet: &Fleet) {
    fleet.job("changes", &job::of(&[("z", "echo z")]));
    fs::remove_file(fleet.job_file("removed")).expect("the file");
}

/// As [`job::WAIT`], for a second one.
const HOLDS: &str = "touch /root/holds; until [ -e /root/go-on ]; do sleep 0.05; done";

fn none(_: &Fleet, _: &Host<'_>) -> Vec<String> {
    vec![]
}

fn nothing(_: &Fleet, _: &Host<'_>, _: &[String]) {}

fn waits(fleet: &Fleet, host: &Host<'_>, job: &str) -> String {
    let id = fleet.ask(job, &server(fleet, host));
    host.wait_for(job::WAITS);
    id
}

/// The host's name here.
fn server(fleet: &Fleet, host: &Host<'_>) -> String {
    let all: Value = serde_json::from_str(&fleet.ok(&["server", "list", "--json"])).expect("JSON");
    let all = all.as_array().expect("servers");
    let this = all.iter().find(|server| server["host"] == host.address.as_str());
    this.expect("the server")["name"].as_str().expect("a name").to_owned()
}

fn one(fleet: &Fleet, host: &Host<'_>) -> Vec<String> {
    vec![waits(fleet, host, "waits")]
}

/// The second one is pending in the backup.
fn two(fleet: &Fleet, host: &Host<'_>) -> Vec<String> {
    vec![waits(fleet, host, "waits"), fleet.ask("two", &server(fleet, host))]
}

fn several(fleet: &Fleet, host: &Host<'_>) -> Vec<String> {
    let server = server(fleet, host);
    let mut runs = two(fleet, host);
    runs.extend(["changes", "removed"].map(|job| fleet.ask(job, &server)));
    runs
}

fn fails(fleet: &Fleet, host: &Host<'_>) -> Vec<String> {
    vec![waits(fleet, host, "fails")]
}

fn two_that_wait(fleet: &Fleet, host: &Host<'_>) -> Vec<String> {
    vec![waits(fleet, host, "waits"), fleet.ask("holds", &server(fleet, host))]
}

fn has_failed(fleet: &Fleet, host: &Host<'_>) -> Vec<String> {
    let id = fleet.ask("again", &server(fleet, host));
    fleet.ends(&id, "failed");
    vec![id]
}

fn the_second_goes(_: &Fleet, host: &Host<'_>, _: &[String]) {
    host.run(job::GO);
    host.wait_for("[ -e /root/holds ]");
}

/// Two of its steps, one of which was completed, are in the second attempt again.
fn is_retried_from_the_first(fleet: &Fleet, host: &Host<'_>, runs: &[String]) {
    host.run("rm /root/p.done; touch /root/mended");
    fleet.ok(&["runs", "retry", &runs[0], "--from", "p"]);
    host.wait_for(job::WAITS);
}

fn is_reinstalled(_: &Fleet, host: &Host<'_>, _: &[String]) {
    host.run("systemctl kill -s KILL 'groundcrew-*'; rm -r /var/lib/groundcrew");
}

fn all_complete(fleet: &Fleet, host: &Host<'_>, runs: &[String]) {
    host.run(job::GO);
    for id in runs {
        fleet.ends(id, "completed");
    }
}

fn is_retried(fleet: &Fleet, host: &Host<'_>, runs: &[String]) {
    host.run(job::GO);
    fleet.ends(&runs[0], "failed");
    host.run("rm /root/go /root/waits; touch /root/mended");
    fleet.ok(&["runs", "retry", &runs[0]]);
    host.wait_for(job::WAITS);
}

fn is_cancelled(fleet: &Fleet, _: &Host<'_>, runs: &[String]) {
    fleet.ok(&["runs", "cancel", &runs[0]]);
    fleet.ends(&runs[0], "cancelled");
}

/// So many that the host keeps nothing of the first two.
fn many_more(fleet: &Fleet, host: &Host<'_>, runs: &[String]) {
    all_complete(fleet, host, runs);
    // As if there had been 19 runs more, and then one more.
    host.run(&format!(
        "cd /var/lib/groundcrew/runs; for n in $(seq 10 28); do mkdir ffffffff-$n; \
         cp {}/installation ffffffff-$n; touch ffffffff-$n/fetched; done",
        runs[0]
    ));
    fleet.ends(&fleet.ask("two", &server(fleet, host)), "completed");
    for id in runs {
        host.wait_for(&format!("[ -s {0}/tombstone ] && ! [ -e {0}/attempt-1 ]", folder(id)));
    }
}

/// One that no backup knows has the host.
fn another_goes(fleet: &Fleet, host: &Host<'_>, _: &[String]) {
    waits(fleet, host, "waits");
}

/// Still at the step that it was at when the backup was taken.
fn is_followed(fleet: &Fleet, host: &Host<'_>, runs: &[String]) {
    wait_until("it is followed", || fleet.run(&runs[0])["worker"].is_string());
    host.run(job::GO);
    let run = is_whole(fleet, host, &runs[0]);
    assert!(run["epoch"].as_i64() > Some(1_000_000_000_000), "{run:#}");
}

fn both_are_whole(fleet: &Fleet, host: &Host<'_>, runs: &[String]) {
    wait_until("the second is followed", || fleet.run(&runs[1])["worker"].is_string());
    host.run("touch /root/go-on");
    for id in runs {
        is_whole(fleet, host, id);
    }
}

/// It is `failed` in the backup, and so here, until somebody wants it tried again.
fn a_retry_follows_it(fleet: &Fleet, host: &Host<'_>, runs: &[String]) {
    assert_eq!(fleet.run(&runs[0])["status"], "failed");
    fleet.ok(&["runs", "retry", &runs[0]]);
    let notes = || fleet.run(&runs[0])["notes"].to_string();
    wait_until("the second attempt is found", || notes().contains("has attempt 2 of this run"));
    host.run(job::GO);
    has_two_attempts(fleet, host, &runs[0], [2, 2, 1]);
}

fn is_lost(fleet: &Fleet, host: &Host<'_>, runs: &[String]) {
    let run = fleet.ends(&runs[0], "failed");
    assert_eq!(run["error_kind"], "runner_lost", "{run:#}");
    host.run("! [ -e /var/lib/groundcrew/runs/*/attempt-1 ]");
}

/// Completed in the second one; the steps were started so often.
fn has_two_attempts(fleet: &Fleet, host: &Host<'_>, id: &str, starts: [i64; 3]) {
    let run = fleet.ends(id, "completed");
    let started = [0, 1, 2].map(|step| run["steps"][step]["starts"].as_i64().expect("a number"));
    assert_eq!(started, starts, "{run:#}");
    let attempts = host.run(&format!("cd {}; echo attempt-*", folder(id)));
    assert_eq!(attempts, "attempt-1 attempt-2");
}

/// What ran to its end since the backup is recorded as it was, also with steps that the job files
/// do not have any more.
fn are_recorded(fleet: &Fleet, host: &Host<'_>, runs: &[String]) {
    let steps = |run: Value| {
        let steps = run["steps"].as_array().expect("steps").clone();
        steps.iter().map(|step| step["name"].as_str().expect("a name").to_owned()).collect()
    };
    let names = [vec!["one", "waits", "last"], vec!["a", "b"], vec!["x", "y"], vec!["gone"]];
    for (id, names) in runs.iter().zip(names) {
        let found: Vec<String> = steps(is_whole(fleet, host, id));
        assert_eq!(found, names);
    }
    host.run("! [ -e /root/z.done ]");
}

/// The backup knows the first attempt, in the middle of its second step.
fn the_retry_is_followed(fleet: &Fleet, host: &Host<'_>, runs: &[String]) {
    let notes = || fleet.run(&runs[0])["notes"].to_string();
    wait_until("the second attempt is found", || notes().contains("has attempt 2 of this run"));
    host.run(job::GO);
    has_two_attempts(fleet, host, &runs[0], [1, 2, 1]);
}

fn is_so(fleet: &Fleet, host: &Host<'_>, runs: &[String]) {
    fleet.ends(&runs[0], "cancelled");
    host.run("! [ -e /root/last.done ]");
}

fn failed_and_not_started(fleet: &Fleet, host: &Host<'_>, runs: &[String]) {
    for id in runs {
        let run = fleet.ends(id, "failed");
        assert_eq!(run["error_kind"], "restored", "{run:#}");
        let error = run["error"].as_str().expect("an error");
        assert!(
            error.contains("restored from a backup") && error.contains("Ask for it"),
            "{error}"
        );
        host.run(&format!("! [ -e {}/attempt-1 ]", folder(id)));
    }
}

/// Nobody had started the second one.
fn begins_once(fleet: &Fleet, host: &Host<'_>, runs: &[String]) {
    host.run(job::GO);
    for id in runs {
        is_whole(fleet, host, id);
    }
}

fn is_waited_for(fleet: &Fleet, host: &Host<'_>, _: &[String]) {
    let id = fleet.ask("two", &server(fleet, host));
    let waiting = || fleet.run(&id)["waiting"].to_string();
    wait_until("it waits", || waiting().contains("which the database does not know"));
    host.run(job::GO);
    is_whole(fleet, host, &id);
    host.run("[ -e /root/last.done ]");
}

/// A run that no worker of the restored installation has had is not cancelled without its host,
/// and what ended there first stands. (It was asked for before workers started.)
fn a_cancel_asks_the_host(fleet: &Fleet, host: &Host<'_>, runs: &[String]) {
    for id in runs {
        is_whole(fleet, host, id);
    }
}
