//! Servers that a worker can log in to: one key waits for a person (promise 9), the run that
//! prepares is shown in steps 1 to 3, and each change of what is shown has a revision of its own
//! (promise 2).

use std::time::Duration;

use groundcrew::model::{
    Changed, Connection, Facts, FailureKind, JoinsBy, NewJoin, NewRun, NewServer, Server,
    ServerProvisioningResource, Status, live, provisioning,
};
use groundcrew::store::StoreError;

use crate::harness::{Database, LEASE, at, is, new_run, new_server, now, on_both, outline};

on_both!(
    each_change_is_shown,
    one_key_waits_for_a_person,
    away_and_failed,
    failed_and_tried_again,
    cancelled_and_prepared_again,
    only_of_its_own_way,
);

const KEY: &str = "ssh-ed25519 SHOWN";
const TRIED: Duration = Duration::from_secs(60);

async fn add(db: &Database) -> Server {
    let join = NewJoin {
        by: JoinsBy::Login,
        line: None,
        public_key: Some("ssh-ed25519 OURS".to_owned()),
        first_key: Some(vec![7]),
        wants: Some(new_run(0)),
    };
    let new = NewServer {
        host_key: None,
        ssh_user: "admin".to_owned(),
        join: Some(join),
        ..new_server("edge-1")
    };
    db.store.add_server(&new, |_| Some(vec![1])).await.expect("added").0
}

fn prepare(server: &Server) -> NewRun {
    let mut outline = outline(&["packages", "sshd"]);
    (outline.jobs, outline.handlers) = (vec!["nginx".to_owned()], vec![]);
    NewRun { outline, secrets: None, ..new_run(server.id) }
}

/// A server whose key is confirmed, and its run.
async fn confirmed(db: &Database) -> (Server, NewRun) {
    let server = add(db).await;
    is!(db.store.take_stranger(TRIED).await, Ok(Some((_, Some(_)))));
    is!(db.store.offer_host_key(server.id, KEY).await, Ok(Some(_)));
    let run = prepare(&server);
    is!(db.store.confirm_host_key(server.id, KEY, &run).await, Ok(_));
    (server, run)
}

async fn shown(db: &Database, server: &Server) -> ServerProvisioningResource {
    let (provision, run) = db.store.progress(server.id).await.expect("a server");
    provisioning(&provision, run.as_ref(), |_| None)
}

fn statuses(shown: &ServerProvisioningResource) -> Vec<&'static str> {
    let steps = shown.steps.iter().map(|step| match &step.status {
        status if status.is_pending => "pending",
        status if status.is_installing => "installing",
        status if status.is_completed => "completed",
        _ => "failed",
    });
    steps.collect()
}

