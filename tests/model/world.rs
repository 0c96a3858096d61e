//! The world between two calls, what a call makes of it, and the database where it is made.

use std::collections::BTreeSet;

use groundcrew::model::{AttemptRecord, Changed, Claim, FailureKind, Lease, NewRun};
use groundcrew::store::{Store, StoreError};
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;
use tempfile::TempDir;

use crate::actors::{Call, Hold, Move, Setup};
use crate::harness::{self, LEASE};
use crate::tables::{Columns, Plain, Tables};

/// What there is: in the tables, and in the heads of those who act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct World {
    pub tables: Tables,
    pub workers: [Option<Hold>; 2],
    /// What was found unannounced, by whomever: each is published, and then said to be.
    pub found: BTreeSet<(i64, i64)>,
    /// What the operator may still wish.
    pub wishes: u32,
}

/// What the store says to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Claimed(Option<Hold>),
    Found(BTreeSet<(i64, i64)>),
    /// The revision, where it was raised.
    Done(Option<i64>),
    Refused(String),
}

impl World {
    /// The world after a call.
    pub fn after(&self, call: &Call, answer: &Answer, tables: Tables) -> Self {
        let mut world = Self { tables, ..self.clone() };
        if let Some(worker) = call.worker() {
            world.workers[worker] = match (answer, call, world.workers[worker].take()) {
                (Answer::Claimed(hold), ..) => hold.clone(),
                // It lets go.
                (Answer::Refused(_), ..) => None,
                (_, Call::Renew(_), hold) => hold,
                (_, Call::HandBack(_), Some(hold)) => Some(hold.handed_back()),
                (_, Call::Drive { step, answer_lost, .. }, Some(hold)) => match answer_lost {
                    true => Some(Hold { unanswered: Some(*step), ..hold }),
                    false => hold.moved(*step),
                },
                _ => None,
            };
        }
        match (call, answer) {
            (Call::Unannounced, Answer::Found(found)) => world.found.extend(found),
            (&Call::Announced(server, revision), _) => {
                world.found.remove(&(server, revision));
            }
            (Call::RequestCancel(_) | Call::Retry(..) | Call::Abandon(_), Answer::Done(_)) => {
                world.wishes -= 1;
            }
            _ => {}
        }
        world.renumbered()
    }

    /// The world after some time.
    pub fn later(&self, call: &Call) -> Self {
        let mut world = self.clone();
        let (Call::LeaseEnds(id) | Call::IsDue(id)) = call else { return world };
        let column = if matches!(call, Call::IsDue(_)) { "due_at" } else { "lease_until" };
        let runs = world.tables.rows_mut("runs");
        let run = runs.iter_mut().find(|run| run.text("id") == id).expect("the run");
        run.insert(column.to_owned(), 0.into());
        world
    }

    /// All who act have died, and time has passed.
    pub fn deserted(&self) -> Self {
        let mut world = self.clone();
        world.workers = [None, None];
        (world.wishes, world.found) = (0, BTreeSet::new());
        for run in world.tables.rows_mut("runs") {
            run.insert("due_at".to_owned(), 0.into());
            if run.has("lease_until") {
                run.insert("lease_until".to_owned(), 0.into());
            }
            if run.has("worker") {
                run.insert("worker".to_owned(), "dead".into());
            }
        }
        world.renumbered()
    }

    /// The same world, its numbers as small as can be: only their order matters.
    fn renumbered(mut self) -> Self {
        self.tables.order_ends();
        for row in self.tables.rows_mut("servers") {
            let (id, revision) = (row.int("id"), row.int("revision"));
            let announced = row.int("announced_revision");
            let found = self.found.iter().filter(|found| found.0 == id).map(|found| found.1);
            let all: BTreeSet<i64> = found.chain([revision, announced]).collect();
            let small = |number: i64| all.range(..number).count() as i64;
            row.insert("revision".to_owned(), small(revision).into());
            row.insert("announced_revision".to_owned(), small(announced).into());
            let found = std::mem::take(&mut self.found).into_iter();
            self.found =
                found.map(|(of, at)| (of, if of == id { small(at) } else { at })).collect();
        }
        for row in self.tables.rows_mut("runs") {
            let (run, epoch) = (row.text("id").to_owned(), row.int("epoch"));
            let held = self.workers.iter_mut().flatten().filter(|hold| hold.run == run);
            let held: Vec<_> = held.collect();
            let all: BTreeSet<i64> =
                held.iter().map(|hold| hold.epoch).chain([epoch]).filter(|&n| n > 0).collect();
            let small = |number: i64| all.range(..=number).count() as i64;
            row.insert("epoch".to_owned(), small(epoch).into());
            held.into_iter().for_each(|hold| hold.epoch = small(hold.epoch));
            // The poison limit is not looked at here.
            row.insert("crashes".to_owned(), 0.into());
            row.insert("claimed_journal".to_owned(), 0.into());
        }
        self
    }

