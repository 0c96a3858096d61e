//! What an operator does about a run that failed. The model of the core (`tests/model`) found
//! each of these.

use groundcrew::model::{AttemptRecord, Claim, FailureKind, RunResource, Status};
use groundcrew::store::StoreError;

use crate::harness::{Database, at, is, now, on_both};

on_both!(failed_on_the_host_after_all, abandoned_and_there_after_all, abandoned_beside_another);

async fn run(db: &Database, id: &str) -> RunResource {
    db.store.run(id).await.expect("an answer").expect("the run")
}

/// The first step is started, and then the host is away for too long.
async fn away(db: &Database) -> Claim {
    let claim = db.claimed().await;
    let started = db.store.start_step(&claim.lease, &at("1 start 1\n"), 1, now()).await;
    let _ = started.expect("started");
    let kind = FailureKind::Unreachable;
    let _ = db.store.fail_run(&claim.lease, None, kind, "away").await.expect("failed");
    claim
}

/// What the host does is followed first; what has failed there is started in a new attempt.
async fn failed_on_the_host_after_all(db: Database) {
    let id = away(&db).await.lease.run;
    let _ = db.store.retry(&id, None).await.expect("tried again");
    assert_eq!(run(&db, &id).await.steps[0].status, Status::Installing);
    let lease = &db.claim(&id).await.lease;
    let bad = at("2 bad 1\n");
    let failed = db.store.fail_step(lease, &bad, 1, Some(100), "no package", now()).await;
    let _ = failed.expect("failed");
    let second = AttemptRecord { number: 2, ..at("") };
    let _ = db.store.start_attempt(lease, &second).await.expect("recorded");
    let step = run(&db, &id).await.steps.remove(0);
    assert_eq!((step.status, step.error, step.exit_code), (Status::Pending, None, None));
    let line = AttemptRecord { journal: "1 start 1\n".to_owned(), ..second };
    let _ = db.store.start_step(lease, &line, 1, now()).await.expect("started again");
}

/// A host that was given up may still be at it: what it says is taken.
async fn abandoned_and_there_after_all(db: Database) {
    let id = away(&db).await.lease.run;
    let _ = db.store.abandon(&id).await.expect("abandoned");
    is!(db.store.retry(&id, Some(1)).await, Err(StoreError::Illegal { .. }));
    let _ = db.store.retry(&id, None).await.expect("tried again");
    let lease = &db.claim(&id).await.lease;
    let _ = db.store.complete_step(lease, &at("2 ok 1\n"), 1, true, now()).await.expect("done");
}

/// The server shows the run that is at work, whatever becomes of one that had failed.
async fn abandoned_beside_another(db: Database) {
    let failed = away(&db).await;
    let next = db.ask(&failed.server).await;
    db.claim(&next).await;
    let _ = db.store.abandon(&failed.lease.run).await.expect("abandoned");
    let server = db.store.server_by_id(failed.server.id).await.expect("an answer").expect("it");
    assert_eq!(server.provision_status, Status::Installing);
}
