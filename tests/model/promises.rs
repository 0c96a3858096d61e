//! What must hold after each call, and that every run ends in the end: the promises, read from
//! the tables. Each function gives what is broken, in words.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::actors::{Call, Move, Setup};
use crate::tables::{Columns, LATER, Row, Tables};
use crate::world::{Answer, Bench, World, drive, hold, lease, next};

type Kept = Result<(), String>;

/// What of a run no page shows.
const UNSEEN: [&str; 10] = [
    "epoch",
    "worker",
    "lease_until",
    "due_at",
    "waits_for",
    "crashes",
    "claimed_journal",
    "retry_after",
    "retry_from",
    "output_bytes",
];
/// So many calls end any run of this model.
const MOST: usize = 100;

/// After this call in this world, the tables are these.
pub fn kept(world: &World, call: &Call, answer: &Answer, after: &Tables) -> Kept {
    let before = &world.tables;
    holds(after)?;
    if matches!(answer, Answer::Refused(_)) && before != after {
        return Err("it was refused, and something has changed".to_owned());
    }
    answered(world, call, answer)?;
    claimed(before, call, answer)?;
    ended_runs_stay(before, call, after)?;
    epochs_rise(before, call, after)?;
    revisions_rise(before, after)?;
    steps_go_on(before, call, after)?;
    journals_grow(before, after)
}

/// What holds at any time.
pub fn holds(tables: &Tables) -> Kept {
    let mut active = BTreeSet::new();
    for run in tables.runs().iter().filter(|run| run.text("status") == "installing") {
        if !active.insert(run.int("server_id")) {
            return Err("two runs of one server are installing (promise 3)".to_owned());
        }
    }
    for server in tables.rows("servers") {
        if server.int("announced_revision") > server.int("revision") {
            return Err("more was announced than happened (promise 2)".to_owned());
        }
        let shows = server.text("provision_status") == "installing";
        if shows != active.contains(&server.int("id")) {
            return Err(format!(
                "the server shows {}, and its runs don't",
                server.text("provision_status")
            ));
        }
    }
    for attempt in tables.rows("run_attempts") {
        let numbers = attempt.text("journal").lines().map(|line| line.split(' ').next());
        let expected = (1..).map(|number: usize| number.to_string());
        if !numbers.zip(expected).all(|(number, expected)| number == Some(&expected)) {
            return Err(format!("a line is missing or there twice: {:?}", attempt.text("journal")));
        }
    }
    Ok(())
}

/// Only the holder of the lease writes (promise 4), and who keeps to the rules is not refused.
fn answered(world: &World, call: &Call, answer: &Answer) -> Kept {
    let refused = match answer {
        Answer::Refused(why) => Some(why.as_str()),
        _ => None,
    };
    let held = call.worker().and_then(|worker| world.workers[worker].as_ref());
    if let Some(held) = held {
        let run = world.tables.run(&held.run);
        let may = run.int("epoch") == held.epoch
            && run.text("status") == "installing"
            && run.has("worker");
        return match (may, refused) {
            (true, None) | (false, Some("fenced")) => Ok(()),
            (true, Some(why)) => Err(format!("it holds the lease, and is refused: {why}")),
            (false, Some(why)) => Err(format!("it holds no lease, and hears: {why}")),
            (false, None) => Err("it holds no lease, and writes (promise 4)".to_owned()),
        };
    }
    let may = match call {
        Call::RequestCancel(run) | Call::Retry(run, _) | Call::Abandon(run) => {
            let run = world.tables.run(run);
            let unknown = run.text("host_state") == "unknown";
            let hosts_word = !run.has("host_state");
            match (call, run.text("status")) {
                (Call::RequestCancel(_), "pending" | "installing") => true,
                (Call::Retry(_, None), "failed") => true,
                (Call::Retry(_, Some(_)), "failed") => hosts_word,
                (Call::Abandon(_), "installing") => true,
                (Call::RequestCancel(_) | Call::Abandon(_), "failed") => unknown,
                _ => false,
            }
        }
        _ => true,
    };
    match (may, refused) {
        (true, None) => Ok(()),
        (false, Some(why)) if why.starts_with("illegal") => Ok(()),
        (_, why) => {
            Err(format!("it is {} allowed, and hears: {why:?}", if may { "" } else { "not" }))
        }
    }
}

