//! Claiming: promises 1 (SQL is the truth), 3 (one active run a server) and 6 (a worker
//! may die at any time).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use groundcrew::model::Status;

use crate::harness::{Database, LEASE, new_run, on_both, outline};

on_both!(
    all_of_it,
    first_come_first_served,
    asked_twice,
    hints,
    expired_leases,
    handed_back,
    twenty_claimers,
    one_run_many_claimers,
    two_runs_one_server,
    unclaimed_for_a_while,
);

/// A claim has all that is needed to drive the run.
async fn all_of_it(db: Database) {
    let server = db.server("edge-1").await;
    let new = new_run(server.id);
    let asked = db.store.ask(&new).await.expect("asked");
    assert!(asked.claimable);
    assert_eq!(asked.changed.revision, server.revision + 1);
    let claimed = db.store.claim(&new.id, "w1", LEASE).await.expect("an answer").expect("a claim");
    let claim = claimed.claim;
    assert_eq!(claimed.changed.revision, server.revision + 2);
    assert_eq!((claim.lease.run.as_str(), claim.lease.epoch), (new.id.as_str(), 1));
    assert_eq!(claim.secrets, new.secrets);
    assert_eq!((claim.outline, claim.digest), (new.outline, new.digest));
    assert_eq!(claim.server.provision_status, Status::Installing);
    assert_eq!(claim.server.revision, claimed.changed.revision);
    assert_eq!((claim.private_key, claim.attempts), (None, vec![]));
    let run = claim.run;
    assert_eq!((run.jobs, run.parameters), (new.jobs, new.parameters));
    assert_eq!((run.status, run.worker.as_deref()), (Status::Installing, Some("w1")));
    assert!(run.untested_system && run.started_at.is_some() && run.finished_at.is_none());
}

async fn first_come_first_served(db: Database) {
    let server = db.server("edge-1").await;
    let (one, two, three) = (db.ask(&server).await, db.ask(&server).await, db.ask(&server).await);
    assert!(db.try_claim(&two).await.is_none(), "the first one waits");
    let claim = db.claim(&one).await;
    assert!(db.try_claim(&one).await.is_none(), "it is claimed");
    assert!(db.try_claim(&two).await.is_none(), "the first one is at work");
    assert_eq!(db.store.next_on(server.id).await.expect("an answer"), None);
    db.finish(&claim).await;
    assert!(db.try_claim(&one).await.is_none(), "it has ended");
    assert!(db.try_claim(&three).await.is_none(), "the second one waits");
    assert_eq!(db.store.next_on(server.id).await.expect("an answer"), Some(two.clone()));
    db.claim(&two).await;
    assert!(db.try_claim("no such run").await.is_none());
}

/// The answer to an asking may be lost: asked again, it is one run.
async fn asked_twice(db: Database) {
    let server = db.server("edge-1").await;
    let new = new_run(server.id);
    db.store.ask(&new).await.expect("asked");
    let again = db.store.ask(&new).await.expect("asked again");
    assert!(again.claimable);
    assert_eq!(db.store.runs(None, 10).await.expect("all").len(), 1);
    let run = db.store.run(&new.id).await.expect("an answer").expect("the run");
    assert_eq!(run.steps.len(), 3);
}

/// Only the first waiting run of a server that is free has a hint.
async fn hints(db: Database) {
    let (a, b) = (db.server("a").await, db.server("b").await);
    let first = db.ask(&a).await;
    let second = new_run(a.id);
    assert!(!db.store.ask(&second).await.expect("asked").claimable);
    let other = db.ask(&b).await;
    let hinted = |limit| db.store.claimable(limit);
    assert_eq!(hinted(10).await.expect("ids"), [first.clone(), other.clone()]);
    assert_eq!(hinted(1).await.expect("ids"), std::slice::from_ref(&first));
    let claim = db.claim(&first).await;
    assert_eq!(hinted(10).await.expect("ids"), [other]);
    db.finish(&claim).await;
    assert_eq!(db.store.next_on(a.id).await.expect("an answer"), Some(second.id));
}

/// Promise 6: what a dead worker drove is taken by another one, with what is known of it.
async fn expired_leases(db: Database) {
    let server = db.server("edge-1").await;
    let (run, waits) = (db.ask(&server).await, db.ask(&server).await);
    let first = db.store.claim(&run, "dies", Duration::from_millis(100)).await.expect("an answer");
    let first = first.expect("a claim").claim;
    let mut at = crate::harness::at("1 begin\n");
    let _ = db.store.start_attempt(&first.lease, &at).await.expect("recorded");
    (at.journal, at.output, at.lost) = ("2 start 1\n".to_owned(), 70, 5);
    let time = crate::harness::now();
    let _ = db.store.start_step(&first.lease, &at, 1, time).await.expect("started");

    let second = claim_next(&db, "lives", LEASE).await;
    assert_eq!((&second.lease.run, second.lease.epoch), (&run, 2));
    assert_eq!(second.run.worker.as_deref(), Some("lives"));
    assert_eq!(second.run.started_at, first.run.started_at);
    at.journal = "1 begin\n2 start 1\n".to_owned();
    assert_eq!(second.attempts, [at]);
    let none = db.store.claim_next("more", LEASE, Duration::ZERO).await.expect("an answer");
    assert!(none.is_none(), "{waits} waits");
}

