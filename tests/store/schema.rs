//! Migrations: applied once, on a filled database too; a newer schema is left alone.

use groundcrew::store::{Store, StoreError};

use crate::harness::{Database, block_on, cluster, execute, is, on_both, schema};

on_both!(filled, from_the_first, newer, many_at_once);

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

/// What the first release wrote, with a run in each status; then all later migrations.
async fn from_the_first(db: Database) {
    let url = if db.is_sqlite { format!("{}3", db.url) } else { schema(cluster()).await };
    let store = Store::open(&url, true).await.expect("open");
    let first = if db.is_sqlite {
        include_str!("../../migrations/sqlite/0001_fleet.sql")
    } else {
        include_str!("../../migrations/postgres/0001_fleet.sql")
    };
    let filled = "
        CREATE TABLE migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL);
        INSERT INTO migrations VALUES (1, '0001_fleet', 0);
        INSERT INTO servers (user_id, name, host, ssh_port, ssh_user, host_key, created_at, updated_at)
            VALUES (1, 'edge-1', 'h', 22, 'root', 'ssh-ed25519 A', 1, 1);
        INSERT INTO runs (id, server_id, jobs, parameters, untested_system, outline, digest, status,
                due_at, created_at, started_at, lease_until, worker, finished_at, error_kind, error, changed)
            SELECT '0000000' || status, 1, '[\"j\"]', '{}', 0,
                '{\"jobs\":[\"j\"],\"steps\":[],\"handlers\":[],\"secrets\":false}', 'd', status, 1, 1, 1,
                CASE WHEN status = 'installing' THEN 1 END, CASE WHEN status = 'installing' THEN 'w' END,
                CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN 2 END,
                CASE WHEN status = 'failed' THEN 'step_failed' END, CASE WHEN status = 'failed' THEN 'no' END,
                CASE WHEN status = 'completed' THEN 0 END
            FROM (SELECT 'pending' AS status UNION SELECT 'installing' UNION SELECT 'completed'
                UNION SELECT 'failed' UNION SELECT 'cancelled') AS each;
        INSERT INTO run_attempts VALUES ('0000000installing', 1, 1, NULL, 'b', 'x', 0, 0, 1);
        INSERT INTO workers VALUES ('w', 'h', 1, '0', 1, 1, 1);";
    execute(&url, &format!("{first};{filled}")).await.expect("the first release");
    assert!(!store.migrate().await.expect("migrated").is_empty());
    store.check_schema().await.expect("as it should be");
    assert_eq!(store.runs(None, 9).await.expect("all are there").len(), 5);
    let lost =
        store.claim("0000000installing", "w2", crate::harness::LEASE).await.expect("an answer");
    assert_eq!(lost.expect("its lease is over").claim.attempts.len(), 1);
    assert_eq!(store.workers().await.expect("workers").len(), 1);
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
    applied.sort();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .expect("the migrations")
        .map(|file| {
            file.expect("a file")
                .path()
                .file_stem()
                .expect("a name")
                .to_str()
                .expect("UTF-8")
                .to_owned()
        })
        .collect();
    all.sort();
    assert!(applied.iter().eq(&all), "each once: {applied:?}");
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
