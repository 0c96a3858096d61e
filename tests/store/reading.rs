//! What pages and terminals read; also who we are, and who works.

use std::sync::Arc;

use groundcrew::store::{StoreError, WorkerRow};

use crate::harness::{Database, is, new_run, on_both};

on_both!(by_a_beginning, lists, who_we_are, key_check, workers, sees_others_commit);

async fn by_a_beginning(db: Database) {
    let server = db.server("edge-1").await;
    let mut ids = vec![];
    for id in ["0190aaaa-1111-7000-8000-000000000001", "0190aaaa-2222-7000-8000-000000000001"] {
        let new = groundcrew::model::NewRun { id: id.to_owned(), ..new_run(server.id) };
        db.store.ask(&new).await.expect("asked");
        ids.push(id);
    }
    let found = async |id: &str| db.store.run(id).await.expect("an answer").map(|run| run.run.id);
    assert_eq!(found(ids[0]).await.as_deref(), Some(ids[0]));
    assert_eq!(found("0190AAAA-2").await.as_deref(), Some(ids[1]));
    is!(db.store.run("0190aaaa").await, Err(StoreError::Ambiguous(_)));
    for none in ["0190a", "", "0190aaaa-3", "0190aa%", "0190aa_", "' OR 1=1"] {
        assert_eq!(found(none).await, None, "{none}");
    }
}

async fn lists(db: Database) {
    let (a, b) = (db.server("a").await, db.server("b").await);
    let (one, two, three) = (db.ask(&a).await, db.ask(&b).await, db.ask(&a).await);
    let list = async |server, limit| {
        let runs = db.store.runs(server, limit).await.expect("runs");
        runs.into_iter().map(|run| (run.run.id, run.server)).collect::<Vec<_>>()
    };
    let of = |id: &String, server: &str| (id.clone(), server.to_owned());
    assert_eq!(list(None, 9).await, [of(&three, "a"), of(&two, "b"), of(&one, "a")]);
    assert_eq!(list(Some(a.id), 9).await, [of(&three, "a"), of(&one, "a")]);
    assert_eq!(list(None, 1).await, [of(&three, "a")]);
}

/// Made once, whoever asks first.
async fn who_we_are(db: Database) {
    let asked: Vec<_> = (0..10)
        .map(|_| {
            let store = db.store.clone();
            tokio::spawn(async move { store.installation().await.expect("an id") })
        })
        .collect();
    let mut ids = vec![];
    for id in asked {
        ids.push(id.await.expect("a task"));
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(uuid::Uuid::parse_str(&ids[0]).expect("a UUID").get_version_num(), 4);
}

async fn key_check(db: Database) {
    assert_eq!(db.store.key_check().await.expect("an answer"), None);
    assert_eq!(db.store.set_key_check(b"\0one").await.expect("set"), b"\0one");
    assert_eq!(db.store.set_key_check(b"two").await.expect("an answer"), b"\0one");
    assert_eq!(db.store.key_check().await.expect("an answer").as_deref(), Some(&b"\0one"[..]));
}

async fn workers(db: Database) {
    let worker = |name: &str| WorkerRow {
        name: name.to_owned(),
        host: "here".to_owned(),
        pid: 7,
        version: "0.1.0".to_owned(),
        slots: 8,
    };
    let names = async || db.raw("UPDATE workers SET slots = slots").await.expect("workers");
    db.store.worker_heartbeat(&worker("a")).await.expect("heard");
    db.raw("UPDATE workers SET heartbeat_at = heartbeat_at - 90000000").await.expect("older");
    for _ in 0..2 {
        db.store.worker_heartbeat(&worker("b")).await.expect("heard");
    }
    assert_eq!(names().await, 1, "a was not heard of for a day");
    db.store.remove_worker("b").await.expect("removed");
    assert_eq!(names().await, 0);
}

/// On SQLite a command beside a running `up` is seen; Postgres has other ways.
async fn sees_others_commit(db: Database) {
    let version = async || db.store.data_version().await.expect("an answer");
    if !db.is_sqlite {
        assert_eq!(version().await, None);
        return;
    }
    let before = version().await;
    assert_eq!(version().await, before, "nothing happened");
    db.store.servers().await.expect("all");
    assert_eq!(version().await, before, "reading is nothing");
    let beside = Arc::new(groundcrew::store::Store::open(&db.url, false).await.expect("open"));
    let _ = beside.add_server(&crate::harness::new_server("a"), |_| None).await.expect("added");
    assert_ne!(version().await, before);
}