/// Whether this run may be claimed.
fn claimable(tables: &Tables, run: &Row) -> bool {
    let mut others = tables.runs().iter().filter(|other| other["server_id"] == run["server_id"]);
    match run.text("status") {
        "installing" => run.int("lease_until") != LATER,
        "pending" => {
            run.int("due_at") != LATER
                && others.all(|other| match other.text("status") {
                    "installing" => false,
                    "pending" => other.text("id") >= run.text("id"),
                    _ => true,
                })
        }
        _ => false,
    }
}

/// What may be claimed is, and nothing else.
fn claimed(before: &Tables, call: &Call, answer: &Answer) -> Kept {
    let Answer::Claimed(claimed) = answer else { return Ok(()) };
    let mut could = before.runs().iter().filter(|run| claimable(before, run));
    let right = match (call, claimed) {
        (Call::Claim(_, asked), Some(hold)) if hold.run != *asked => false,
        (_, Some(hold)) => could.any(|run| run.text("id") == hold.run),
        (Call::Claim(_, asked), None) => could.all(|run| run.text("id") != asked),
        (_, None) => could.next().is_none(),
    };
    if right {
        Ok(())
    } else {
        Err(format!("claimed {:?}, and could not", claimed.as_ref().map(|h| &h.run)))
    }
}

/// Nothing comes after the end of a run, but what an operator does about one that failed.
fn ended_runs_stay(before: &Tables, call: &Call, after: &Tables) -> Kept {
    for run in before.runs().iter().filter(|run| run.has("finished_at")) {
        let id = run.text("id");
        let wished = match call {
            Call::Retry(run, _) | Call::RequestCancel(run) | Call::Abandon(run) => run == id,
            _ => false,
        };
        let same = |table| before.of_run(table, id).eq(after.of_run(table, id));
        let is_same = after.run(id) == run && same("run_steps") && same("run_attempts");
        if !is_same && !(wished && run.text("status") == "failed") {
            return Err(format!("{id} had ended as {}, and changed", run.text("status")));
        }
    }
    Ok(())
}

fn epochs_rise(before: &Tables, call: &Call, after: &Tables) -> Kept {
    for run in before.runs() {
        let id = run.text("id");
        let rise = after.run(id).int("epoch") - run.int("epoch");
        let most = match call {
            Call::Claim(..) | Call::ClaimNext(_) => 1,
            Call::Abandon(abandoned) if abandoned == id => 1,
            _ => 0,
        };
        if !(0..=most).contains(&rise) {
            return Err(format!("the epoch of {id} rose by {rise}"));
        }
        let taken =
            after.run(id).text("worker") != run.text("worker") && after.run(id).has("worker");
        if taken && rise == 0 {
            return Err(format!("{id} changed hands within one epoch"));
        }
    }
    Ok(())
}

/// A change raises the revision (promise 2), once; and what was announced is not forgotten.
fn revisions_rise(before: &Tables, after: &Tables) -> Kept {
    for server in before.rows("servers") {
        let id = server.int("id");
        let (was, is) = (server.int("revision"), after.server(id).int("revision"));
        if is != was && is != was + 1 {
            return Err(format!("the revision went from {was} to {is}"));
        }
        if is == was && seen(before, id) != seen(after, id) {
            return Err(
                "a page could show a change, and the revision is the same (promise 2)".to_owned()
            );
        }
        if after.server(id).int("announced_revision") < server.int("announced_revision") {
            return Err("what was announced went down".to_owned());
        }
    }
    Ok(())
}