    /// The same for worlds that differ only in which worker is which.
    pub fn key(&self) -> String {
        let mut other = self.clone();
        other.workers.swap(0, 1);
        for run in other.tables.rows_mut("runs") {
            let name = match run.text("worker") {
                "A" => "B",
                "B" => "A",
                _ => continue,
            };
            run.insert("worker".to_owned(), name.into());
        }
        let text = |world: &Self| serde_json::to_string(world).expect("JSON");
        text(self).min(text(&other))
    }
}

/// A database of our own, and the way past the store.
pub struct Bench {
    pub store: Store,
    plain: Plain,
    is_sqlite: bool,
    /// What it holds now.
    holds: Option<Tables>,
    _folder: Option<TempDir>,
}

impl Bench {
    /// In memory: nobody cuts the power here.
    pub async fn sqlite() -> Self {
        let folder = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("model.db").display());
        Self::new(&url, Some(folder)).await
    }

    pub async fn postgres() -> Self {
        Self::new(&harness::schema(harness::cluster()).await, None).await
    }

    async fn new(url: &str, folder: Option<TempDir>) -> Self {
        let store = Store::open(url, folder.is_some()).await.expect("the database");
        store.migrate().await.expect("the schema");
        let is_sqlite = folder.is_some();
        let plain = Plain::new(url, is_sqlite).await;
        Self { store, plain, is_sqlite, holds: None, _folder: folder }
    }

    /// Servers, and the first run.
    pub async fn first(&mut self, setup: Setup) -> World {
        for server in 1..=setup.servers {
            let new = harness::new_server(&format!("edge-{server}"));
            let _ = self.store.add_server(&new, |_| None).await.expect("a server");
        }
        self.store.ask(&new_run(1, setup)).await.expect("asked");
        let world = World {
            tables: self.read().await,
            workers: [None, None],
            found: BTreeSet::new(),
            wishes: setup.wishes,
        };
        world.renumbered()
    }

    pub async fn read(&mut self) -> Tables {
        let tables = self.plain.read().await.without_times();
        self.holds = Some(tables.clone());
        tables
    }

    /// A call that was refused lets go of its locks a moment after its answer: waits for that.
    pub async fn settle(&mut self) {
        if !self.is_sqlite {
            self.plain.execute("SELECT id FROM runs FOR UPDATE").await;
        }
    }

    /// Makes the database hold what this world does.
    pub async fn set(&mut self, world: &World) {
        if self.holds.as_ref() != Some(&world.tables) {
            self.plain.write(&world.tables).await;
            self.holds = Some(world.tables.clone());
        }
    }
}

/// Makes a call, as the one who makes it in this world.
pub async fn perform(store: &Store, world: &World, call: &Call, setup: Setup) -> Answer {
    let hold = call.worker().and_then(|worker| world.workers[worker].as_ref());
    let name = call.worker().map_or("", |worker| ["A", "B"][worker]);
    let lease = hold.map(lease);
    let lease = || lease.as_ref().expect("a lease");
    let answered = match call {
        Call::Claim(_, run) => {
            return claimed(store.claim(run, name, LEASE).await.map(|c| c.map(|c| c.claim)));
        }
        Call::ClaimNext(_) => return claimed(next(store, name).await),
        Call::Drive { step, .. } => {
            return answer(drive(store, hold.expect("a run"), *step).await.map(Some));
        }
        Call::Renew(_) => store.renew(lease(), LEASE).await.map(|()| None),
        Call::HandBack(_) => store.hand_back(lease()).await.map(|()| None),
        Call::Postpone(_, other) => {
            store.postpone(lease(), LEASE, "busy", other.as_deref()).await.map(Some)
        }
        Call::GiveUp(_) => {
            store.fail_run(lease(), None, FailureKind::Unreachable, "away").await.map(Some)
        }
        Call::CancelRun(_) => store.cancel_run(lease(), None).await.map(Some),
        Call::Wake(run) => store.wake_waiting(run).await.map(|_| None),
        Call::Unannounced => {
            return match store.unannounced(Duration::ZERO, 10).await {
                Ok(all) => Answer::Found(all.iter().map(|c| (c.server_id, c.revision)).collect()),
                Err(error) => refused(&error),
            };
        }
        &Call::Announced(server_id, revision) => store
            .announced(&Changed { server_id, revision, at: Timestamp::now() })
            .await
            .map(|()| None),
        Call::Ask(number) => {
            store.ask(&new_run(*number, setup)).await.map(|asked| Some(asked.changed))
        }
        Call::RequestCancel(run) => {
            store.request_cancel(run).await.map(|answer| Some(answer.changed))
        }
        Call::Retry(run, from) => store.retry(run, *from).await.map(Some),
        Call::Abandon(run) => store.abandon(run).await.map(Some),
        Call::LeaseEnds(_) | Call::IsDue(_) => unreachable!("time is no call"),
    };
    answer(answered)
}

