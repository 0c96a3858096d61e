//! JSON logs: a line is an object, and says which run, server and worker it is about. Promise 8: no
//! secret is ever in it.

use serde_json::Value;

use crate::asked::{OWN, front, get};
use crate::fleet::{Fleet, UP, database};
use crate::job;
use crate::lab::{Lab, wait_until};
use crate::process::Process;
use crate::redis::Redis;

/// In no log, at no level.
const CANARY: &str = "canary-7f3a9c";

/// Every line, which must be an object with a time, a level and a message.
#[track_caller]
fn lines(role: &Process) -> Vec<Value> {
    let log = role.log();
    let lines = log.lines().map(|line| {
        let value: Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        for field in ["timestamp", "level", "target", "message"] {
            assert!(value[field].is_string(), "no {field}: {line}");
        }
        value["timestamp"].as_str().expect("a text").parse::<jiff::Timestamp>().expect("a time");
        value
    });
    lines.collect()
}

#[test]
fn of_a_run_name_it_with_server_and_worker() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url)
        .with("GROUNDCREW_LOG_FORMAT", "json")
        .with("GROUNDCREW_LOG", "debug,sqlx=warn");
    let secret = "[params.token]\ntype = \"secret\"";
    fleet.job(
        "well",
        &job::with(secret, &[("one", "echo \"it is $TOKEN\"; sleep 1"), ("two", "exit 3")]),
    );
    fleet.add("edge-1", &host);
    let server = fleet.server("edge-1")["id"].as_i64().expect("an id");
    let mut worker = fleet.start(&["worker"]);
    worker.wait_for("the worker is ready");
    let run = fleet.ask_with("well", "edge-1", &["-p", &format!("token={CANARY}")]);
    fleet.ends(&run, "failed");
    worker.wait_for("\"ended\"");
    worker.terminate();

    let lines = lines(&worker);
    let at = |message: &str| {
        let found =
            lines.iter().position(|line| line["message"] == message && line["run"] == run.as_str());
        found.unwrap_or_else(|| panic!("never {message:?}: {}", worker.log()))
    };
    let name = lines[at("taken")]["worker"].as_str().expect("a name").to_owned();
    let mut about = 0;
    for line in &lines[at("taken")..=at("ended")] {
        if !line.to_string().contains(&run) {
            // Of the worker itself, of Redis.
            continue;
        }
        assert_eq!(line["run"], run.as_str(), "{line}");
        assert_eq!(line["server"], server, "{line}");
        assert_eq!(line["server_name"], "edge-1", "{line}");
        assert_eq!(line["worker"], name.as_str(), "{line}");
        about += 1;
    }
    assert!(about >= 5, "{about} lines are about the run: {}", worker.log());
    // Connecting and asking the host are said far from where the run is known.
    for message in ["connecting", "connected", "asked the host"] {
        assert!(
            lines[at(message)]["target"].as_str().is_some_and(|at| at.starts_with("groundcrew::"))
        );
    }
    assert_eq!(lines[at("connected")]["host"], format!("root@{}:22", host.address));
    assert!(!worker.log().contains(CANARY), "{}", worker.log());
}

#[test]
fn of_a_request_name_it_with_its_user_and_no_secret() {
    let fleet = Fleet::embedded()
        .with("GROUNDCREW_LOG_FORMAT", "json")
        .with("GROUNDCREW_LOG", "warn,groundcrew=debug");
    let mut up = fleet.start(&UP);
    let line = up.wait_for("\"listening\"");
    let address = serde_json::from_str::<Value>(&line).expect("JSON")["address"]
        .as_str()
        .expect("a text")
        .to_owned();
    let made = fleet.ok(&["token", "create", "ci", "--json"]);
    let made: Value = serde_json::from_str(&made).expect("JSON");
    let token = made["token"].as_str().expect("a token");
    let header = format!("Authorization: Bearer {token}");
    let output = std::process::Command::new("curl")
        .args(["-sSi", "--max-time", "20", "--noproxy", "*", "-H", &header])
        .arg(format!("http://{address}/api/v1/servers"))
        .output()
        .expect("curl");
    let answer = String::from_utf8_lossy(&output.stdout).to_lowercase();
    let id = answer
        .lines()
        .find_map(|line| line.strip_prefix("x-request-id: "))
        .expect("an id")
        .trim()
        .to_owned();
    get(&address, &format!("/welcome/{CANARY}"));
    get(&address, &format!("/{CANARY}"));
    let mut answered = vec![];
    wait_until("all three are answered", || {
        answered = lines(&up).into_iter().filter(|line| line["message"] == "answered").collect();
        answered.len() == 3
    });
    assert_eq!(answered[0]["request"], id.as_str());
    assert_eq!(answered[0]["route"], "/api/v1/servers");
    assert_eq!((&answered[0]["method"], &answered[0]["code"]), (&"GET".into(), &200.into()));
    assert_eq!(answered[0]["user"], 1);
    assert_eq!(answered[1]["route"], "/welcome/{link}", "a pattern, for the address is a secret");
    assert_eq!(answered[1]["user"], Value::Null);
    assert_eq!(answered[2]["route"], "none");
    assert!(!up.log().contains(CANARY) && !up.log().contains(token), "{}", up.log());
    up.terminate();
}

/// Also what ends a role is a line that programs read.
#[test]
fn of_a_role_that_can_not_start() {
    let fleet =
        Fleet::embedded().with("GROUNDCREW_LOG_FORMAT", "json").with("DATABASE_URL", "mysql://x");
    let mut up = fleet.start(&UP);
    assert!(!up.ended().success());
    let lines = lines(&up);
    let last = lines.last().expect("a line");
    assert_eq!(last["level"], "ERROR");
    assert!(last["message"].as_str().expect("a text").contains("DATABASE_URL"), "{last}");
    fleet.refused(1, &["runs", "list"], &["error: ", "DATABASE_URL"]);
    let fleet = Fleet::embedded().with("GROUNDCREW_LOG_FORMAT", "xml");
    fleet.refused(1, &["up"], &["GROUNDCREW_LOG_FORMAT", "\"xml\"", "json"]);
}

/// Text shows the same fields.
#[test]
fn as_text() {
    let fleet = Fleet::embedded().with("GROUNDCREW_LOG", "groundcrew=debug");
    let mut up = fleet.start(&[&UP[..], &OWN].concat());
    get(&front(&mut up), "/sign-in");
    let line = up.wait_for(" answered ");
    for part in ["DEBUG", " code=200 ", " route=/sign-in", " method=GET", " request="] {
        assert!(line.contains(part), "{part:?} is not in {line}");
    }
    let ready = up.wait_for("the worker is ready");
    assert!(ready.contains(" worker=") && ready.contains(" slots=10"), "{ready}");
}
