//! What pages show at a glance, of many servers at once.

use std::time::Duration;

use groundcrew::model::{Called, FailureKind};

use crate::harness::{Database, is, on_both};
use crate::joins::{callback, joining, taken};

on_both!(what_is_installed, how_far_each_is, whose_runs, callbacks_are_forgotten);

async fn what_is_installed(db: Database) {
    let (a, b) = (db.server("a").await, db.server("b").await);
    let first = db.claim(&db.ask(&a).await).await;
    assert!(db.store.installed(&[a.id, b.id]).await.expect("an answer").is_empty());
    db.finish(&first).await;
    let again = db.claim(&db.ask(&a).await).await;
    db.finish(&again).await;
    let fails = db.claim(&db.ask(&b).await).await;
    let _ =
        db.store.fail_run(&fails.lease, None, FailureKind::Internal, "no").await.expect("failed");
    let installed = db.store.installed(&[a.id, b.id, 99]).await.expect("an answer");
    assert_eq!(installed.into_iter().collect::<Vec<_>>(), [(a.id, vec!["nginx".to_owned()])]);
}

async fn how_far_each_is(db: Database) {
    let (a, b, c) = (db.server("a").await, db.server("b").await, db.server("c").await);
    let (run, waits) = (db.ask(&a).await, db.ask(&b).await);
    let claim = db.claim(&run).await;
    let _ = db.store.note(&claim.lease, None, "a note").await.expect("noted");
    let second = db.ask(&a).await;
    let all = db.store.progress_of(&[c.id, 99, a.id, b.id]).await.expect("an answer");
    let shown = all.iter().map(|(provision, run)| {
        let run = run.as_ref().map(|run| (run.run.id.as_str(), run.steps.len(), run.notes.len()));
        (provision.server.id, run)
    });
    let expected =
        [(a.id, Some((run.as_str(), 3, 1))), (b.id, Some((waits.as_str(), 3, 0))), (c.id, None)];
    assert_eq!(shown.collect::<Vec<_>>(), expected, "the one at work, else the last");
    let one = db.store.run(&second).await.expect("an answer").expect("the run");
    assert_eq!(one.place, Some(1));
    assert_eq!(all[1].1.as_ref().and_then(|run| run.place), Some(0));
}

/// A run is its server's owner's, whoever adds it, an older process too.
async fn whose_runs(db: Database) {
    db.raw("INSERT INTO users (name, created_at) VALUES ('other', 1)").await.expect("a user");
    let (a, b) = (db.server("a").await, db.server("b").await);
    let theirs = format!("UPDATE servers SET user_id = 2 WHERE id = {}", b.id);
    db.raw(&theirs).await.expect("another owner");
    let (ours, theirs) = (db.ask(&a).await, db.ask(&b).await);
    for (user, run) in [(1, ours), (2, theirs)] {
        let runs = db.store.runs_of(user, None, None, 9).await.expect("runs");
        assert_eq!(runs.iter().map(|run| run.run.id.clone()).collect::<Vec<_>>(), [run]);
    }
}

async fn callbacks_are_forgotten(db: Database) {
    let server = joining(&db).await;
    let first = callback(&server, 1, 1);
    let _ = taken(&db, &first).await;
    db.store.forget_callbacks(Duration::from_secs(60)).await.expect("done");
    is!(db.store.call_back(&first).await, Ok(Called::Stored { .. }));
    db.raw("UPDATE callbacks SET at = at - 61000").await.expect("older");
    db.store.forget_callbacks(Duration::from_secs(60)).await.expect("done");
    is!(db.store.call_back(&first).await, Ok(Called::Conflict { .. }));
}
