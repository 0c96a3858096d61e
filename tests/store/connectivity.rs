//! Step 4 of a server that joins has one holder (promise 4), and asks for the run that was wanted.

use std::time::Duration;

use groundcrew::model::{Callback, Connection, Facts, FailureKind, Status};
use groundcrew::store::StoreError;

use crate::harness::{Database, LEASE, is, new_run, on_both};
use crate::joins::{add, callback, joining, now, ready, steps, taken};

on_both!(one_holder, lets_go, nothing_wanted, no_run_before_its_key, connects_again);

async fn one_holder(db: Database) {
    let server = ready(&db).await;
    let claim = |worker: &'static str| {
        let store = db.store.clone();
        async move { store.claim_connectivity(worker, LEASE).await.expect("an answer") }
    };
    let (first, _) = claim("w1").await.expect("step 4");
    assert!(claim("w2").await.is_none(), "promise 4");
    db.raw("UPDATE provision_steps SET lease_until = 1 WHERE number = 4").await.expect("over");
    let (second, _) = claim("w2").await.expect("step 4");
    assert_eq!(second.lease.epoch, first.lease.epoch + 1);
    let before = now(&db, &server).await.server;
    let (store, stale) = (&db.store, &first.lease);
    is!(store.renew_connectivity(stale, LEASE).await, Err(StoreError::Fenced));
    is!(store.hand_back_connectivity(stale).await, Err(StoreError::Fenced));
    is!(store.connectivity_away(stale, LEASE, "x").await, Err(StoreError::Fenced));
    is!(store.complete_connectivity(stale, &Facts::default()).await, Err(StoreError::Fenced));
    let failed = store.fail_connectivity(stale, FailureKind::Unreachable, "x").await;
    is!(failed, Err(StoreError::Fenced));
    assert_eq!(now(&db, &server).await.server, before);
    store.renew_connectivity(&second.lease, LEASE).await.expect("held");
    let _ = store.complete_connectivity(&second.lease, &Facts::default()).await.expect("held");
    assert!(claim("w3").await.is_none(), "it is completed");
}

async fn lets_go(db: Database) {
    let server = ready(&db).await;
    let (store, facts) = (&db.store, Facts::default());
    let (claim, _) =
        store.claim_connectivity("w", LEASE).await.expect("an answer").expect("step 4");
    store.hand_back_connectivity(&claim.lease).await.expect("held");
    is!(store.complete_connectivity(&claim.lease, &facts).await, Err(StoreError::Fenced));
    let (claim, _) =
        store.claim_connectivity("w", LEASE).await.expect("an answer").expect("at once");
    let _ = store.connectivity_away(&claim.lease, LEASE, "no route").await.expect("held");
    assert!(store.claim_connectivity("w", LEASE).await.expect("an answer").is_none(), "not due");
    let since = now(&db, &server).await.steps[3].unreachable_since;
    assert!(since.is_some());
    db.raw("UPDATE provision_steps SET due_at = 0 WHERE number = 4").await.expect("due");
    let (claim, _) =
        store.claim_connectivity("w", LEASE).await.expect("an answer").expect("step 4");
    assert_eq!(claim.unreachable_since, since);
    let _ = store.connectivity_away(&claim.lease, LEASE, "no route").await.expect("held");
    assert_eq!(now(&db, &server).await.steps[3].unreachable_since, since, "from the first time");
    store.expire_leases().await.expect("ended");
}

async fn nothing_wanted(db: Database) {
    let server = add(&db, 60_000, false).await;
    for step in 1..=3 {
        let _ = taken(&db, &callback(&server, step, step)).await;
    }
    let (claim, _) =
        db.store.claim_connectivity("w", LEASE).await.expect("an answer").expect("step 4");
    let done = db.store.complete_connectivity(&claim.lease, &Facts::default()).await.expect("held");
    assert_eq!(done.run, None);
    assert_eq!(now(&db, &server).await.server.provision_status, Status::Completed);
}

async fn no_run_before_its_key(db: Database) {
    let server = joining(&db).await;
    is!(db.store.ask(&new_run(server.id)).await, Err(StoreError::NoHostKey));
    let _ = taken(&db, &callback(&server, 1, 1)).await;
    let run = db.ask(&server).await;
    db.raw("UPDATE servers SET host_key = ''").await.expect("forgotten");
    assert!(db.try_claim(&run).await.is_none(), "promise 9");
    assert!(db.store.claim_next("w", LEASE, Duration::ZERO).await.expect("an answer").is_none());
}

async fn connects_again(db: Database) {
    let server = ready(&db).await;
    let store = &db.store;
    is!(store.retry_connectivity(server.id).await, Err(StoreError::NotProvisionable(_)));
    let claim = || async {
        store.claim_connectivity("w", LEASE).await.expect("an answer").expect("step 4").0.lease
    };
    let kind = FailureKind::AuthenticationFailed;
    let _ = store.fail_connectivity(&claim().await, kind, "no").await.expect("held");
    let after = now(&db, &server).await;
    assert_eq!(steps(&after), ["completed", "completed", "completed", "failed"]);
    assert_eq!(after.server.provision_status, Status::Failed);
    assert_eq!(after.server.connection, Connection::Failed);
    let _ = store.retry_connectivity(server.id).await.expect("again");
    let lease = claim().await;
    let run = store.complete_connectivity(&lease, &Facts::default()).await.expect("held").run;
    let run = run.expect("the run that was wanted");

    // That run fails, and the script makes the server ready once more: the run is tried again.
    let claimed = db.claim(&run).await;
    let kind = FailureKind::Unreachable;
    let _ = store.fail_run(&claimed.lease, None, kind, "away").await.expect("failed");
    for step in 1..=3 {
        let anew = Callback { provision: "b".to_owned(), ..callback(&server, step, step) };
        let _ = taken(&db, &anew).await;
    }
    let lease = claim().await;
    let again = store.complete_connectivity(&lease, &Facts::default()).await.expect("held").run;
    assert_eq!(again.as_deref(), Some(run.as_str()));
    db.finish(&db.claim(&run).await).await;
    assert_eq!(now(&db, &server).await.server.provision_status, Status::Completed);
}
