//! Tokens: known by their hash only, whose they are, and until when (promise 8).

use std::collections::BTreeSet;

use groundcrew::model::{NewToken, Scope};
use groundcrew::store::StoreError;

use crate::harness::{Database, is, now, on_both};

on_both!(shown, name_taken, expired, revoked, listed);

pub fn new_token(name: &str) -> NewToken {
    let scopes = BTreeSet::from([Scope::Read, Scope::Write]);
    NewToken { name: name.to_owned(), scopes, expires_at: None }
}

/// A second user; the first one is there from the beginning.
async fn second_user(db: &Database) -> i64 {
    db.raw("INSERT INTO users (name, created_at) VALUES ('other', 1)").await.expect("a user");
    db.store.first_user().await.expect("the first") + 1
}

async fn shown(db: Database) {
    let other = second_user(&db).await;
    let made = db.store.add_token(1, &new_token("ci"), b"\0hash").await.expect("made");
    assert_eq!((made.name.as_str(), made.last_used_at), ("ci", None));
    let shown = db.store.shown_token(b"\0hash").await.expect("an answer").expect("the token");
    assert_eq!(shown.token.scopes, BTreeSet::from([Scope::Read, Scope::Write]));
    assert_eq!((shown.user_id, shown.operator, shown.expired), (1, true, false));
    // Its use is noted, to the minute: not with every request.
    let used = async || {
        let tokens = db.store.tokens_of(1, 0, 9).await.expect("tokens");
        tokens[0].last_used_at.expect("it was used")
    };
    let first = used().await;
    db.store.shown_token(b"\0hash").await.expect("an answer");
    assert_eq!(used().await, first);
    db.raw("UPDATE tokens SET last_used_at = last_used_at - 61000").await.expect("a minute ago");
    db.store.shown_token(b"\0hash").await.expect("an answer");
    assert!(used().await >= first);

    db.store.add_token(other, &new_token("ci"), b"other").await.expect("names are each user's own");
    let shown = db.store.shown_token(b"other").await.expect("an answer").expect("the token");
    assert_eq!((shown.user_id, shown.operator), (other, false));
    assert!(db.store.shown_token(b"").await.expect("an answer").is_none());
}

async fn name_taken(db: Database) {
    db.store.add_token(1, &new_token("ci"), b"a").await.expect("made");
    let again = db.store.add_token(1, &new_token("ci"), b"b").await;
    is!(again, Err(StoreError::TokenNameTaken(name)) if name == "ci");
}

async fn expired(db: Database) {
    let new = NewToken { expires_at: Some(now()), ..new_token("ci") };
    let made = db.store.add_token(1, &new, b"a").await.expect("made");
    assert_eq!(made.expires_at, new.expires_at);
    let shown = db.store.shown_token(b"a").await.expect("an answer").expect("the token");
    assert!(shown.expired);
    let tokens = db.store.tokens_of(1, 0, 9).await.expect("tokens");
    assert_eq!(tokens[0].last_used_at, None, "a refused one is not used");
}

async fn revoked(db: Database) {
    let other = second_user(&db).await;
    let made = db.store.add_token(1, &new_token("ci"), b"a").await.expect("made");
    let revoke = async |user| db.store.revoke_token(user, made.id).await.expect("an answer");
    assert_eq!(revoke(other).await, None, "it is another user's");
    assert_eq!(revoke(1).await.map(|token| token.name).as_deref(), Some("ci"));
    assert_eq!(revoke(1).await, None);
    assert!(db.store.shown_token(b"a").await.expect("an answer").is_none());
}

async fn listed(db: Database) {
    let other = second_user(&db).await;
    for (user, name) in [(1, "b"), (other, "x"), (1, "a")] {
        db.store.add_token(user, &new_token(name), name.as_bytes()).await.expect("made");
    }
    let list = async |after, limit| {
        let tokens = db.store.tokens_of(1, after, limit).await.expect("tokens");
        tokens.into_iter().map(|token| (token.id, token.name)).collect::<Vec<_>>()
    };
    let all = list(0, 9).await;
    assert_eq!(all.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(list(0, 1).await, all[..1]);
    assert_eq!(list(all[0].0, 9).await, all[1..]);
}