/// Records what the host says.
pub async fn drive(store: &Store, hold: &Hold, step: Move) -> Result<Changed, StoreError> {
    let (lease, time) = (&lease(hold), harness::now());
    let (number, first, again) = match step {
        Move::Attempt { number, first, again } => (number, first, again),
        _ => (hold.attempt, hold.first, hold.again),
    };
    let journal = hold.line(step).unwrap_or_default();
    let at = &AttemptRecord { number, first, again, ..harness::at(&journal) };
    match step {
        Move::Attempt { .. } => store.start_attempt(lease, at).await,
        Move::Start(step) => store.start_step(lease, at, step as i64, time).await,
        Move::Complete(step) => store.complete_step(lease, at, step as i64, true, time).await,
        Move::Fail(step) => store.fail_step(lease, at, step as i64, Some(1), "bad", time).await,
        Move::CompleteRun => store.complete_run(lease, Some(at), 1).await,
        Move::FailRun(_) => {
            store.fail_run(lease, Some(at), FailureKind::StepFailed, "it failed").await
        }
    }
}

/// Claims what there is.
pub async fn next(store: &Store, worker: &str) -> Result<Option<Claim>, StoreError> {
    let claimed = store.claim_next(worker, LEASE, Duration::ZERO).await?;
    Ok(claimed.map(|claimed| claimed.claim))
}

pub fn lease(hold: &Hold) -> Lease {
    Lease { run: hold.run.clone(), epoch: hold.epoch }
}

/// Where the driver goes on.
pub fn hold(claim: &Claim) -> Hold {
    let last = claim.attempts.last();
    Hold {
        run: claim.lease.run.clone(),
        epoch: claim.lease.epoch,
        attempt: last.map_or(0, |last| last.number),
        first: last.map_or(1, |last| last.first),
        again: claim.attempts.iter().rev().find_map(|attempt| attempt.again),
        lines: last
            .map_or(vec![], |last| last.journal.split_inclusive('\n').map(str::to_owned).collect()),
        retry: claim.retry.map(|retry| (retry.after, retry.from)),
        unanswered: None,
        handed_back: false,
    }
}

fn new_run(number: i64, setup: Setup) -> NewRun {
    let mut new = harness::new_run((number - 1) % setup.servers + 1);
    let names = ["install", "configure", "enable"];
    (new.id, new.secrets) = (format!("run-{number}"), None);
    new.outline = harness::outline(&names[..setup.steps]);
    new.outline.handlers.clear();
    new
}

fn claimed(answer: Result<Option<Claim>, StoreError>) -> Answer {
    match answer {
        Ok(claim) => Answer::Claimed(claim.as_ref().map(hold)),
        Err(error) => refused(&error),
    }
}

fn answer(answer: Result<Option<Changed>, StoreError>) -> Answer {
    match answer {
        Ok(changed) => Answer::Done(changed.map(|changed| changed.revision)),
        Err(error) => refused(&error),
    }
}

fn refused(error: &StoreError) -> Answer {
    match error {
        StoreError::Fenced => Answer::Refused("fenced".to_owned()),
        StoreError::Illegal { problem, .. } => Answer::Refused(format!("illegal: {problem}")),
        error => Answer::Refused(format!("{error:?}")),
    }
}