async fn each_change_is_shown(db: Database) {
    let server = add(&db).await;
    let store = &db.store;
    let mut last = shown(&db, &server).await;
    assert_eq!(last.revision, 1);
    assert_eq!(statuses(&last), ["pending"; 5]);
    // Each call raises the revision by one; what is shown is another thing then, but for what
    // only the live part has: since when it is away, and the key that waits.
    let mut next = async |changed: Changed, expected: [&str; 5], what: &str| {
        let now = shown(&db, &server).await;
        assert_eq!(
            (changed.revision, now.revision),
            (last.revision + 1, last.revision + 1),
            "{what}"
        );
        assert_eq!(statuses(&now), expected, "{what}");
        let revision = now.revision;
        let same =
            ServerProvisioningResource { revision, updated_at: now.updated_at, ..last.clone() };
        assert_eq!(same != now, !what.ends_with("(live)"), "{what}");
        last = now;
    };
    let one = ["installing", "pending", "pending", "pending", "pending"];
    let (_, changed) = store.take_stranger(Duration::ZERO).await.expect("an answer").expect("it");
    next(changed.expect("a change"), one, "a worker asks for the key").await;
    let changed = store.stranger_away(server.id, Duration::ZERO, "away").await.expect("an answer");
    next(changed.expect("a change"), one, "away (live)").await;
    is!(store.take_stranger(TRIED).await, Ok(Some((_, None))));
    let changed = store.offer_host_key(server.id, KEY).await.expect("an answer");
    next(changed.expect("a change"), one, "the key is shown (live)").await;
    let run = prepare(&server);
    let asked = store.confirm_host_key(server.id, KEY, &run).await.expect("confirmed");
    next(asked.changed, one, "confirmed (live)").await;

    let claimed = store.claim(&run.id, "w", LEASE).await.expect("an answer").expect("the run");
    assert_eq!(claimed.claim.private_key.as_deref(), Some(&[7][..]), "what the person gave");
    assert!(claimed.claim.first_key);
    next(claimed.changed, one, "the run is claimed (live)").await;
    let lease = &claimed.claim.lease;
    let two = ["completed", "installing", "pending", "pending", "pending"];
    let three = ["completed", "completed", "installing", "pending", "pending"];
    let started = store.start_attempt(lease, &at("1 begin\n")).await.expect("recorded");
    next(started, two, "the host has it").await;
    let changed = store.start_step(lease, &at("2 start 1\n"), 1, now()).await.expect("started");
    next(changed, two, "the first step is at work (live)").await;
    let changed = store.complete_step(lease, &at("3 ok 1\n"), 1, true, now()).await.expect("done");
    next(changed, three, "the last step is to come").await;
    let changed = store.start_step(lease, &at("4 start 2\n"), 2, now()).await.expect("started");
    next(changed, three, "the last step is at work (live)").await;
    let changed = store.complete_step(lease, &at("5 ok 2\n"), 2, true, now()).await.expect("done");
    next(changed, three, "all steps are completed (live)").await;
    let changed = store.complete_run(lease, None, 2).await.expect("completed");
    let four = ["completed", "completed", "completed", "pending", "pending"];
    next(changed, four, "the run is completed").await;

    let server_now = store.server_by_id(server.id).await.expect("an answer").expect("it");
    assert_eq!(server_now.provision_status, Status::Installing, "it has not joined yet");
    assert_eq!(server_now.ssh_user, "root", "whom its own key lets in");
    let (claim, changed) =
        store.claim_connectivity("w", LEASE).await.expect("an answer").expect("step 4");
    assert_eq!(claim.private_key.as_deref(), Some(&[1][..]), "its own");
    let four = ["completed", "completed", "completed", "installing", "pending"];
    next(changed, four, "step 4 is at work").await;
    let facts = Facts { os_name: Some("Debian".to_owned()), ..Facts::default() };
    let connected = store.complete_connectivity(&claim.lease, &facts).await.expect("held");
    let five = ["completed", "completed", "completed", "completed", "pending"];
    next(connected.changed, five, "connected, and the run asked for").await;
    let run = connected.run.expect("what was wanted");
    let claimed = store.claim(&run, "w", LEASE).await.expect("an answer").expect("the run");
    assert_eq!(claimed.claim.private_key.as_deref(), Some(&[1][..]));
    let five = ["completed", "completed", "completed", "completed", "installing"];
    next(claimed.changed, five, "the wanted run is at work").await;
    db.finish(&claimed.claim).await;
    let end = shown(&db, &server).await;
    assert_eq!(statuses(&end), ["completed"; 5]);
    assert_eq!((end.connection, end.provision_status), (Connection::Connected, Status::Completed));
    let forgotten = "UPDATE servers SET name = name WHERE first_key IS NOT NULL";
    assert_eq!(db.raw(forgotten).await.expect("SQL"), 0);
}

async fn one_key_waits_for_a_person(db: Database) {
    let server = add(&db).await;
    let store = &db.store;
    is!(store.take_stranger(TRIED).await, Ok(Some((stranger, _))) if stranger.server.id == server.id);
    is!(store.take_stranger(TRIED).await, Ok(None));
    let run = prepare(&server);
    // Nothing waits yet.
    is!(store.confirm_host_key(server.id, KEY, &run).await, Err(StoreError::NotProvisionable(_)));
    is!(store.offer_host_key(server.id, KEY).await, Ok(Some(_)));
    // Another worker was slower, and met somebody else.
    is!(store.offer_host_key(server.id, "ssh-ed25519 OTHER").await, Ok(None));
    is!(
        store.confirm_host_key(server.id, "ssh-ed25519 OTHER", &run).await,
        Err(StoreError::NotProvisionable(_))
    );
    is!(store.run(&run.id).await, Ok(None));
    is!(store.ask(&new_run(server.id)).await, Err(StoreError::NoHostKey));
    let (first, second) = tokio::join!(
        store.confirm_host_key(server.id, KEY, &run),
        store.confirm_host_key(server.id, KEY, &run),
    );
    assert_eq!(first.is_ok(), second.is_err(), "{first:?} {second:?}");
    // Pinned: it can't be asked for anew, or be exchanged.
    is!(store.ask_host_key_again(server.id).await, Err(StoreError::NotProvisionable(_)));
    is!(store.offer_host_key(server.id, "ssh-ed25519 OTHER").await, Ok(None));
    is!(store.take_stranger(TRIED).await, Ok(None));
    is!(store.server_by_id(server.id).await, Ok(Some(server)) if server.host_key.as_deref() == Some(KEY));
}