/// What pages show of a server.
fn seen(tables: &Tables, server: i64) -> Vec<Row> {
    let mut rows = vec![];
    for run in tables.runs().iter().filter(|run| run.int("server_id") == server) {
        let mut shown = run.clone();
        shown.retain(|column, _| !UNSEEN.contains(&column.as_str()));
        rows.push(shown);
        rows.extend(tables.of_run("run_steps", run.text("id")).cloned());
    }
    let mut shown = tables.server(server).clone();
    shown.retain(|column, _| column == "provision_status");
    rows.push(shown);
    rows
}

/// A step does not go back, unless it is tried again.
fn steps_go_on(before: &Tables, call: &Call, after: &Tables) -> Kept {
    let wished = matches!(call, Call::Retry(..) | Call::RequestCancel(_));
    let wished = wished || matches!(call, Call::Drive { step: Move::Attempt { .. }, .. });
    let from = matches!(call, Call::Retry(_, Some(_)));
    let pairs = before.rows("run_steps").iter().zip(after.rows("run_steps"));
    for (was, is) in pairs.filter(|(was, is)| was["run_id"] == is["run_id"]) {
        let legal = match (was.text("status"), is.text("status")) {
            (was, is) if was == is => true,
            ("pending", "installing") | ("installing", "completed" | "failed") => true,
            ("failed", "pending" | "installing") => wished,
            ("completed", "pending") => from,
            _ => false,
        };
        if !legal {
            return Err(format!(
                "a step went from {} to {}",
                was.text("status"),
                is.text("status")
            ));
        }
    }
    Ok(())
}

/// What was taken of a journal stays.
fn journals_grow(before: &Tables, after: &Tables) -> Kept {
    for was in before.rows("run_attempts") {
        let mut now = after.of_run("run_attempts", was.text("run_id"));
        let is = now.find(|attempt| attempt["number"] == was["number"]);
        if !is.is_some_and(|is| is.text("journal").starts_with(was.text("journal"))) {
            return Err("a journal lost what it had (promise 5)".to_owned());
        }
    }
    Ok(())
}

/// Everybody has died, and time has passed: one fresh worker and a sweep bring all to an end
/// (promises 1, 2 and 6). The database holds this deserted world.
pub async fn ends(bench: &mut Bench, setup: Setup) -> Kept {
    for _ in 0..MOST {
        let claim = next(&bench.store, "fresh").await.map_err(|error| format!("{error:?}"))?;
        let Some(claim) = claim else { return ended(bench).await };
        let mut held = Some(hold(&claim));
        while let Some(hold) = held.take() {
            if claim.run.cancel_requested_at.is_some() {
                let done = bench.store.cancel_run(&lease(&hold), None).await;
                let _ = done.map_err(|error| format!("a fresh worker can't cancel: {error:?}"))?;
                break;
            }
            let step = hold.moves(setup.steps)[0];
            let done = drive(&bench.store, &hold, step).await;
            let _ = done.map_err(|error| format!("a fresh worker can't {step:?}: {error:?}"))?;
            held = hold.moved(step);
        }
    }
    Err("a fresh worker goes on for ever".to_owned())
}

async fn ended(bench: &mut Bench) -> Kept {
    let store = &bench.store;
    for changed in store.unannounced(Duration::ZERO, 10).await.map_err(|e| format!("{e:?}"))? {
        store.announced(&changed).await.map_err(|error| format!("{error:?}"))?;
    }
    let tables = bench.read().await;
    if let Some(run) = tables.runs().iter().find(|run| !run.has("finished_at")) {
        return Err(format!(
            "{} is {}, and nobody can take it",
            run.text("id"),
            run.text("status")
        ));
    }
    let silent = |server: &&Row| server["announced_revision"] != server["revision"];
    match tables.rows("servers").iter().find(silent) {
        Some(_) => Err("a change is announced by no sweep (promise 2)".to_owned()),
        None => holds(&tables),
    }
}
