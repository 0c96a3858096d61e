//! `GET /health` says whether the installation is well, and if not, what does not answer.

use std::process::Command;

use serde_json::Value;

use crate::fleet::{Fleet, UP};
use crate::lab::wait_until;
use crate::postgres::Cluster;
use crate::process::Process;
use crate::redis::Redis;

/// Status and answer.
fn health(up: &mut Process) -> (String, Value) {
    let line = up.wait_for("listening address=");
    let address = line.rsplit('=').next().expect("an address");
    let output = Command::new("curl")
        .args(["-sS", "--max-time", "20", "--noproxy", "*", "-w", "\n%{http_code}"])
        .arg(format!("http://{address}/health"))
        .output()
        .expect("curl");
    let text = String::from_utf8(output.stdout).expect("text");
    let (body, code) = text.rsplit_once('\n').expect("two lines");
    (code.to_owned(), serde_json::from_str(body).expect("JSON"))
}

#[test]
fn of_an_installation_in_one_process() {
    let fleet = Fleet::embedded();
    let (code, answer) = health(&mut fleet.up());
    assert_eq!(code, "200");
    for word in ["status", "database", "queue", "notifications"] {
        assert_eq!(answer[word], "ok", "{answer}");
    }
}

#[test]
fn of_one_whose_redis_or_database_is_away() {
    let (mut redis, cluster) = (Redis::start(), Cluster::start());
    let fleet = Fleet::apart(&cluster.url("postgres"), &redis.url);
    let mut up = fleet.start(&UP);
    assert_eq!(health(&mut up).0, "200");
    redis.kill();
    let (code, answer) = health(&mut up);
    assert_eq!(code, "503", "{answer}");
    let words = [&answer["database"], &answer["queue"], &answer["notifications"]];
    assert_eq!(words, ["ok", "unreachable", "unreachable"]);
    redis.start_again();
    wait_until("it is well again", || health(&mut up).0 == "200");
    cluster.down();
    let (code, answer) = health(&mut up);
    assert_eq!((code.as_str(), &answer["database"]), ("503", &"unreachable".into()), "{answer}");
    cluster.up();
    wait_until("it is well again", || health(&mut up).0 == "200");
}
