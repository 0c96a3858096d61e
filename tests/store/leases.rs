//! Promise 4: only the holder of the lease writes. Also postponed runs.

use std::collections::HashSet;
use std::time::Duration;

use groundcrew::model::{AttemptRecord, FailureKind, Lease, Status};
use groundcrew::store::{Store, StoreError};
use sqlx::{AnyConnection, Connection};

use crate::harness::{Database, LEASE, at, chunk, is, name, now, on_both, outline};

on_both!(
    stale_everywhere,
    renewed,
    postponed,
    postponed_after_another,
    postponed_after_a_reboot,
    replanned,
    renewed_together,
);

/// Every call that carries a lease, and what it said.
async fn all_calls(store: &Store, lease: &Lease) -> Vec<(&'static str, Result<(), StoreError>)> {
    let (at, time) = (at("9 some line\n"), now());
    let kind = FailureKind::StepFailed;
    vec![
        ("renew", store.renew(lease, LEASE).await),
        ("hand_back", store.hand_back(lease).await),
        ("postpone", store.postpone(lease, LEASE, "busy", None).await.map(drop)),
        ("replan", store.replan(lease, &outline(&["other"]), "d2").await.map(drop)),
        ("start_attempt", store.start_attempt(lease, &at).await.map(drop)),
        ("start_step", store.start_step(lease, &at, 1, time).await.map(drop)),
        ("complete_step", store.complete_step(lease, &at, 1, true, time).await.map(drop)),
        ("fail_step", store.fail_step(lease, &at, 1, None, "e", time).await.map(drop)),
        ("append_output", store.append_output(lease, &at, &chunk(0, b"text")).await.map(drop)),
        ("note", store.note(lease, Some(&at), "text").await.map(drop)),
        ("complete_run", store.complete_run(lease, Some(&at), 0).await.map(drop)),
        ("fail_run", store.fail_run(lease, Some(&at), kind, "e").await.map(drop)),
        ("cancel_run", store.cancel_run(lease, Some(&at)).await.map(drop)),
    ]
}

/// A stale epoch, a run that was handed back, and one that has ended: nothing is written.
async fn stale_everywhere(db: Database) {
    let first = db.claimed().await;
    let refused = async |lease: &Lease| {
        let before = db.store.run(&first.run.id).await.expect("an answer").expect("the run");
        let before = serde_json::to_string(&before).expect("JSON");
        let revision = db.store.revision(first.server.id).await.expect("an answer");
        for (call, answer) in all_calls(&db.store, lease).await {
            assert_eq!(name(&answer.expect_err(call)), "Fenced", "{call}");
        }
        let after = db.store.run(&first.run.id).await.expect("an answer").expect("the run");
        assert_eq!(serde_json::to_string(&after).expect("JSON"), before);
        assert_eq!(db.store.revision(first.server.id).await.expect("an answer"), revision);
        assert!(db.store.output(&first.run.id, (0, 0), 1).await.expect("output").is_empty());
    };
    db.store.hand_back(&first.lease).await.expect("handed back");
    refused(&first.lease).await;
    let second = db.claim(&first.run.id).await;
    refused(&first.lease).await;
    refused(&Lease { run: first.run.id.clone(), epoch: 3 }).await;
    refused(&Lease { run: "none".to_owned(), epoch: 2 }).await;
    let _ =
        db.store.fail_run(&second.lease, None, FailureKind::Internal, "e").await.expect("failed");
    refused(&second.lease).await;
}

async fn renewed(db: Database) {
    let server = db.server("edge-1").await;
    let run = db.ask(&server).await;
    let claimed = db.store.claim(&run, "w1", Duration::ZERO).await.expect("an answer");
    let lease = claimed.expect("a claim").claim.lease;
    db.store.renew(&lease, LEASE).await.expect("renewed");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(db.try_claim(&run).await.is_none(), "the lease holds again");
}

/// Promise 4: of those that are renewed together, only the ones that are held; and one that is
/// locked keeps nobody waiting.
async fn renewed_together(db: Database) {
    let mut leases = Vec::new();
    for name in ["held", "behind", "back", "ended", "locked"] {
        let server = db.server(name).await;
        let run = db.ask(&server).await;
        let claimed = db.store.claim(&run, "w1", Duration::ZERO).await.expect("an answer");
        leases.push(claimed.expect("a claim").claim.lease);
    }
    let [held, behind, back, ended, locked] = &leases[..] else { panic!("five") };
    let behind = Lease { epoch: behind.epoch - 1, ..behind.clone() };
    db.store.hand_back(back).await.expect("handed back");
    let _ = db.store.cancel_run(ended, None).await.expect("cancelled");
    let mut renewed = HashSet::from([held.run.clone(), locked.run.clone()]);
    let all = [held, &behind, back, ended, locked];
    let answer = async || db.store.renew_together(&all, LEASE).await.expect("an answer");
    assert_eq!(answer().await, renewed);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(db.try_claim(&held.run).await.is_none(), "the lease holds again");
    if !db.is_sqlite {
        let mut other = AnyConnection::connect(&db.url).await.expect("Postgres");
        let lock = format!("BEGIN; SELECT id FROM runs WHERE id = '{}' FOR UPDATE", locked.run);
        sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut other).await.expect("locked");
        renewed.remove(&locked.run);
        assert_eq!(answer().await, renewed);
    }
}

