//! Promise 2: a change and the duty to announce it are one transaction.

use std::time::Duration;

use groundcrew::model::Changed;

use crate::harness::{Database, LEASE, at, chunk, on_both};

on_both!(duty, only_up, output_is_no_change, many_at_once);

async fn unannounced(db: &Database, age: Duration) -> Vec<Changed> {
    db.store.unannounced(age, 100).await.expect("changes")
}

async fn duty(db: Database) {
    let (a, b) = (db.server("a").await, db.server("b").await);
    let none = Duration::ZERO;
    let ids: Vec<_> = unannounced(&db, none).await.iter().map(|c| c.server_id).collect();
    assert_eq!(ids, [a.id, b.id], "the oldest first");
    assert!(unannounced(&db, LEASE).await.is_empty(), "who changed it is about to announce it");
    assert_eq!(db.store.unannounced(none, 1).await.expect("changes").len(), 1);
    let all = unannounced(&db, none).await;
    db.store.announced(&all[0]).await.expect("taken down");
    assert_eq!(unannounced(&db, none).await, all[1..]);
    // A change after that is a new duty, with its revision.
    let changed = db.store.rekey_server(a.id, "k").await.expect("rekeyed");
    assert!(unannounced(&db, none).await.contains(&changed));
    db.raw("UPDATE servers SET updated_at = updated_at - 120000").await.expect("older");
    assert_eq!(unannounced(&db, LEASE).await.len(), 2);
}

/// A publisher that is late does not undo what a faster one announced.
async fn only_up(db: Database) {
    let server = db.server("a").await;
    let old = db.store.rekey_server(server.id, "k").await.expect("rekeyed");
    let new = db.store.rekey_server(server.id, "l").await.expect("rekeyed");
    db.store.announced(&old).await.expect("taken down");
    assert_eq!(unannounced(&db, Duration::ZERO).await, [new], "one more was made meanwhile");
    db.store.announced(&new).await.expect("taken down");
    db.store.announced(&old).await.expect("taken down");
    assert!(unannounced(&db, Duration::ZERO).await.is_empty());
}

async fn output_is_no_change(db: Database) {
    let claim = db.claimed().await;
    let before = db.store.revision(claim.server.id).await.expect("an answer");
    db.store.append_output(&claim.lease, &at(""), &chunk(0, b"text")).await.expect("appended");
    db.store.renew(&claim.lease, LEASE).await.expect("renewed");
    assert_eq!(db.store.revision(claim.server.id).await.expect("an answer"), before);
    db.store.hand_back(&claim.lease).await.expect("handed back");
    assert_eq!(db.store.revision(claim.server.id).await.expect("an answer"), before);
}

/// No two changes share a revision.
async fn many_at_once(db: Database) {
    let server = db.server("a").await;
    let changes: Vec<_> = (0..40)
        .map(|key| {
            let store = db.store.clone();
            tokio::spawn(async move { store.rekey_server(server.id, &format!("k{key}")).await })
        })
        .collect();
    let mut revisions = Vec::new();
    for change in changes {
        revisions.push(change.await.expect("a task").expect("rekeyed").revision);
    }
    revisions.sort_unstable();
    assert_eq!(revisions, (2..=41).collect::<Vec<_>>());
}
