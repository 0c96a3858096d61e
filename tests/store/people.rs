//! Users, links and sessions: known by their hash only (promise 8), and ended where they must be.

use std::time::Duration;

use groundcrew::model::NewSession;
use groundcrew::store::StoreError;

use crate::harness::{Database, is, on_both};

on_both!(
    a_link_is_used_once,
    a_link_ends,
    sessions_end,
    a_password_is_changed,
    a_session_needs_the_password_of_now,
    users,
);

const HOUR: Duration = Duration::from_secs(3600);

pub fn session(byte: u8) -> NewSession {
    let (address, agent) = ("203.0.113.9".to_owned(), "a browser".to_owned());
    NewSession { hash: [byte; 32], instead_of: None, address, agent }
}

/// The first user, with the password's hash "hash" and a session of this byte.
pub async fn signed_in(db: &Database, byte: u8) -> i64 {
    let link = [byte, 255];
    db.store.add_link(1, &link, HOUR).await.expect("a link");
    let used = db.store.use_link(&link, "ann", "hash", &session(byte), HOUR).await;
    assert_eq!(used.expect("used"), 1);
    shown(db, byte).await.expect("it has begun")
}

/// The number of the session that shows this byte.
pub async fn shown(db: &Database, byte: u8) -> Option<i64> {
    let shown = db.store.shown_session(&[byte; 32]).await.expect("an answer")?;
    assert_eq!((shown.user_id, shown.operator), (1, true));
    Some(shown.session.id)
}

async fn a_link_is_used_once(db: Database) {
    assert!(!db.store.anybody_can_sign_in().await.expect("an answer"));
    for link in [b"one", b"two"] {
        db.store.add_link(1, link, HOUR).await.expect("a link");
        assert_eq!(db.store.link(link).await.expect("an answer").as_deref(), Some("admin"));
    }
    db.store.add_user("bob").await.expect("another one");
    let taken = db.store.use_link(b"one", "bob", "hash", &session(1), HOUR).await;
    is!(taken, Err(StoreError::UserNameTaken(name)) if name == "bob");
    assert_eq!(shown(&db, 1).await, None, "nothing was done");

    db.store.use_link(b"one", "ann", "hash", &session(1), HOUR).await.expect("used");
    assert!(db.store.anybody_can_sign_in().await.expect("an answer"));
    // With it, all others of the user are over.
    for link in [b"one", b"two"] {
        assert_eq!(db.store.link(link).await.expect("an answer"), None);
        let again = db.store.use_link(link, "eve", "theirs", &session(2), HOUR).await;
        is!(again, Err(StoreError::UnknownLink));
    }
    let known = db.store.credentials("ann").await.expect("an answer").expect("ann");
    assert_eq!((known.user_id, known.password_hash.as_deref()), (1, Some("hash")));
    // Who chooses a password anew is signed in nowhere else.
    db.store.add_link(1, b"new", HOUR).await.expect("a link");
    db.store.use_link(b"new", "ann", "hash2", &session(3), HOUR).await.expect("used");
    assert_eq!(shown(&db, 1).await, None);
    assert!(shown(&db, 3).await.is_some());
}

async fn a_link_ends(db: Database) {
    db.store.add_link(1, b"one", HOUR).await.expect("a link");
    db.raw("UPDATE sign_in_links SET expires_at = created_at").await.expect("an hour later");
    assert_eq!(db.store.link(b"one").await.expect("an answer"), None);
    let late = db.store.use_link(b"one", "ann", "hash", &session(1), HOUR).await;
    is!(late, Err(StoreError::UnknownLink));
    db.store.forget_sessions().await.expect("tidied");
    assert_eq!(db.raw("DELETE FROM sign_in_links").await.expect("SQL"), 0, "it is forgotten");
}