/// A run that waits for a busy host takes up no worker, and is woken when the run ends that it waits for.
async fn postponed(db: Database) {
    let claim = db.claimed().await;
    let changed = db
        .store
        .postpone(&claim.lease, LEASE, "busy\0 with 7", Some("7"))
        .await
        .expect("postponed");
    let server = db.store.server_by_id(claim.server.id).await.expect("an answer").expect("it");
    assert_eq!((server.provision_status, server.revision), (Status::Pending, changed.revision));
    let run = db.store.run(&claim.run.id).await.expect("an answer").expect("the run").run;
    assert_eq!((run.status, run.worker), (Status::Pending, None));
    assert_eq!(run.waiting.as_deref(), Some("busy\u{fffd} with 7"));
    assert!(db.try_claim(&claim.run.id).await.is_none(), "not due");
    let waits = db.ask(&claim.server).await;
    assert!(db.try_claim(&waits).await.is_none(), "the first one keeps its place");
    assert!(db.store.claimable(9).await.expect("ids").is_empty());

    assert!(db.store.wake_waiting("8").await.expect("ids").is_empty(), "not what it waits for");
    let it = std::slice::from_ref(&claim.run.id);
    assert_eq!(db.store.wake_waiting("7").await.expect("ids"), it);
    assert_eq!(db.store.claimable(9).await.expect("ids"), it);
    let again = db.claim(&claim.run.id).await;
    assert_eq!((again.lease.epoch, again.run.waiting), (2, None));
    assert!(db.store.wake_waiting("7").await.expect("ids").is_empty());
}

/// The server shows again what its last run left.
async fn postponed_after_another(db: Database) {
    let server = db.server("edge-1").await;
    let shown = async || db.store.server_by_id(server.id).await.expect("an answer").expect("it");
    for (end, before) in [("cancel", Status::Failed), ("complete", Status::Completed)] {
        let claim = db.claim(&db.ask(&server).await).await;
        match end {
            "cancel" => drop(db.store.cancel_run(&claim.lease, None).await.expect("cancelled")),
            _ => db.finish(&claim).await,
        }
        let next = db.claim(&db.ask(&server).await).await;
        assert_eq!(shown().await.provision_status, Status::Installing);
        let _ =
            db.store.postpone(&next.lease, Duration::ZERO, "busy", None).await.expect("postponed");
        assert_eq!(shown().await.provision_status, before);
        let again = db.claim(&next.run.id).await;
        db.finish(&again).await;
    }
}

/// The host was rebooted in the middle of a step, and came back busy with another run: what is
/// completed stays, and the step is started again when the host is free.
async fn postponed_after_a_reboot(db: Database) {
    let claim = db.claimed().await;
    let (store, lease) = (&db.store, &claim.lease);
    let _ = store.start_step(lease, &at("1 start 1\n"), 1, now()).await.expect("started");
    let _ = store.complete_step(lease, &at("2 ok 1\n"), 1, true, now()).await.expect("done");
    let _ = store.start_step(lease, &at("3 start 2\n"), 2, now()).await.expect("started");
    let _ = store.postpone(lease, Duration::ZERO, "busy", None).await.expect("postponed");
    let steps = store.run(&lease.run).await.expect("an answer").expect("the run").steps;
    assert_eq!((steps[0].status, steps[1].status), (Status::Completed, Status::Installing));
    let lease = &db.claim(&lease.run).await.lease;
    let second = AttemptRecord { number: 2, again: Some(2), ..at("1 start 2\n") };
    let _ = store.start_step(lease, &second, 2, now()).await.expect("started again");
    let steps = store.run(&lease.run).await.expect("an answer").expect("the run").steps;
    assert_eq!((steps[1].status, steps[1].starts), (Status::Installing, 2));
}

/// Other job files, other steps, until the host may have the run.
async fn replanned(db: Database) {
    let claim = db.claimed().await;
    let new = outline(&["a", "b", "c"]);
    let _ = db.store.replan(&claim.lease, &new, "d2").await.expect("replanned");
    let run = db.store.run(&claim.run.id).await.expect("an answer").expect("the run");
    let names: Vec<_> = run.steps.iter().map(|s| (s.number, s.name.as_str(), s.handler)).collect();
    let expected = [(1, "a", false), (2, "b", false), (3, "c", false), (4, "reload nginx", true)];
    assert_eq!(names, expected);
    let _ = db.store.start_attempt(&claim.lease, &at("")).await.expect("recorded");
    is!(db.store.replan(&claim.lease, &new, "d3").await, Err(StoreError::Illegal { .. }));
    db.store.hand_back(&claim.lease).await.expect("handed back");
    let again = db.claim(&claim.run.id).await;
    assert_eq!((again.outline, again.digest.as_str()), (new, "d2"));
}
