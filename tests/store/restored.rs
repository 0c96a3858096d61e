//! A database that was restored from a backup: what it gives from then on is past all that was
//! given since, and its hosts are asked about what had not ended.

use groundcrew::model::{Actor, FailureKind};
use groundcrew::store::Backup;

use crate::harness::{Database, at, is, new_run, on_both};

on_both!(
    past_what_hosts_and_pages_know,
    every_run_is_asked_about,
    what_hosts_refused_is_taken_up_again,
    nobody_is_signed_in
);

async fn restored(db: &Database) -> Backup {
    let by = Actor { user_id: None, name: "cli test".to_owned(), address: None };
    db.store.restored(&by).await.expect("restored")
}

/// Promise 4: epochs, of runs that are there and of those asked for later, whose ids may have been
/// in the backup. Promise 7: revisions, for pages that have seen higher ones. Again after a second
/// restoration, also of the same backup.
async fn past_what_hosts_and_pages_know(db: Database) {
    let claim = db.claimed().await;
    let mut before = (claim.lease.epoch, claim.server.revision);
    for _ in 0..2 {
        restored(&db).await;
        let again = db.claim(&claim.run.id).await;
        assert_eq!(again.attempts.len(), 0);
        let now = (again.lease.epoch, again.server.revision);
        assert!(now.0 > before.0 && now.1 > before.1, "{before:?} {now:?}");
        assert!(now.0 > 1_700_000_000_000 && now.1 > 1_700_000_000_000, "{now:?}");
        before = now;
    }
    let later = db.server("edge-2").await;
    assert!(later.revision > 1_700_000_000_000);
    let run = db.ask(&later).await;
    assert!(db.claim(&run).await.lease.epoch > 1_700_000_000_000);
    let missed = db.store.unannounced(std::time::Duration::ZERO, 9).await.expect("an answer");
    assert_eq!(missed.len(), 2, "every page is told");
}

/// Promise 5: until its host was asked, a run may be there already.
async fn every_run_is_asked_about(db: Database) {
    let claim = db.claimed().await;
    let ended = db.server("edge-2").await;
    let ended = db.ask(&ended).await;
    let ended = db.claim(&ended).await;
    db.finish(&ended).await;
    let pending = db.ask(&claim.server).await;
    let found = restored(&db).await;
    assert_eq!((found.servers, found.going, found.waiting), (2, 1, 1));
    let survey = db.store.survey().await.expect("an answer").restoration.expect("it was");
    assert_eq!((survey.runs, survey.open), (2, 2));
    assert_eq!(survey.newest, found.newest);

    // A cancel is for the host to confirm, though no worker of ours had the run.
    let answer = db.store.request_cancel(&pending).await.expect("an answer");
    assert!(!answer.over);
    let claim = db.claim(&claim.run.id).await;
    assert!(claim.restored);
    assert_eq!(claim.crashes, 0);
    let _ = db.store.start_attempt(&claim.lease, &at("")).await.expect("asked");
    let survey = db.store.survey().await.expect("an answer").restoration.expect("it was");
    assert_eq!((survey.runs, survey.open), (2, 1));
    db.finish(&claim).await;
    let pending = db.claim(&pending).await;
    let kind = FailureKind::Restored;
    let _ = db.store.fail_run(&pending.lease, None, kind, "no").await.expect("failed");
    let survey = db.store.survey().await.expect("an answer").restoration.expect("it was");
    assert_eq!((survey.runs, survey.open), (2, 0));
    let later = new_run(claim.server.id);
    let _ = db.store.ask(&later).await.expect("asked");
    assert!(!db.claim(&later.id).await.restored);
}

/// Who forgot to say it has runs that were failed over it. They go on, and are not tried again
/// if they have failed on their hosts.
async fn what_hosts_refused_is_taken_up_again(db: Database) {
    let claim = db.claimed().await;
    let lease = &claim.lease;
    let now = crate::harness::now();
    let _ = db.store.start_step(lease, &at("1 start 1\n"), 1, now).await.expect("started");
    let kind = FailureKind::Superseded;
    let _ = db.store.fail_run(lease, None, kind, "the host knows more").await.expect("failed");
    assert_eq!(db.store.survey().await.expect("an answer").superseded.len(), 1);
    is!(db.try_claim(&claim.run.id).await, None);
    assert_eq!(restored(&db).await.superseded, 1);
    let claim = db.claim(&claim.run.id).await;
    assert!(claim.restored && claim.retry.is_none());
    assert_eq!(claim.attempts.len(), 1);
    let at = at("2 changed 1\n");
    let _ = db.store.complete_step(&claim.lease, &at, 1, true, now).await.expect("completed");
}

/// Promise 8: what was ended after the backup is not good again.
async fn nobody_is_signed_in(db: Database) {
    db.server("edge-1").await;
    for sql in [
        "INSERT INTO sessions (user_id, session_hash, created_at, last_seen_at, expires_at, address, agent) \
            VALUES (1, '1', 1, 4000000000000, 4000000000000, '-', '-')",
        "INSERT INTO sign_in_links VALUES ('1', 1, 1, 4000000000000)",
        "INSERT INTO joins (server_id, token_hash, expires_at) SELECT id, '1', 4000000000000 FROM servers",
        "INSERT INTO tokens (user_id, name, token_hash, scopes, created_at) VALUES (1, 't', '1', 'read', 1)",
    ] {
        db.raw(sql).await.expect(sql);
    }
    let found = db.store.backup_found().await.expect("an answer");
    assert_eq!((found.sessions, found.links, found.tokens), (1, 2, 1));
    restored(&db).await;
    let found = db.store.backup_found().await.expect("an answer");
    assert_eq!((found.sessions, found.links, found.tokens), (0, 0, 1));
    let audited = db.store.audited(None, 1).await.expect("an answer");
    assert_eq!(
        (audited[0].action.as_str(), audited[0].actor.as_str()),
        ("backup.restore", "cli test")
    );
}
