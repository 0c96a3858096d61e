//! Steps pass through their states as the journal says, and no other way (promise 5).

use groundcrew::model::{AttemptRecord, Status};
use groundcrew::store::StoreError;

use crate::harness::{Database, at, is, now, on_both};

on_both!(legal, illegal, after_a_reboot, replayed, notes);

async fn legal(db: Database) {
    let claim = db.claimed().await;
    let (store, lease, time) = (&db.store, &claim.lease, now());
    let mut revision = claim.server.revision;
    let mut next = |changed: groundcrew::model::Changed| {
        revision += 1;
        assert_eq!((changed.server_id, changed.revision), (claim.server.id, revision));
    };
    next(store.start_attempt(lease, &at("1 begin\n")).await.expect("recorded"));
    next(store.start_step(lease, &at("2 start 1\n"), 1, time).await.expect("started"));
    let steps = store.run(&lease.run).await.expect("an answer").expect("the run").steps;
    assert_eq!((steps[0].status, steps[0].starts), (Status::Installing, 1));
    assert_eq!((steps[0].started_at, steps[0].finished_at), (Some(time), None));
    next(store.complete_step(lease, &at("3 ok 1\n"), 1, false, time).await.expect("done"));
    next(store.start_step(lease, &at("4 start 2\n"), 2, time).await.expect("started"));
    let bad = at("5 bad 2\n");
    let failed = store.fail_step(lease, &bad, 2, Some(100), "no\0 package", time);
    next(failed.await.expect("failed"));

    let steps = store.run(&lease.run).await.expect("an answer").expect("the run").steps;
    assert_eq!((steps[0].status, steps[0].changed), (Status::Completed, Some(false)));
    assert_eq!((steps[1].status, steps[1].exit_code), (Status::Failed, Some(100)));
    assert_eq!(steps[1].error.as_deref(), Some("no\u{fffd} package"));
    assert_eq!((steps[2].status, steps[2].handler), (Status::Pending, true));
    assert_eq!(steps[2].started_at, None);
}

async fn illegal(db: Database) {
    let claim = db.claimed().await;
    let (store, lease, time) = (&db.store, &claim.lease, now());
    let refused =
        async |answer: Result<_, StoreError>| is!(answer, Err(StoreError::Illegal { .. }));
    // Not started.
    refused(store.complete_step(lease, &at("1\n"), 1, true, time).await).await;
    refused(store.fail_step(lease, &at("1\n"), 1, None, "e", time).await).await;
    // Not there.
    refused(store.start_step(lease, &at("1\n"), 0, time).await).await;
    refused(store.start_step(lease, &at("1\n"), 4, time).await).await;
    // What was refused left nothing behind.
    let _ = store.start_step(lease, &at("1\n"), 1, time).await.expect("started");
    let _ = store.complete_step(lease, &at("2\n"), 1, true, time).await.expect("done");
    // It has ended.
    refused(store.start_step(lease, &at("3\n"), 1, time).await).await;
    refused(store.complete_step(lease, &at("3\n"), 1, true, time).await).await;
    refused(store.fail_step(lease, &at("3\n"), 1, None, "e", time).await).await;
    store.hand_back(lease).await.expect("handed back");
    assert_eq!(db.claim(&lease.run).await.attempts[0].journal, "1\n2\n");
}

/// The step that a reboot interrupted is started a second time; its beginning stays.
async fn after_a_reboot(db: Database) {
    let claim = db.claimed().await;
    let (store, lease, time) = (&db.store, &claim.lease, now());
    let _ = store.start_step(lease, &at("1 start 1\n"), 1, time).await.expect("started");
    let later = time + jiff::SignedDuration::from_secs(60);
    let second =
        AttemptRecord { number: 2, again: Some(1), boot: "boot-2".to_owned(), ..at("1 start 1\n") };
    let _ = store
        .start_attempt(lease, &AttemptRecord { journal: String::new(), ..second.clone() })
        .await
        .expect("recorded");
    let _ = store.start_step(lease, &second, 1, later).await.expect("started again");
    let step = store.run(&lease.run).await.expect("an answer").expect("the run").steps.remove(0);
    assert_eq!((step.starts, step.started_at), (2, Some(time)));
    store.hand_back(lease).await.expect("handed back");
    assert_eq!(db.claim(&lease.run).await.attempts, [at("1 start 1\n"), second]);
}

/// A call whose answer was lost is made again: what was committed is not done twice.
async fn replayed(db: Database) {
    let claim = db.claimed().await;
    let (store, lease, time) = (&db.store, &claim.lease, now());
    for _ in 0..2 {
        let _ = store.start_attempt(lease, &at("1 begin\n")).await.expect("recorded");
    }
    for _ in 0..2 {
        let _ = store.start_step(lease, &at("2 start 1\n"), 1, time).await.expect("started");
    }
    for _ in 0..2 {
        let _ = store.complete_step(lease, &at("3 ok 1\n"), 1, true, time).await.expect("done");
    }
    let step = store.run(&lease.run).await.expect("an answer").expect("the run").steps.remove(0);
    assert_eq!((step.starts, step.status), (1, Status::Completed));
    store.hand_back(lease).await.expect("handed back");
    assert_eq!(db.claim(&lease.run).await.attempts[0].journal, "1 begin\n2 start 1\n3 ok 1\n");
}

async fn notes(db: Database) {
    let claim = db.claimed().await;
    let _ = db.store.note(&claim.lease, None, "the line was cut").await.expect("noted");
    let _ = db.store.note(&claim.lease, Some(&at("1 begin\n")), "a\0b").await.expect("noted");
    let notes = db.store.run(&claim.run.id).await.expect("an answer").expect("the run").notes;
    let texts: Vec<_> = notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(texts, ["the line was cut", "a\u{fffd}b"]);
    assert!(notes[0].id < notes[1].id);
}