/// Waits until there is something to claim.
async fn claim_next(db: &Database, worker: &str, lease: Duration) -> groundcrew::model::Claim {
    let found = Mutex::new(None);
    crate::harness::until("a claim", || async {
        let claimed = db.store.claim_next(worker, lease, Duration::ZERO).await.expect("an answer");
        *found.lock().expect("a lock") = claimed;
        found.lock().expect("a lock").is_some()
    })
    .await;
    found.into_inner().expect("a lock").expect("a claim").claim
}

/// Promise 6: what is handed back needs no waiting, and goes before what waits.
async fn handed_back(db: Database) {
    let claim = db.claimed().await;
    db.ask(&db.server("edge-2").await).await;
    db.store.hand_back(&claim.lease).await.expect("handed back");
    let run = db.store.run(&claim.run.id).await.expect("an answer").expect("the run").run;
    assert_eq!((run.status, run.worker), (Status::Installing, None));
    // A long `unclaimed` is about hints, and this has none.
    let next = db.store.claim_next("w2", LEASE, LEASE).await.expect("an answer").expect("a claim");
    assert_eq!((next.claim.lease.run, next.claim.lease.epoch), (claim.run.id, 2));
}

/// Promise 3, with many workers: each run is claimed once, and no two of a server at a time.
async fn twenty_claimers(db: Database) {
    let mut asked = BTreeSet::new();
    for server in 0..10 {
        let server = db.server(&format!("edge-{server}")).await;
        for _ in 0..3 {
            let mut new = new_run(server.id);
            new.outline = outline(&[]);
            db.store.ask(&new).await.expect("asked");
            asked.insert(new.id);
        }
    }
    let (active, claimed) = (Arc::new(Mutex::new(BTreeSet::new())), Arc::new(Mutex::new(vec![])));
    let total = asked.len();
    let claimers = (0..20).map(|worker| {
        let (store, active, claimed) = (db.store.clone(), active.clone(), claimed.clone());
        tokio::spawn(async move {
            while claimed.lock().expect("a lock").len() < total {
                let next = store.claim_next(&format!("w{worker}"), LEASE, Duration::ZERO).await;
                let Some(next) = next.expect("claimers don't fail each other") else {
                    tokio::task::yield_now().await;
                    continue;
                };
                let server = next.claim.server.id;
                assert!(active.lock().expect("a lock").insert(server), "two runs of one server");
                claimed.lock().expect("a lock").push(next.claim.run.id);
                tokio::task::yield_now().await;
                active.lock().expect("a lock").remove(&server);
                let _ = store.complete_run(&next.claim.lease, None, 0).await.expect("completed");
            }
        })
    });
    for claimer in claimers.collect::<Vec<_>>() {
        claimer.await.expect("a claimer");
    }
    let claimed = claimed.lock().expect("a lock").clone();
    assert_eq!(claimed.len(), total, "each one once");
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>(), asked);
}

async fn one_run_many_claimers(db: Database) {
    let server = db.server("edge-1").await;
    let run = db.ask(&server).await;
    let claimers: Vec<_> = (0..20)
        .map(|worker| {
            let (store, run) = (db.store.clone(), run.clone());
            tokio::spawn(async move { store.claim(&run, &format!("w{worker}"), LEASE).await })
        })
        .collect();
    let mut won = 0;
    for claimer in claimers {
        won += usize::from(claimer.await.expect("a claimer").expect("an answer").is_some());
    }
    assert_eq!(won, 1);
}

/// Promise 3 is kept by the schema, even where the guard of the claim did not see the other.
async fn two_runs_one_server(db: Database) {
    let claim = db.claimed().await;
    let second = db.ask(&claim.server).await;
    let forced = format!(
        "UPDATE runs SET status = 'installing', lease_until = 1, started_at = 1 WHERE id = '{second}'"
    );
    let error = db.raw(&forced).await.expect_err("two active runs");
    assert!(error.as_database_error().expect("its word").is_unique_violation(), "{error}");
}

/// Runs that have a hint are left to it for a while.
async fn unclaimed_for_a_while(db: Database) {
    let server = db.server("edge-1").await;
    let (first, second) = (db.ask(&server).await, db.ask(&server).await);
    let minute = Duration::from_secs(60);
    let next = |unclaimed| db.store.claim_next("w", LEASE, unclaimed);
    assert!(next(minute).await.expect("an answer").is_none());
    db.raw("UPDATE runs SET due_at = due_at - 120000").await.expect("older");
    let claim = next(minute).await.expect("an answer").expect("a claim").claim;
    assert_eq!(claim.run.id, first);
    db.finish(&claim).await;
    // The second one can begin only since now.
    assert!(next(minute).await.expect("an answer").is_none());
    db.raw("UPDATE runs SET finished_at = finished_at - 120000 WHERE finished_at > 0")
        .await
        .expect("older");
    assert_eq!(next(minute).await.expect("an answer").expect("a claim").claim.run.id, second);
}
