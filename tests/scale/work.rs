//! A worker's work on the fullest server, and what people do meanwhile.

use std::time::Duration;

use groundcrew::model::Claim;
use groundcrew::store::Store;

use crate::fill::Sample;
use crate::harness::{LEASE, at, chunk, new_run, new_server, now};

/// Runs from asking to each of their ends, and what else is written.
pub async fn work(store: &Store, sample: &Sample) {
    let next = || async {
        let claimed = store.claim_next("us", LEASE, Duration::ZERO).await.expect("an answer");
        claimed.expect("some wait").claim
    };
    let asked = store.ask(&new_run(sample.busy)).await.expect("asked");
    store.announced(&asked.changed).await.expect("announced");
    for end in 0..4 {
        let claim = next().await;
        begin(store, &claim).await;
        let lease = &claim.lease;
        match end {
            0 => drop(store.complete_run(lease, None, 2).await),
            1 => drop(store.cancel_run(lease, None).await),
            2 => drop(store.postpone(lease, LEASE, "busy", None).await.expect("postponed")),
            _ => {
                let kind = groundcrew::model::FailureKind::Unreachable;
                let _ = store.fail_run(lease, None, kind, "away").await.expect("failed");
                let _ = store.retry(&lease.run, None).await.expect("tried again");
                let _ = store.request_cancel(&lease.run).await.expect("cancelled");
            }
        }
        store.next_on(claim.server.id).await.expect("an answer");
        store.wake_waiting(&lease.run).await.expect("an answer");
    }
    let (server, _) = store.add_server(&new_server("new"), |_| None).await.expect("added");
    store.remove_server(server.id).await.expect("removed");
    while let Some((claim, _)) = store.claim_connectivity("us", LEASE).await.expect("an answer") {
        let facts = Default::default();
        let _ = store.complete_connectivity(&claim.lease, &facts).await.expect("connected");
    }
    store.expire_leases().await.expect("expired");
}

async fn begin(store: &Store, claim: &Claim) {
    let lease = &claim.lease;
    let _ = store.start_attempt(lease, &at("1 begin\n")).await.expect("begun");
    let _ = store.start_step(lease, &at("2 start 1\n"), 1, now()).await.expect("started");
    store.renew(lease, LEASE).await.expect("renewed");
    store.append_output(lease, &at(""), &chunk(0, b"output")).await.expect("stored");
    let _ = store.host_away(lease, None, "away").await.expect("noted");
    let _ = store.host_back(lease, None).await.expect("noted");
    let _ = store.note(lease, None, "a note").await.expect("noted");
    let done = at("3 changed 1\n");
    let _ = store.complete_step(lease, &done, 1, true, now()).await.expect("completed");
    let _ = store.start_step(lease, &at("4 start 2\n"), 2, now()).await.expect("started");
    let done = at("5 changed 2\n");
    let _ = store.complete_step(lease, &done, 2, true, now()).await.expect("completed");
}
