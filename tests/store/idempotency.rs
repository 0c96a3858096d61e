//! Requests with a key: who comes again gets what the first one got, at the same moment too.

use std::time::Duration;

use crate::harness::{Database, on_both};

on_both!(first_stays, at_once, forgotten);

async fn first_stays(db: Database) {
    db.raw("INSERT INTO users (name, created_at) VALUES ('other', 1)").await.expect("a user");
    assert!(db.store.request(1, "k").await.expect("an answer").is_none());
    let first = db.store.remember_request(1, "k", b"\0one", "id-1").await.expect("kept");
    assert_eq!((&first.request[..], first.made.as_str()), (&b"\0one"[..], "id-1"));
    assert!(first.answer.is_none());
    let again = db.store.remember_request(1, "k", b"two", "id-2").await.expect("kept");
    assert_eq!((&again.request[..], again.made.as_str()), (&b"\0one"[..], "id-1"));
    // Keys are each user's own.
    let other = db.store.remember_request(2, "k", b"two", "id-2").await.expect("kept");
    assert_eq!(other.made, "id-2");

    for (status, body) in [(201, "one"), (500, "two")] {
        let kept = db.store.remember_answer(1, "k", status, body).await.expect("kept");
        assert_eq!(kept.expect("there").answer, Some((201, "one".to_owned())));
    }
    let recalled = db.store.request(1, "k").await.expect("an answer").expect("there");
    assert_eq!(recalled.answer, Some((201, "one".to_owned())));
    assert!(db.store.remember_answer(1, "x", 201, "").await.expect("an answer").is_none());
}

async fn at_once(db: Database) {
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let store = db.store.clone();
            tokio::spawn(async move {
                let id = format!("id-{number}");
                store.remember_request(1, "k", id.as_bytes(), &id).await.expect("kept").made
            })
        })
        .collect();
    let mut made = vec![];
    for task in tasks {
        made.push(task.await.expect("a task"));
    }
    made.dedup();
    assert_eq!(made.len(), 1, "{made:?}");
}

async fn forgotten(db: Database) {
    db.store.remember_request(1, "old", b"a", "a").await.expect("kept");
    db.raw("UPDATE idempotency_keys SET created_at = created_at - 5000").await.expect("older");
    db.store.remember_request(1, "new", b"b", "b").await.expect("kept");
    db.store.forget_requests(Duration::from_secs(4)).await.expect("done");
    assert!(db.store.request(1, "old").await.expect("an answer").is_none());
    assert!(db.store.request(1, "new").await.expect("an answer").is_some());
}
