//! `/healthz` says whether a role is alive, `/readyz` whether it can do its work, and if not, which
//! part does not answer. They keep promise 6 in sight: what is away is named, and comes back.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::asked::{OWN, figures, front, get, get_json};
use crate::fleet::{Fleet, UP, database};
use crate::lab::wait_until;
use crate::postgres::Cluster;
use crate::redis::{Redis, free_port};

/// `/readyz` at this address, which must answer soon, whatever hangs.
#[track_caller]
fn ready(address: &str) -> (String, Value) {
    let asked = Instant::now();
    let answer = get_json(address, "/readyz");
    assert!(asked.elapsed() < Duration::from_secs(5), "it took {:?}", asked.elapsed());
    answer
}

#[track_caller]
fn is_ready_again(address: &str) {
    wait_until("it is ready again", || ready(address).0 == "200");
}

#[test]
fn of_an_installation_in_one_process() {
    let fleet = Fleet::embedded();
    let mut up = fleet.start(&[&UP[..], &OWN].concat());
    for address in [figures(&mut up), front(&mut up)] {
        let (code, answer) = ready(&address);
        assert_eq!(code, "200");
        for word in ["status", "database", "queue", "bus", "catalog"] {
            assert_eq!(answer[word], "ok", "{answer}");
        }
        let (code, answer) = get_json(&address, "/healthz");
        assert_eq!(
            (code.as_str(), &answer["status"], &answer["role"]),
            ("200", &"ok".into(), &"up".into())
        );
        assert_eq!(answer["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(answer["address"], "127.0.0.1", "as it sees who asks");
    }
    // A file that is put there broken is named; the role goes on with what was there before.
    fleet.job("broken", "title = ");
    let address = front(&mut up);
    wait_until("the broken file is seen", || ready(&address).0 == "503");
    assert_eq!(ready(&address).1["catalog"], "broken");
    assert_eq!(get(&address, "/healthz").0, "200");
    fleet.job(
        "broken",
        "title = \"Sound\"\n[[steps]]\nname = \"a\"\ntitle = \"A\"\nassert = \"true\"\n",
    );
    is_ready_again(&address);
}

#[test]
fn of_one_whose_redis_or_database_is_away() {
    let (mut redis, cluster) = (Redis::start(), Cluster::start());
    let fleet = Fleet::apart(&cluster.url("postgres"), &redis.url);
    let mut up = fleet.start(&UP);
    let address = front(&mut up);
    assert_eq!(ready(&address).0, "200");
    redis.kill();
    wait_until("it is seen", || ready(&address).0 == "503");
    let answer = ready(&address).1;
    let words = [&answer["database"], &answer["queue"], &answer["bus"]];
    assert_eq!(words, ["ok", "unreachable", "unreachable"]);
    redis.start_again();
    is_ready_again(&address);
    // One that takes everything and answers nothing must not have us hang.
    redis.signal(Signal::STOP);
    wait_until("it is seen", || ready(&address).0 == "503");
    assert_eq!(get(&address, "/healthz").0, "200", "it is alive all the time");
    redis.signal(Signal::CONT);
    is_ready_again(&address);
    cluster.down();
    wait_until("it is seen", || ready(&address).0 == "503");
    assert_eq!(ready(&address).1["database"], "unreachable");
    assert_eq!(get(&address, "/healthz").0, "200");
    cluster.up();
    is_ready_again(&address);
}

#[test]
fn of_roles_that_run_apart() {
    let (redis, database) = (Redis::start(), database());
    let fleet = Fleet::apart(&database, &redis.url);
    let listen = ["--listen", "127.0.0.1:0"];
    let parts = |answer: &Value| {
        let names: Vec<_> = answer.as_object().expect("an object").keys().cloned().collect();
        names
            .into_iter()
            .filter(|name| !["status", "role", "version"].contains(&name.as_str()))
            .collect::<Vec<_>>()
    };
    for (role, words, its) in [
        ("web", &listen[..], &["bus", "catalog", "database", "queue"][..]),
        ("gateway", &listen[..], &["bus", "database", "queue"][..]),
        ("worker", &[][..], &["bus", "catalog", "database", "queue"][..]),
    ] {
        let mut process = fleet.start(&[&[role][..], words, &OWN].concat());
        let mut addresses = vec![figures(&mut process)];
        if role != "worker" {
            addresses.push(front(&mut process));
        }
        for address in addresses {
            let (code, answer) = ready(&address);
            assert_eq!(code, "200", "{role}: {answer}");
            assert_eq!(answer["role"], role);
            assert_eq!(parts(&answer), its, "{role}");
            assert_eq!(get(&address, "/healthz").0, "200", "{role}");
        }
        // What is counted is not for everybody who can reach the pages.
        if role != "worker" {
            assert_eq!(get(&front(&mut process), "/metrics").0, "404", "{role}");
        }
        assert_eq!(get(&figures(&mut process), "/metrics").0, "200", "{role}");
        process.terminate();
    }
}

#[test]
fn a_role_that_leaves_is_not_ready() {
    let (redis, database) = (Redis::start(), database());
    let fleet = Fleet::apart(&database, &redis.url).with("GROUNDCREW_APP_KEY", "key-of-the-tests");
    let words = ["gateway", "--listen", "127.0.0.1:0"];
    let mut gateway = fleet.start(&[&words[..], &OWN].concat());
    let address = figures(&mut gateway);
    assert_eq!(ready(&address).0, "200");
    let front = front(&mut gateway);
    let socket = TcpStream::connect(&front).expect("it listens");
    let url = format!("ws://{front}/app/key-of-the-tests?protocol=7");
    let _client = tungstenite::client(url, socket).expect("a handshake");
    gateway.signal(Signal::TERM);
    // It waits for another one that takes its clients over.
    let mut answer = Value::Null;
    wait_until("it says so", || {
        answer = ready(&address).1;
        answer["status"] == "leaving"
    });
    assert_eq!(answer["bus"], "ok", "{answer}");
}

#[test]
fn two_roles_with_one_metrics_address() {
    let (redis, database) = (Redis::start(), database());
    let address = format!("127.0.0.1:{}", free_port());
    let fleet = Fleet::apart(&database, &redis.url).with("GROUNDCREW_METRICS_LISTEN", &address);
    let mut worker = fleet.worker();
    fleet.refused(1, &["web", "--listen", "127.0.0.1:0"], &[]);
    let said = fleet.output(&["gateway", "--listen", "127.0.0.1:0"]);
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    for part in [&address, "for metrics", "GROUNDCREW_METRICS_LISTEN", "Address already in use"] {
        assert!(said.contains(part), "{part:?} is not said: {said}");
    }
    assert_eq!(get(&address, "/metrics").0, "200", "the first one goes on");
    worker.terminate();
}
