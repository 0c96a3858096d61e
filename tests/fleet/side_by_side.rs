//! Promises 1 and 6, in an upgrade: the schema goes first, and roles of the version before go on beside
//! it, and start beside it, as long as its migrations say so; otherwise they leave, and say why.

use crate::fleet::{Fleet, database, sql};
use crate::history::is_whole;
use crate::job;
use crate::lab::Lab;
use crate::redis::Redis;

/// What the next version's migration does to the schema. It adds what need not be filled.
const ADDS: &str = "BEGIN;
    ALTER TABLE servers ADD COLUMN rack TEXT;
    ALTER TABLE runs ADD COLUMN weight BIGINT NOT NULL DEFAULT 1;
    CREATE TABLE racks (name TEXT PRIMARY KEY);
    INSERT INTO migrations (number, name, applied_at, oldest)
        SELECT max(number) + 1, 'next', 0, max(number) FROM migrations;
    COMMIT";

/// And the one after it, which the version before can't live with.
const BREAKS: &str = "INSERT INTO migrations (number, name, applied_at)
    SELECT max(number) + 1, 'after next', 0 FROM migrations";

#[test]
fn roles_of_the_version_before_go_on_where_they_may() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("waits", &job::of(&[("waits", job::WAIT), ("last", "echo last")]));
    let mut running = fleet.worker();
    fleet.add("edge-1", &host);
    let id = fleet.ask("waits", "edge-1");
    host.wait_for(job::WAITS);

    sql(&database, ADDS);
    let mut started = fleet.worker();
    let mut web = fleet.start(&["web", "--listen", "127.0.0.1:0"]);
    web.wait_for("listening");
    assert_eq!(fleet.ok(&["migrate"]), "the schema is up to date\n", "older, and nothing to do");
    running.terminate();
    started.wait_for("taken");
    host.run(job::GO);
    is_whole(&fleet, &host, &id);
    assert!(!started.log().contains("ERROR"), "{}", started.log());

    sql(&database, BREAKS);
    for role in [&mut started, &mut web] {
        let said = role.wait_for("leaving: ");
        assert!(said.contains("is newer than this groundcrew knows"), "{said}");
        assert!(!role.ended().success());
    }
    for words in [&["worker"][..], &["web", "--listen", "127.0.0.1:0"], &["migrate"]] {
        fleet.refused(1, words, &["is newer than this groundcrew", "install the groundcrew"]);
    }
}