async fn sessions_end(db: Database) {
    let id = signed_in(&db, 1).await;
    db.store.end_session(id).await.expect("ended");
    assert_eq!(shown(&db, 1).await, None);

    signed_in(&db, 2).await;
    db.raw("UPDATE sessions SET last_seen_at = last_seen_at - 61000").await.expect("a minute");
    shown(&db, 2).await.expect("it goes on");
    let seen = db.store.sessions_of(1).await.expect("sessions")[0].last_seen_at;
    assert!(seen >= db.store.sessions_of(1).await.expect("sessions")[0].created_at, "noted");
    let week = 7 * 24 * 3600 * 1000 + 1000;
    db.raw(&format!("UPDATE sessions SET last_seen_at = last_seen_at - {week}"))
        .await
        .expect("idle");
    assert_eq!(shown(&db, 2).await, None, "not seen for a week");
    assert!(db.store.sessions_of(1).await.expect("sessions").is_empty());

    signed_in(&db, 3).await;
    db.raw("UPDATE sessions SET expires_at = created_at").await.expect("a month later");
    assert_eq!(shown(&db, 3).await, None);
    db.store.forget_sessions().await.expect("tidied");
    assert_eq!(db.raw("DELETE FROM sessions").await.expect("SQL"), 0, "all are forgotten");
}

async fn a_password_is_changed(db: Database) {
    let id = signed_in(&db, 1).await;
    let another = session(2);
    let another = db.store.begin_session(1, "hash", &another, HOUR).await;
    another.expect("an answer").expect("another one");
    db.store.add_link(1, b"link", HOUR).await.expect("a link");
    let changed = db.store.change_password(1, ("hash", "hash2"), (id, &[9; 32])).await;
    assert!(changed.expect("an answer"));
    assert_eq!(shown(&db, 1).await, None, "it shows another secret now");
    assert_eq!(shown(&db, 9).await, Some(id), "and is the same session, for who listens with it");
    assert_eq!(shown(&db, 2).await, None, "all others have ended");
    assert_eq!(db.store.link(b"link").await.expect("an answer"), None);
    let stale = db.store.change_password(1, ("hash", "hash3"), (id, &[8; 32])).await;
    assert!(!stale.expect("an answer"), "it was checked against a hash that is gone");
    assert_eq!(shown(&db, 9).await, Some(id));
}

async fn a_session_needs_the_password_of_now(db: Database) {
    signed_in(&db, 1).await;
    let stale = db.store.begin_session(1, "another hash", &session(2), HOUR).await;
    assert!(stale.expect("an answer").is_none());
    // What the browser showed before is worth nothing after a sign-in.
    let new = NewSession { instead_of: Some([1; 32]), ..session(2) };
    db.store.begin_session(1, "hash", &new, HOUR).await.expect("an answer").expect("begun");
    assert_eq!(shown(&db, 1).await, None);
    assert!(shown(&db, 2).await.is_some());
}

async fn users(db: Database) {
    let bob = db.store.add_user("bob").await.expect("added");
    assert_eq!((bob.name.as_str(), bob.can_sign_in, bob.last_seen_at), ("bob", false, None));
    is!(db.store.add_user("bob").await, Err(StoreError::UserNameTaken(name)) if name == "bob");
    signed_in(&db, 1).await;
    let users = db.store.users().await.expect("users");
    let names: Vec<_> = users.iter().map(|user| (user.name.as_str(), user.can_sign_in)).collect();
    assert_eq!(names, [("ann", true), ("bob", false)]);
    assert!(users[0].last_seen_at.is_some());
    db.raw(
        "INSERT INTO servers (user_id, name, host, ssh_port, ssh_user, host_key, created_at, updated_at) \
            VALUES (2, 'edge-1', 'h', 22, 'root', 'k', 1, 1)",
    )
    .await
    .expect("a server of bob's");
    is!(db.store.remove_user(bob.id).await, Err(StoreError::UserHasServers));
    db.raw("DELETE FROM servers").await.expect("removed");
    db.store.remove_user(bob.id).await.expect("removed");
    assert_eq!(db.store.users().await.expect("users").len(), 1);
}
