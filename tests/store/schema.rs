//! Migrations: applied once, on a filled database too; a newer schema is left alone.

use groundcrew::store::{Store, StoreError};

use crate::harness::{Database, block_on, cluster, is, on_both, schema};

on_both!(filled, newer, many_at_once);

async fn filled(db: Database) {
    let claim = db.claimed().await;
    db.finish(&claim).await;
    assert!(db.store.migrate().await.expect("nothing to do").is_empty());
    let store = Store::open(&db.url, false).await.expect("opened again");
    assert!(store.migrate().await.expect("nothing to do").is_empty());
    store.check_schema().await.expect("as it should be");
    let run = store.run(&claim.run.id).await.expect("an answer").expect("the run");
    assert_eq!(run.steps.len(), 3);
}

async fn newer(db: Database) {
    db.raw("INSERT INTO migrations (number, name, applied_at) VALUES (99, 'later', 0)")
        .await
        .expect("a later migration");
    is!(db.store.check_schema().await, Err(StoreError::NewerSchema { found: 99, .. }));
    is!(db.store.migrate().await, Err(StoreError::NewerSchema { found: 99, .. }));
}

async fn many_at_once(db: Database) {
    let url = if db.is_sqlite { format!("{}2", db.url) } else { schema(cluster()).await };
    let first = Store::open(&url, true).await.expect("open");
    is!(first.check_schema().await, Err(StoreError::OlderSchema { found: 0, .. }));
    let racing: Vec<_> = (0..5)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let store = Store::open(&url, false).await.expect("open");
                store.migrate().await.expect("migrated")
            })
        })
        .collect();
    let mut applied = vec![];
    for names in racing {
        applied.extend(names.await.expect("a task"));
    }
    assert_eq!(applied, ["0001_fleet"]);
    first.check_schema().await.expect("as it should be");
}

/// Nothing there yet: said so, and nothing made.
#[test]
fn a_missing_file_is_not_made() {
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}/fleet.db", folder.path().display());
        is!(Store::open(&url, false).await, Err(StoreError::File { .. }));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    });
}
