//! Servers: added once a name, given another host key, removed only while nothing runs.

use groundcrew::store::StoreError;

use crate::harness::{Database, is, new_server, now, on_both};

on_both!(added, name_taken, rekeyed, removed, busy_ones_stay, unknown, asks_while_removing);

async fn added(db: Database) {
    let before = now();
    let (added, changed) = db
        .store
        .add_server(&new_server("b"), |id| Some(format!("sealed for {id}").into_bytes()))
        .await
        .expect("added");
    assert_eq!((changed.server_id, changed.revision), (added.id, 1));
    assert!(added.has_key && added.created_at >= before, "{added:?}");
    assert_eq!((added.ssh_port, added.provision_status.as_str()), (2222, "pending"));
    let other = db.server("a").await;
    assert!(!other.has_key);
    assert_eq!(db.store.servers().await.expect("all"), [other, added.clone()]);
    assert_eq!(db.store.server("b").await.expect("found"), Some(added.clone()));
    assert_eq!(db.store.server_by_id(added.id).await.expect("found"), Some(added.clone()));
    assert_eq!(db.store.server("c").await.expect("an answer"), None);

    // The sealed key comes back with a claim, bound to the id that the row got.
    let run = db.ask(&added).await;
    let key = db.claim(&run).await.private_key;
    assert_eq!(key, Some(format!("sealed for {}", added.id).into_bytes()));
}

async fn name_taken(db: Database) {
    let first = db.server("edge-1").await;
    let again = db.store.add_server(&new_server("edge-1"), |_| None).await;
    is!(again, Err(StoreError::NameTaken(name)) if name == "edge-1");
    assert_eq!(db.store.servers().await.expect("all"), [first]);
}

async fn rekeyed(db: Database) {
    let server = db.server("edge-1").await;
    let changed = db.store.rekey_server(server.id, "ssh-ed25519 BBBB").await.expect("rekeyed");
    let after = db.store.server("edge-1").await.expect("found").expect("there");
    assert_eq!(
        (after.host_key.as_deref(), after.revision),
        (Some("ssh-ed25519 BBBB"), changed.revision)
    );
    assert_eq!(changed.revision, server.revision + 1);
}

async fn removed(db: Database) {
    let claim = db.claimed().await;
    db.finish(&claim).await;
    db.store.remove_server(claim.server.id).await.expect("removed");
    assert!(db.store.servers().await.expect("all").is_empty());
    assert!(db.store.run(&claim.run.id).await.expect("an answer").is_none());
    for table in ["runs", "run_steps", "run_attempts", "run_output", "run_notes"] {
        let left = db.raw(&format!("DELETE FROM {table}")).await.expect("a table");
        assert_eq!(left, 0, "{table}");
    }
}

async fn busy_ones_stay(db: Database) {
    let server = db.server("edge-1").await;
    let run = db.ask(&server).await;
    is!(db.store.remove_server(server.id).await, Err(StoreError::ServerBusy));
    let claim = db.claim(&run).await;
    is!(db.store.remove_server(server.id).await, Err(StoreError::ServerBusy));
    db.finish(&claim).await;
    db.store.remove_server(server.id).await.expect("removed");
}

async fn unknown(db: Database) {
    is!(db.store.remove_server(7).await, Err(StoreError::UnknownServer));
    is!(db.store.rekey_server(7, "k").await, Err(StoreError::UnknownServer));
    is!(db.store.ask(&crate::harness::new_run(7)).await, Err(StoreError::UnknownServer));
    assert_eq!(db.store.revision(7).await.expect("an answer"), None);
}

/// A run that was asked for is never removed with its server unseen.
async fn asks_while_removing(db: Database) {
    for round in 0..20 {
        let server = db.server(&format!("edge-{round}")).await;
        let new = crate::harness::new_run(server.id);
        let (asked, removed) = tokio::join!(db.store.ask(&new), db.store.remove_server(server.id));
        match (asked, removed) {
            (Ok(_), Err(StoreError::ServerBusy)) | (Err(StoreError::UnknownServer), Ok(())) => (),
            other => panic!("{other:?}"),
        }
    }
}
