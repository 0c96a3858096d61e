//! How a server joins: callbacks are taken once and in order, and what is refused changes
//! nothing (promises 1, 2, 9).

use std::time::Duration;

use groundcrew::model::{
    Callback, Called, Changed, Connection, Facts, FailureKind, JoinsBy, NewJoin, NewLine,
    NewServer, Provision, Server, Status,
};
use groundcrew::store::StoreError;

use crate::harness::{Database, LEASE, is, new_run, new_server, on_both};

on_both!(
    joins,
    answers_once_more,
    out_of_order,
    strangers,
    at_the_same_moment,
    fails_and_begins_anew,
    a_fresh_line,
    expired,
    silent,
    served,
);

const HOST: &str = "ssh-ed25519 HOST";
const LINE: NewLineOf = NewLineOf(b"token");

struct NewLineOf(&'static [u8]);

impl NewLineOf {
    fn line(&self, lasts: i64) -> NewLine {
        NewLine { token_hash: self.0.to_vec(), lasts }
    }
}

pub async fn add(db: &Database, lasts: i64, wants: bool) -> Server {
    let join = NewJoin {
        by: JoinsBy::Script,
        line: Some(LINE.line(lasts)),
        public_key: Some("ssh-ed25519 OURS".to_owned()),
        first_key: None,
        wants: wants.then(|| new_run(0)),
    };
    let new = NewServer { host_key: None, join: Some(join), ..new_server("edge-1") };
    db.store.add_server(&new, |_| Some(vec![1])).await.expect("added").0
}

pub async fn joining(db: &Database) -> Server {
    add(db, 60_000, true).await
}

pub fn callback(server: &Server, sequence: i64, step: i64) -> Callback {
    Callback {
        server_id: server.id,
        provision: "a".to_owned(),
        sequence,
        body_digest: format!("digest of {sequence}"),
        signed_by: HOST.to_owned(),
        token_hash: (step == 1).then(|| LINE.0.to_vec()),
        from: "203.0.113.7".to_owned(),
        step,
        failed: None,
        facts: Facts { os_name: Some("Debian".to_owned()), ..Facts::default() },
    }
}

fn failed(callback: Callback) -> Callback {
    let failed = Some((FailureKind::ScriptFailed, "no".to_owned()));
    Callback { failed, ..callback }
}

pub async fn taken(db: &Database, callback: &Callback) -> Changed {
    match db.store.call_back(callback).await.expect("an answer") {
        Called::Taken { changed, .. } => changed,
        other => panic!("not taken: {other:?}"),
    }
}

/// Steps 1 to 3, done.
pub async fn ready(db: &Database) -> Server {
    let server = joining(db).await;
    for step in 1..=3 {
        let _ = taken(db, &callback(&server, step, step)).await;
    }
    server
}

pub async fn now(db: &Database, server: &Server) -> Provision {
    db.store.provision(server.id).await.expect("an answer").expect("the server")
}

pub fn steps(provision: &Provision) -> Vec<&str> {
    provision.steps.iter().map(|step| step.status.as_str()).collect()
}

/// It is refused, with this in the answer, and nothing changes.
async fn refused(db: &Database, callback: &Callback, says: &str) {
    let server = db.store.server_by_id(callback.server_id).await.expect("an answer");
    let before = now(db, &server.expect("the server")).await;
    let called = db.store.call_back(callback).await.expect("an answer");
    let (Called::Stranger(problem) | Called::Conflict { problem, .. }) = called else {
        panic!("not refused: {called:?}")
    };
    assert!(problem.contains(says), "{problem}");
    let after = now(db, &before.server).await;
    assert_eq!(after.server, before.server);
    assert_eq!(after.steps, before.steps);
    assert_eq!(after.line, before.line);
}

async fn joins(db: Database) {
    let server = joining(&db).await;
    assert_eq!((server.host_key.as_deref(), server.provision_status), (None, Status::Pending));
    assert_eq!(steps(&now(&db, &server).await), ["pending"; 4]);

    let first = taken(&db, &callback(&server, 1, 1)).await;
    assert_eq!(first.revision, server.revision + 1, "promise 2: each callback is one change");
    let after = now(&db, &server).await;
    assert_eq!(steps(&after), ["completed", "installing", "pending", "pending"]);
    assert_eq!(after.server.host_key.as_deref(), Some(HOST), "promise 9: the key that signed");
    assert_eq!(after.server.provision_status, Status::Installing);
    assert_eq!(after.server.os_name.as_deref(), Some("Debian"));
    assert!(db.store.claim_connectivity("w", LEASE).await.expect("an answer").is_none());

    let _ = taken(&db, &callback(&server, 2, 2)).await;
    assert_eq!(
        steps(&now(&db, &server).await),
        ["completed", "completed", "installing", "pending"]
    );
    let _ = taken(&db, &callback(&server, 3, 3)).await;
    assert_eq!(steps(&now(&db, &server).await), ["completed", "completed", "completed", "pending"]);

    let (claim, changed) =
        db.store.claim_connectivity("w", LEASE).await.expect("an answer").expect("step 4");
    assert_eq!((claim.private_key, changed.revision), (Some(vec![1]), first.revision + 3));
    let facts = Facts { os_version: Some("12".to_owned()), ..Facts::default() };
    let connected = db.store.complete_connectivity(&claim.lease, &facts).await.expect("completed");
    let after = now(&db, &server).await;
    assert_eq!(steps(&after), ["completed"; 4]);
    assert_eq!(after.server.connection, Connection::Connected);
    assert_eq!(after.server.provision_status, Status::Installing, "until the run is completed");
    assert_eq!(
        (after.server.os_name.as_deref(), after.server.os_version.as_deref()),
        (Some("Debian"), Some("12"))
    );
    let wants = after.wants.expect("what was wanted");
    assert!(wants.asked_at.is_some() && wants.run.secrets.is_none(), "{wants:?}");
    assert_eq!(connected.run.as_deref(), Some(wants.run.id.as_str()));

    let claim = db.claim(&wants.run.id).await;
    assert_eq!(claim.secrets, new_run(0).secrets, "they went with the run");
    db.finish(&claim).await;
    assert_eq!(now(&db, &server).await.server.provision_status, Status::Completed);
    refused(&db, &Callback { provision: "b".to_owned(), ..callback(&server, 1, 1) }, "joined")
        .await;
}

async fn answers_once_more(db: Database) {
    let server = joining(&db).await;
    let _ = taken(&db, &callback(&server, 1, 1)).await;
    let _ = taken(&db, &callback(&server, 2, 2)).await;
    let before = now(&db, &server).await;
    for (sequence, step) in [(1, 1), (2, 2)] {
        let again = db.store.call_back(&callback(&server, sequence, step)).await;
        let provision_status = Status::Installing;
        assert_eq!(again.expect("an answer"), Called::Stored { provision_status });
        let other =
            Callback { body_digest: "other".to_owned(), ..callback(&server, sequence, step) };
        refused(&db, &other, "used for something else").await;
    }
    assert_eq!(now(&db, &server).await.server, before.server);
}

async fn out_of_order(db: Database) {
    let server = joining(&db).await;
    refused(&db, &callback(&server, 2, 1), "step 1 comes first").await;
    refused(&db, &callback(&server, 1, 2), "no host has enrolled").await;
    let _ = taken(&db, &callback(&server, 1, 1)).await;
    refused(&db, &callback(&server, 3, 2), "out of order").await;
    refused(&db, &callback(&server, 2, 3), "not the one at work").await;
    refused(&db, &callback(&server, 2, 1), "once").await;
    let other = Callback { provision: "b".to_owned(), ..callback(&server, 2, 2) };
    refused(&db, &other, "another one was begun").await;
    let anew = Callback { provision: "b".to_owned(), ..callback(&server, 1, 1) };
    refused(&db, &anew, "being provisioned").await;
}

async fn strangers(db: Database) {
    let server = joining(&db).await;
    let unknown = Callback { server_id: server.id + 1, ..callback(&server, 1, 1) };
    is!(db.store.call_back(&unknown).await, Ok(Called::Stranger(_)));
    let ready = db.server("ready").await;
    is!(db.store.call_back(&callback(&ready, 1, 1)).await, Ok(Called::Stranger(_)));
    for token_hash in [None, Some(b"other".to_vec())] {
        refused(&db, &Callback { token_hash, ..callback(&server, 1, 1) }, "last one").await;
    }
    let _ = taken(&db, &callback(&server, 1, 1)).await;
    let signed_by = "ssh-ed25519 OTHER".to_owned();
    for step in [1, 2] {
        let other = Callback { signed_by: signed_by.clone(), ..callback(&server, 2, step) };
        refused(&db, &other, "another host").await;
    }
}

async fn at_the_same_moment(db: Database) {
    let server = joining(&db).await;
    // One host twice, and another one.
    let calls = (0..6).map(|i| {
        let store = db.store.clone();
        let signed_by = if i % 2 == 0 { HOST.to_owned() } else { "ssh-ed25519 OTHER".to_owned() };
        let provision = if i % 2 == 0 { "a" } else { "b" }.to_owned();
        let callback = Callback { signed_by, provision, ..callback(&server, 1, 1) };
        tokio::spawn(async move { store.call_back(&callback).await.expect("an answer") })
    });
    let calls: Vec<_> = calls.collect();
    let mut all = vec![];
    for call in calls {
        all.push(call.await.expect("a task"));
    }
    let count = |is: fn(&Called) -> bool| all.iter().filter(|called| is(called)).count();
    assert_eq!(count(|called| matches!(called, Called::Taken { .. })), 1, "{all:?}");
    assert_eq!(count(|called| matches!(called, Called::Stored { .. })), 2, "{all:?}");
    assert_eq!(count(|called| matches!(called, Called::Stranger(_))), 3, "{all:?}");
    assert_eq!(now(&db, &server).await.server.revision, server.revision + 1);
}

async fn fails_and_begins_anew(db: Database) {
    let server = joining(&db).await;
    // Where step 1 itself fails, nobody has enrolled: it may be the wrong machine.
    let wrong = Callback { signed_by: "ssh-ed25519 OTHER".to_owned(), ..callback(&server, 1, 1) };
    let _ = taken(&db, &failed(wrong)).await;
    let after = now(&db, &server).await;
    assert_eq!((after.server.host_key, after.server.provision_status), (None, Status::Failed));
    assert_eq!(after.steps[0].error_kind, Some(FailureKind::ScriptFailed));

    let go = |provision: &str, sequence, step| Callback {
        provision: provision.to_owned(),
        ..callback(&server, sequence, step)
    };
    let _ = taken(&db, &go("b", 1, 1)).await;
    let _ = taken(&db, &failed(go("b", 2, 2))).await;
    let after = now(&db, &server).await;
    assert_eq!(steps(&after), ["completed", "failed", "pending", "pending"]);
    assert_eq!(after.server.provision_status, Status::Failed, "any failure fails it");
    refused(&db, &go("b", 3, 2), "not the one at work").await;

    // The old steps are cleared for a fresh go, in the same change.
    let changed = taken(&db, &go("c", 1, 1)).await;
    let fresh = now(&db, &server).await;
    assert_eq!(steps(&fresh), ["completed", "installing", "pending", "pending"]);
    assert_eq!(changed.revision, after.server.revision + 1);
    let again = db.store.call_back(&go("b", 1, 1)).await.expect("an answer");
    is!(again, Called::Stored { provision_status: Status::Installing });
    assert_eq!(now(&db, &server).await.server, fresh.server, "an old callback changes nothing");
}

async fn a_fresh_line(db: Database) {
    let server = joining(&db).await;
    let _ = taken(&db, &callback(&server, 1, 1)).await;
    let line = NewLineOf(b"fresh").line(60_000);
    let _ = db.store.renew_line(server.id, &line).await.expect("renewed");
    let after = now(&db, &server).await;
    assert_eq!(steps(&after), ["pending"; 4]);
    assert_eq!((after.server.host_key, after.server.provision_status), (None, Status::Pending));
    refused(&db, &callback(&server, 2, 2), "no host has enrolled").await;
    let old = Callback { provision: "b".to_owned(), ..callback(&server, 1, 1) };
    refused(&db, &old, "last one").await;
    let token_hash = Some(b"fresh".to_vec());
    let signed_by = "ssh-ed25519 OTHER".to_owned();
    let _ = taken(&db, &Callback { token_hash, signed_by, ..old }).await;

    let ready = db.server("ready").await;
    is!(db.store.renew_line(ready.id, &line).await, Err(StoreError::NotProvisionable(_)));
    is!(db.store.renew_line(99, &line).await, Err(StoreError::UnknownServer));
}

async fn expired(db: Database) {
    let server = add(&db, 0, false).await;
    refused(&db, &callback(&server, 1, 1), "expired").await;
    assert!(db.store.joining(LINE.0, "a").await.expect("an answer").is_none());
    assert!(now(&db, &server).await.line.expect("a line").expired);
}

async fn silent(db: Database) {
    let server = joining(&db).await;
    let none = db.store.fail_silent(Duration::ZERO).await.expect("an answer");
    assert!(none.is_empty(), "nobody has begun");
    let _ = taken(&db, &callback(&server, 1, 1)).await;
    assert!(db.store.fail_silent(LEASE).await.expect("an answer").is_empty());
    db.raw("UPDATE joins SET heard_at = 1").await.expect("long ago");
    let failed = db.store.fail_silent(LEASE).await.expect("an answer");
    assert_eq!(failed.len(), 1);
    let after = now(&db, &server).await;
    assert_eq!(after.steps[1].error_kind, Some(FailureKind::Silent));
    assert_eq!(after.server.provision_status, Status::Failed);
    assert!(db.store.fail_silent(LEASE).await.expect("an answer").is_empty());
}

async fn served(db: Database) {
    let server = joining(&db).await;
    let gets = |from: &'static str| {
        let store = db.store.clone();
        async move { store.joining(LINE.0, from).await.expect("an answer").is_some() }
    };
    assert!(gets("203.0.113.7").await && gets("198.51.100.1").await, "any number of times");
    let _ = taken(&db, &callback(&server, 1, 1)).await;
    assert!(gets("203.0.113.7").await, "the host that has enrolled");
    assert!(!gets("198.51.100.1").await, "nobody else");
    db.raw("UPDATE joins SET expires_at = 1").await.expect("over");
    assert!(gets("203.0.113.7").await);
}
