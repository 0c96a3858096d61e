//! Everything that is encrypted is in one list, and gets another key all at once (promise 8).

use groundcrew::store::{SEALED, Sealed, StoreError};
use sqlx::{AnyConnection, Connection, Row};

use crate::harness::{Database, is, new_server, on_both};

on_both!(every_column_of_bytes_is_known, resealed_all_or_nothing);

/// Columns of bytes that hold nothing encrypted: hashes of random texts, and output.
const PLAIN: [&str; 5] = [
    "joins.token_hash",
    "run_output.bytes",
    "sessions.session_hash",
    "sign_in_links.link_hash",
    "tokens.token_hash",
];
/// Encrypted, and forgotten when the key changes.
const FORGOTTEN: [&str; 1] = ["idempotency_keys.request"];

/// So that a column which somebody adds is not left with the old key.
async fn every_column_of_bytes_is_known(db: Database) {
    let sql = match db.is_sqlite {
        true => {
            "SELECT tables.name || '.' || columns.name FROM sqlite_master AS tables \
                JOIN pragma_table_info(tables.name) AS columns \
                WHERE tables.type = 'table' AND columns.type = 'BLOB' ORDER BY 1"
        }
        false => {
            "SELECT CAST(table_name || '.' || column_name AS TEXT) FROM information_schema.columns \
                WHERE table_schema = current_schema() AND data_type = 'bytea' ORDER BY 1"
        }
    };
    let url = db.url.replace('%', "%25").replace(' ', "%20").replace('#', "%23");
    let mut connection = AnyConnection::connect(&url).await.expect("the database");
    let rows = sqlx::query(sql).fetch_all(&mut connection).await.expect("columns");
    let found: Vec<String> = rows.iter().map(|row| row.try_get(0).expect("a name")).collect();
    let sealed = SEALED.map(|Sealed { table, column, .. }| format!("{table}.{column}"));
    let others = PLAIN.into_iter().chain(FORGOTTEN).map(ToOwned::to_owned);
    let mut known: Vec<String> = sealed.into_iter().chain(others).collect();
    known.sort();
    assert_eq!(found, known, "a new one is listed in store/reseal.rs, or here as not encrypted");
}

async fn resealed_all_or_nothing(db: Database) {
    db.store.set_key_check(b"old check").await.expect("set");
    let (server, _) = db
        .store
        .add_server(&new_server("edge-1"), |_| Some(b"old key".to_vec()))
        .await
        .expect("it");
    let run = db.ask(&server).await;
    db.store.remember_request(1, "key", b"sealed", &run).await.expect("kept");
    let fails = db.store.reseal(|sealed: &Sealed, _: &str, value: &[u8]| match sealed.table {
        "runs" => Err(StoreError::UnknownLink),
        _ => Ok(Some([b"new", value].concat())),
    });
    is!(fails.await, Err(StoreError::UnknownLink));
    let check = async || db.store.key_check().await.expect("an answer").expect("one");
    assert_eq!(check().await, b"old check", "nothing was changed");

    let mut places = std::sync::Mutex::new(vec![]);
    let done = db.store.reseal(|sealed: &Sealed, row: &str, value: &[u8]| {
        let place = format!("{}/{row}/{}", sealed.table, sealed.column);
        places.lock().expect("a lock").push(place);
        Ok::<_, StoreError>(Some([b"new ", value].concat()))
    });
    assert_eq!(done.await.expect("done"), 3);
    let places = std::mem::take(places.get_mut().expect("a lock"));
    let server = format!("servers/{}/private_key", server.id);
    assert_eq!(places, ["installation/1/key_check", &server, &format!("runs/{run}/secrets")]);
    assert_eq!(check().await, b"new old check");
    assert!(db.store.request(1, "key").await.expect("an answer").is_none());
    let none = db.store.reseal(|_: &Sealed, _: &str, _: &[u8]| Ok::<_, StoreError>(None));
    assert_eq!(none.await.expect("done"), 0);
    assert_eq!(check().await, b"new old check");
}
