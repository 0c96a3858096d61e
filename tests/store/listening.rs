//! Who may hear what: the owner, for as long as that with which they proved it lasts.

use std::collections::BTreeSet;
use std::time::Duration;

use groundcrew::model::{Listening, NewToken, Proof, Scope, Subject};

use crate::harness::{Database, now, on_both};
use crate::people::signed_in;

on_both!(the_owner_while_it_lasts);

async fn the_owner_while_it_lasts(db: Database) {
    let server = db.server("edge-1").await;
    let run = db.ask(&server).await;
    db.store.add_user("bob").await.expect("another user");
    let session = signed_in(&db, 1).await;
    let token = async |user, name: &str, scope, expires_at| {
        let new = NewToken { name: name.to_owned(), scopes: BTreeSet::from([scope]), expires_at };
        let made = db.store.add_token(user, &new, format!("{user}{name}").as_bytes()).await;
        Proof::Token(made.expect("made").id)
    };
    let (good, late) = (
        token(1, "good", Scope::Read, Some(now() + Duration::from_secs(60))).await,
        token(1, "late", Scope::Read, Some(now())).await,
    );
    let (blind, bobs) =
        (token(1, "blind", Scope::Write, None).await, token(2, "bobs", Scope::Read, None).await);
    let (ours, none) = (Subject::Server(server.id), Subject::Server(999));
    let (output, no_run) = (Subject::Run(run.clone()), Subject::Run("no run".to_owned()));
    let session = Proof::Session(session);
    let cases = [
        (&ours, 1, None, true),
        (&ours, 2, None, false),
        (&none, 1, None, false),
        (&output, 1, None, true),
        (&output, 2, None, false),
        (&no_run, 1, None, false),
        (&ours, 1, Some(session), true),
        (&output, 1, Some(session), true),
        (&ours, 2, Some(session), false),
        (&none, 1, Some(session), false),
        (&ours, 1, Some(Proof::Session(999)), false),
        (&ours, 1, Some(good), true),
        (&ours, 1, Some(late), false),
        (&ours, 1, Some(blind), false),
        (&ours, 1, Some(bobs), false),
        (&ours, 2, Some(bobs), false),
        (&ours, 1, Some(Proof::Token(999)), false),
    ];
    let listening = cases.map(|(subject, user, proof, _)| Listening {
        subject: subject.clone(),
        user_id: user.to_string(),
        proof,
    });
    // All in one question, as the gateway asks; and each by itself, as the web does.
    let expected: Vec<bool> = cases.iter().map(|(.., may)| *may).collect();
    assert_eq!(db.store.may_listen(&listening).await.expect("an answer"), expected);
    for (one, may) in listening.iter().zip(expected) {
        let answer = db.store.may_listen(std::slice::from_ref(one)).await.expect("an answer");
        assert_eq!(answer, [may], "{one:?}");
    }
    assert!(db.store.may_listen(&[]).await.expect("an answer").is_empty());

    // From one moment to the next.
    let may = async |proof| {
        let one = Listening { subject: ours.clone(), user_id: "1".to_owned(), proof: Some(proof) };
        db.store.may_listen(&[one]).await.expect("an answer")[0]
    };
    let (Proof::Session(session_id), Proof::Token(token_id)) = (session, good) else { panic!() };
    db.store.end_session(session_id).await.expect("ended");
    assert!(!may(session).await);
    db.store.revoke_token(1, token_id).await.expect("an answer").expect("revoked");
    assert!(!may(good).await);
}

/// What is written into what is signed is read again; what others write is theirs.
#[test]
fn a_proof_is_read_as_it_is_written() {
    for proof in [Proof::Session(7), Proof::Token(12)] {
        assert_eq!(Proof::read(&proof.to_string()), Some(proof));
    }
    assert_eq!(Proof::read("session:abc"), Some(Proof::Session(0)), "which is nobody's");
    for text in ["", "test", "laravel:7", "7"] {
        assert_eq!(Proof::read(text), None, "{text}");
    }
}
