//! What belongs to whom: another user's servers and runs are not found. And the audit log.

use groundcrew::model::{Actor, Deed, NewServer};
use groundcrew::store::StoreError;

use crate::harness::{Database, is, new_server, on_both};

on_both!(servers, runs, audit);

/// A second user, with a server of the same name as the first one's.
async fn second_user(db: &Database) -> i64 {
    db.raw("INSERT INTO users (name, created_at) VALUES ('other', 1)").await.expect("a user");
    let new = NewServer { user_id: 2, ..new_server("edge-1") };
    db.store.add_server(&new, |_| None).await.expect("added").0.id
}

async fn servers(db: Database) {
    let theirs = second_user(&db).await;
    let mine = [db.server("edge-1").await, db.server("a").await];
    assert_eq!(db.store.servers_of(1, 0, 9).await.expect("servers"), mine);
    assert_eq!(db.store.servers_of(1, 0, 1).await.expect("servers"), mine[..1]);
    assert_eq!(db.store.servers_of(1, mine[0].id, 9).await.expect("servers"), mine[1..]);
    assert_eq!(db.store.server_of(1, mine[1].id).await.expect("found"), mine[1]);
    for (user, id) in [(1, theirs), (2, mine[0].id), (1, 99), (99, theirs), (1, 0)] {
        is!(db.store.server_of(user, id).await, Err(StoreError::UnknownServer));
    }
}

async fn runs(db: Database) {
    let theirs = second_user(&db).await;
    let theirs = db.store.server_of(2, theirs).await.expect("the server");
    let (a, b) = (db.server("a").await, db.server("b").await);
    let (one, two, hidden) = (db.ask(&a).await, db.ask(&b).await, db.ask(&theirs).await);
    let three = db.ask(&a).await;
    let list = async |server, before: Option<&str>, limit| {
        let runs = db.store.runs_of(1, server, before, limit).await.expect("runs");
        runs.into_iter().map(|run| run.run.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, 9).await, [&three, &two, &one].map(String::clone));
    assert_eq!(list(None, None, 2).await, [&three, &two].map(String::clone));
    assert_eq!(list(None, Some(&two), 9).await, std::slice::from_ref(&one));
    assert_eq!(list(Some(a.id), None, 9).await, [&three, &one].map(String::clone));
    assert!(list(Some(theirs.id), None, 9).await.is_empty());
    assert_eq!(db.store.run_of(1, &one).await.expect("found").run.id, one);
    for (user, id) in [(1, hidden.as_str()), (2, one.as_str()), (1, &one[..8]), (1, "")] {
        is!(db.store.run_of(user, id).await, Err(StoreError::UnknownRun(_)));
    }
}

async fn audit(db: Database) {
    let by = Actor {
        user_id: Some(1),
        name: "token ci".to_owned(),
        address: Some("203.0.113.1".to_owned()),
    };
    let deed = Deed {
        action: "run.ask",
        server_id: Some(7),
        run_id: Some("r".to_owned()),
        detail: Some("nginx".to_owned()),
    };
    db.store.audit(&by, &deed).await.expect("written");
    let by = Actor { user_id: None, name: "cli root".to_owned(), address: None };
    let deed = Deed { action: "worker.drain", ..Deed::default() };
    db.store.audit(&by, &deed).await.expect("written");
    let rows = "DELETE FROM audit_log WHERE id = 1 AND at > 0 AND user_id = 1 AND actor = 'token ci' \
        AND address = '203.0.113.1' AND action = 'run.ask' AND server_id = 7 AND run_id = 'r' \
        AND detail = 'nginx'";
    assert_eq!(db.raw(rows).await.expect("a table"), 1);
    let rows = "DELETE FROM audit_log WHERE id = 2 AND user_id IS NULL AND actor = 'cli root' \
        AND address IS NULL AND server_id IS NULL AND run_id IS NULL AND detail IS NULL";
    assert_eq!(db.raw(rows).await.expect("a table"), 1);
}
