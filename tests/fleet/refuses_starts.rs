//! What keeps a role from starting is one clear message on standard error: the cause, and
//! what to do. Nothing is changed by a start that is refused.

use std::fs;
use std::net::TcpListener;

use crate::fleet::{Fleet, database, is_one_message, sql};
use crate::redis::{Redis, free_port};

const UP: [&str; 3] = ["up", "--listen", "127.0.0.1:0"];

#[test]
fn unreachable_postgres() {
    let redis = Redis::start();
    let port = free_port();
    let url = format!("postgres://someone:hidden@127.0.0.1:{port}/x");
    let fleet = Fleet::empty(&url, &redis.url);
    for words in [&["worker"][..], &UP, &["migrate"], &["runs", "list"]] {
        let place = format!("Postgres at 127.0.0.1:{port} can't be reached");
        let said = fleet.refused(1, words, &[&place, "check that it runs", "refused"]);
        assert!(!said.contains("hidden"), "{said}");
    }
}

#[test]
fn unreachable_redis() {
    let port = free_port();
    let fleet = Fleet::apart(&database(), &format!("redis://:hidden@127.0.0.1:{port}"));
    for words in [&["worker"][..], &UP, &["runs", "list"]] {
        let place = format!("Redis at 127.0.0.1:{port}");
        let said = fleet.refused(1, words, &[&place, "Is it running there? Check REDIS_URL"]);
        assert!(!said.contains("hidden"), "{said}");
    }
}

#[test]
fn wrong_passwords() {
    let (redis, database) = (Redis::start(), database());
    sql(
        &database,
        "SET client_min_messages = error; DROP ROLE IF EXISTS locked; CREATE ROLE locked LOGIN PASSWORD 'right'",
    );
    let locked = database.replace("postgres://postgres@", "postgres://locked:wrong@");
    let fleet = Fleet::empty(&locked, &redis.url);
    let said =
        fleet.refused(1, &["worker"], &["refuses us", "check user, password", "DATABASE_URL"]);
    assert!(!said.contains("wrong@"), "{said}");

    redis.ask(&["config", "set", "requirepass", "right"]);
    let fleet = Fleet::apart(&database, &redis.url.replace("//", "//:wrong@"));
    let said = fleet.refused(
        1,
        &["worker"],
        &["Redis at 127.0.0.1:", "Check user and password in REDIS_URL"],
    );
    assert!(!said.contains("wrong@"), "{said}");
}

#[test]
fn addresses_that_are_none() {
    let redis = Redis::start();
    for url in ["mysql://someone:hidden@host/x", "postgres//someone:hidden@host", "nonsense"] {
        let fleet = Fleet::empty(url, &redis.url);
        let said = fleet.refused(
            1,
            &["worker"],
            &["the database's address is not understood", "DATABASE_URL"],
        );
        assert!(!said.contains("hidden"), "{said}");
    }
    let fleet = Fleet::apart(&database(), "http://someone:hidden@host");
    let said =
        fleet.refused(1, &["worker"], &["REDIS_URL is not the address of a Redis", "redis://"]);
    assert!(!said.contains("hidden"), "{said}");
}

#[test]
fn a_role_apart_needs_both() {
    let redis = Redis::start();
    let fleet = Fleet::embedded();
    fleet.refused(1, &["worker"], &["DATABASE_URL is not set", "groundcrew up"]);
    let fleet = fleet.with("DATABASE_URL", &database());
    fleet.refused(1, &["worker"], &["REDIS_URL is not set", "groundcrew up"]);
    let fleet = fleet.with("REDIS_URL", &redis.url);
    fleet.ok(&["migrate"]);
    fleet.refused(1, &["worker"], &["GROUNDCREW_KEY is not set", "openssl rand -base64 32"]);
}

#[test]
fn a_schema_that_was_not_migrated_or_is_newer() {
    let (redis, database) = (Redis::start(), database());
    let fleet = Fleet::empty(&database, &redis.url);
    fleet.refused(
        1,
        &["worker"],
        &["is older than this groundcrew needs", "run `groundcrew migrate`"],
    );
    assert!(fleet.ok(&["migrate"]).contains("done: "));
    assert_eq!(fleet.ok(&["migrate"]), "the schema is up to date\n");

    sql(
        &database,
        "INSERT INTO _sqlx_migrations SELECT 9999, 'later', now(), true, checksum, 0 FROM _sqlx_migrations LIMIT 1",
    );
    for words in [&["worker"][..], &UP, &["migrate"], &["server", "list"]] {
        fleet.refused(
            1,
            words,
            &["schema (9999) is newer than this groundcrew", "install the groundcrew"],
        );
    }
}

/// The same on SQLite, which `up` migrates by itself.
#[test]
fn a_newer_sqlite() {
    let fleet = Fleet::embedded();
    fleet.up().terminate();
    let file = fleet.folder.path().join("data/groundcrew.db");
    let insert = "INSERT INTO _sqlx_migrations SELECT 9999, 'later', installed_on, 1, checksum, 0 FROM _sqlx_migrations LIMIT 1";
    let done = std::process::Command::new("sqlite3").arg(&file).arg(insert).status();
    assert!(done.expect("sqlite3 is installed").success());
    fleet.refused(
        1,
        &UP,
        &["schema (9999) is newer than this groundcrew", "install the groundcrew"],
    );
}

#[test]
fn a_second_up_on_one_folder() {
    let fleet = Fleet::embedded();
    let mut up = fleet.up();
    fleet.refused(
        1,
        &UP,
        &["another `groundcrew up` is running on the data folder data", "--data"],
    );
    // A killed one leaves no lock behind.
    up.kill();
    fleet.up().terminate();
}

#[test]
fn no_installation_in_the_folder() {
    let fleet = Fleet::embedded();
    for words in [&["server", "list"][..], &["runs", "list"]] {
        fleet.refused(
            1,
            words,
            &["there is no installation in the folder data", "groundcrew up", "--data"],
        );
    }
    assert!(!fleet.folder.path().join("data").exists(), "a question made a folder");
    fs::write(fleet.folder.path().join("data"), "a file").expect("a file");
    fleet.refused(1, &UP, &["the data folder data can't be used", "--data"]);
}

#[test]
fn a_port_that_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let fleet = Fleet::embedded();
    let output = fleet.output(&["up", "--listen", &address]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    is_one_message(&said);
    assert!(
        said.contains(&format!("listening on {address}")) && said.contains("--listen"),
        "{said}"
    );
    fleet.up().terminate();
}

/// Not found only when a run needs it.
#[test]
fn a_broken_job_file() {
    let redis = Redis::start();
    let fleet = Fleet::apart(&database(), &redis.url);
    fleet.job("broken", "title = \"Broken\"\n[[steps]]\nname = \"one\"\ntitle = \"One\"\n");
    for words in [&["worker"][..], &UP] {
        fleet.refused(1, words, &["broken.toml:"]);
    }
}
