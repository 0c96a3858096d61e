//! The ends of a run, and what they leave of its steps and its server.

use groundcrew::model::{FailureKind, RunResource, Status};
use groundcrew::store::StoreError;

use crate::harness::{Database, at, is, now, on_both};

on_both!(completed, not_while_a_step_is_open, handlers_count_once_started, failed, cancelled);

async fn run(db: &Database, id: &str) -> RunResource {
    db.store.run(id).await.expect("an answer").expect("the run")
}

async fn shown(db: &Database, id: i64) -> Status {
    db.store.server_by_id(id).await.expect("an answer").expect("the server").provision_status
}

async fn completed(db: Database) {
    let claim = db.claimed().await;
    db.finish(&claim).await;
    let RunResource { run, server, steps, .. } = run(&db, &claim.run.id).await;
    assert_eq!((run.status, run.changed, run.error_kind), (Status::Completed, Some(2), None));
    assert!(run.finished_at >= run.started_at && run.worker.is_none());
    assert_eq!((server.as_str(), steps[2].status), ("edge-1", Status::Pending));
    assert_eq!(shown(&db, claim.server.id).await, Status::Completed);
}

async fn not_while_a_step_is_open(db: Database) {
    let claim = db.claimed().await;
    is!(db.store.complete_run(&claim.lease, None, 0).await, Err(StoreError::Illegal { .. }));
    let _ = db.store.start_step(&claim.lease, &at("1\n"), 1, now()).await.expect("started");
    is!(db.store.complete_run(&claim.lease, None, 0).await, Err(StoreError::Illegal { .. }));
    assert_eq!(run(&db, &claim.run.id).await.run.status, Status::Installing);
}

async fn handlers_count_once_started(db: Database) {
    let claim = db.claimed().await;
    let (store, lease) = (&db.store, &claim.lease);
    for number in 1..=3 {
        let line = |what: &str| at(&format!("{what} {number}\n"));
        let _ = store.start_step(lease, &line("start"), number, now()).await.expect("started");
        if number == 3 {
            is!(store.complete_run(lease, None, 0).await, Err(StoreError::Illegal { .. }));
        }
        let _ = store.complete_step(lease, &line("ok"), number, true, now()).await.expect("done");
    }
    let _ = store.complete_run(lease, Some(&at("end\n")), 3).await.expect("completed");
}

async fn failed(db: Database) {
    let claim = db.claimed().await;
    let _ = db.store.start_step(&claim.lease, &at("1\n"), 1, now()).await.expect("started");
    let kind = FailureKind::RunnerLost;
    let _ =
        db.store.fail_run(&claim.lease, Some(&at("2\n")), kind, "gone\0").await.expect("failed");
    let RunResource { run, steps, .. } = run(&db, &claim.run.id).await;
    assert_eq!((run.status, run.error_kind), (Status::Failed, Some(kind)));
    assert_eq!(run.error.as_deref(), Some("gone\u{fffd}"));
    assert!(run.finished_at.is_some() && run.changed.is_none());
    assert_eq!((steps[0].status, steps[1].status), (Status::Failed, Status::Pending));
    assert_eq!(steps[0].error.as_deref(), Some("gone\u{fffd}"));
    assert_eq!(shown(&db, claim.server.id).await, Status::Failed);
}

async fn cancelled(db: Database) {
    let claim = db.claimed().await;
    let _ = db.store.start_step(&claim.lease, &at("1\n"), 1, now()).await.expect("started");
    let _ = db.store.cancel_run(&claim.lease, None).await.expect("cancelled");
    let RunResource { run, steps, .. } = run(&db, &claim.run.id).await;
    assert_eq!((run.status, run.error_kind, run.error), (Status::Cancelled, None, None));
    assert!(run.finished_at.is_some());
    assert_eq!(steps[0].error.as_deref(), Some("cancelled"));
    assert_eq!(shown(&db, claim.server.id).await, Status::Failed);
}
