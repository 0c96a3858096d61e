//! The schema itself refuses rows that make no sense: a terminal status has its time.

use crate::harness::{Database, at, now, on_both};

on_both!(runs, steps, words);

async fn refused(db: &Database, sql: &str) {
    let error = db.raw(sql).await.expect_err(sql);
    let error = error.as_database_error().expect("the database's word");
    assert!(error.is_check_violation(), "{sql}: {error}");
}

async fn runs(db: Database) {
    db.claimed().await;
    for set in [
        "status = 'completed', changed = 1, lease_until = NULL, worker = NULL",
        "status = 'failed', error_kind = 'internal', error = 'e', lease_until = NULL, worker = NULL",
        "status = 'cancelled', lease_until = NULL, worker = NULL",
        "finished_at = 1",
        "status = 'pending'",
        "lease_until = NULL",
        "started_at = NULL",
        "status = 'failed', finished_at = 1, lease_until = NULL, worker = NULL",
        "status = 'completed', finished_at = 1, lease_until = NULL, worker = NULL",
        "error = 'e'",
        "changed = 1",
        "output_cut = 2",
        "status = 'done'",
    ] {
        refused(&db, &format!("UPDATE runs SET {set}")).await;
    }
    let ended =
        "UPDATE runs SET status = 'cancelled', finished_at = 1, lease_until = NULL, worker = NULL";
    db.raw(ended).await.expect("this one makes sense");
    refused(&db, "UPDATE runs SET worker = 'w'").await;
    refused(&db, "UPDATE runs SET finished_at = NULL").await;
}

async fn steps(db: Database) {
    let claim = db.claimed().await;
    let _ = db.store.start_step(&claim.lease, &at("1\n"), 1, now()).await.expect("started");
    for set in [
        "status = 'completed', changed = 1",
        "status = 'completed', finished_at = 1",
        "status = 'failed', error = 'e'",
        "status = 'failed', finished_at = 1",
        "status = 'pending'",
        "status = 'cancelled', finished_at = 1",
        "started_at = NULL",
        "finished_at = 1",
        "changed = 1",
        "error = 'e'",
        "handler = 2",
    ] {
        refused(&db, &format!("UPDATE run_steps SET {set} WHERE number = 1")).await;
    }
}

async fn words(db: Database) {
    db.server("edge-1").await;
    refused(&db, "UPDATE servers SET provision_status = 'cancelled'").await;
}
