//! What keeps a role from starting is one clear message on standard error: the cause, and
//! what to do. Nothing is changed by a start that is refused.

use crate::fleet::{Fleet, UP, database, sql};
use crate::redis::{Redis, free_port};

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
