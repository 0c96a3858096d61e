//! A schema that is not the binary's own is refused with what to do, and left as it is.

use std::process::Command;

use crate::fleet::{Fleet, UP, database, sql};
use crate::redis::Redis;

/// What a later version leaves in the database.
const LATER: &str =
    "INSERT INTO migrations (number, name, applied_at) VALUES (9999, '9999_later', 0)";

const NEWER: [&str; 2] = ["schema (9999) is newer than this groundcrew", "install the groundcrew"];

#[test]
fn not_migrated() {
    let (redis, database) = (Redis::start(), database());
    let fleet = Fleet::empty(&database, &redis.url);
    for words in [&["worker"][..], &["server", "list"]] {
        fleet.refused(
            1,
            words,
            &["is older than this groundcrew needs", "run `groundcrew migrate`"],
        );
    }
    assert!(fleet.ok(&["migrate"]).starts_with("done: "));
    assert_eq!(fleet.ok(&["migrate"]), "the schema is up to date\n");
    fleet.worker().terminate();
}

#[test]
fn newer_than_the_binary() {
    let (redis, database) = (Redis::start(), database());
    let fleet = Fleet::apart(&database, &redis.url);
    sql(&database, LATER);
    for words in [&["worker"][..], &UP, &["migrate"], &["server", "list"]] {
        fleet.refused(1, words, &NEWER);
    }
}

/// The same on SQLite, which `up` migrates by itself.
#[test]
fn newer_than_the_binary_on_sqlite() {
    let fleet = Fleet::embedded();
    fleet.up().terminate();
    let file = fleet.folder.path().join("data/groundcrew.db");
    let done = Command::new("sqlite3").arg(&file).arg(LATER).status();
    assert!(done.expect("sqlite3 is installed").success());
    for words in [&UP[..], &["migrate"], &["server", "list"]] {
        fleet.refused(1, words, &NEWER);
    }
}