async fn away_and_failed(db: Database) {
    let server = add(&db).await;
    let store = &db.store;
    is!(store.take_stranger(Duration::ZERO).await, Ok(Some((_, Some(_)))));
    is!(store.stranger_away(server.id, Duration::ZERO, "no answer").await, Ok(Some(_)));
    // That it is still away is nothing new.
    is!(store.stranger_away(server.id, Duration::ZERO, "no answer").await, Ok(None));
    let (provision, _) = store.progress(server.id).await.expect("a server");
    let unreachable = live(&provision, None, |_| None).unreachable.expect("away");
    assert_eq!(unreachable.error, "no answer");
    is!(store.take_stranger(TRIED).await, Ok(Some((it, None))) if it.unreachable_for.is_some());
    is!(store.fail_stranger(server.id, FailureKind::Unreachable, "gone").await, Ok(Some(_)));
    is!(store.fail_stranger(server.id, FailureKind::Unreachable, "gone").await, Ok(None));
    is!(store.offer_host_key(server.id, KEY).await, Ok(_));
    let failed = shown(&db, &server).await;
    assert_eq!(statuses(&failed)[..2], ["failed", "pending"]);
    assert_eq!(
        failed.steps[0].error.as_ref().map(|error| error.kind.as_str()),
        Some("unreachable")
    );
    assert_eq!(failed.provision_status, Status::Failed);
    is!(store.ask_host_key_again(server.id).await, Ok(_));
    let again = shown(&db, &server).await;
    assert_eq!(statuses(&again), ["pending"; 5]);
    assert_eq!(again.provision_status, Status::Pending);
    is!(store.take_stranger(TRIED).await, Ok(Some(_)));
}

async fn failed_and_tried_again(db: Database) {
    let (server, run) = confirmed(&db).await;
    let claim = db.claim(&run.id).await;
    let (store, lease) = (&db.store, &claim.lease);
    let _ = store.start_attempt(lease, &at("1 begin\n")).await.expect("recorded");
    let _ = store.start_step(lease, &at("2 start 1\n"), 1, now()).await.expect("started");
    let _ =
        store.fail_step(lease, &at("3 bad 1\n"), 1, Some(1), "no", now()).await.expect("failed");
    let _ = store.fail_run(lease, None, FailureKind::StepFailed, "why").await.expect("failed");
    let failed = shown(&db, &server).await;
    assert_eq!(statuses(&failed)[..3], ["completed", "failed", "pending"]);
    assert_eq!(failed.steps[1].error.as_ref().map(|error| error.message.as_str()), Some("why"));
    assert_eq!(failed.provision_status, Status::Failed);
    is!(store.claim_connectivity("w", LEASE).await, Ok(None));
    let _ = store.retry(&run.id, None).await.expect("again");
    let again = shown(&db, &server).await;
    assert_eq!(statuses(&again)[..3], ["completed", "installing", "pending"]);
    assert!(again.steps[1].error.is_none());
    assert_eq!(again.steps[0].finished_at, failed.steps[0].finished_at, "what is done stays");
    assert_eq!(db.claim(&run.id).await.private_key.as_deref(), Some(&[7][..]));
}

async fn cancelled_and_prepared_again(db: Database) {
    let (server, run) = confirmed(&db).await;
    let store = &db.store;
    let another = prepare(&server);
    is!(store.prepare_again(server.id, &another).await, Err(StoreError::NotProvisionable(_)));
    is!(store.request_cancel(&run.id).await, Ok(answer) if answer.over);
    assert_eq!(statuses(&shown(&db, &server).await)[..2], ["failed", "pending"]);
    is!(store.prepare_again(server.id, &another).await, Ok(_));
    assert_eq!(statuses(&shown(&db, &server).await)[..2], ["installing", "pending"]);
    let claim = db.claim(&another.id).await;
    assert!(claim.first_key);
    db.finish(&claim).await;
    assert_eq!(statuses(&shown(&db, &server).await)[..3], ["completed"; 3]);
}

/// A server that is there with its key knows nothing of all this.
async fn only_of_its_own_way(db: Database) {
    let server = db.server("edge-1").await;
    let store = &db.store;
    is!(store.take_stranger(TRIED).await, Ok(None));
    is!(store.offer_host_key(server.id, KEY).await, Ok(None));
    is!(store.ask_host_key_again(server.id).await, Err(StoreError::NotProvisionable(_)));
    let run = prepare(&server);
    is!(store.confirm_host_key(server.id, KEY, &run).await, Err(StoreError::NotProvisionable(_)));
    assert!(shown(&db, &server).await.steps.is_empty());
    let run = db.ask(&server).await;
    let first = shown(&db, &server).await;
    assert_eq!((statuses(&first), first.steps[0].step), (vec!["pending"], 5));
    db.finish(&db.claim(&run).await).await;
    assert_eq!(statuses(&shown(&db, &server).await), ["completed"]);
    // The next one that waits is not shown before it begins.
    let _next = db.ask(&server).await;
    assert_eq!(statuses(&shown(&db, &server).await), ["completed"]);
}
