//! Verbs that need a host, on real ones: output by its offset while it comes, cancel at work,
//! retry, abandon.

use serde_json::{Value, json};

use crate::client::Client;
use crate::job;
use crate::lab::{Host, Lab, wait_until};
use crate::world::World;

/// Adds a host of the lab over the API alone, with its key.
fn add(client: &Client, host: &Host<'_>) -> i64 {
    let known = std::fs::read_to_string(host.lab.known_hosts()).expect("known hosts");
    let line = known.lines().find(|line| line.split(' ').next() == Some(&host.address));
    let key = line.and_then(|line| line.split_once(' ')).expect("its key").1;
    let private = std::fs::read_to_string(host.lab.key()).expect("a key");
    let server = json!({
        "name": format!("edge-{}", host.number), "host": host.address, "host_key": key, "private_key": private,
    });
    client.post("/servers", server).is(201)["id"].as_i64().expect("an id")
}

fn ends(client: &Client, id: &str, status: &str) -> Value {
    let mut run = Value::Null;
    wait_until("the run ends", || {
        run = client.run(id);
        !run["finished_at"].is_null()
    });
    assert_eq!(run["status"], status, "{run:#}");
    run
}

/// Bytes, next offset, whole length.
fn output(client: &Client, id: &str, query: &str) -> (Vec<u8>, u64, u64) {
    let answer = client.get(&format!("/runs/{id}/output?{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    let number = |name| answer.header(name).and_then(|text| text.parse().ok()).expect("a number");
    let (next, whole) = (number("next-offset"), number("whole-length"));
    (answer.bytes, next, whole)
}

#[test]
fn followed_from_its_first_byte_to_its_last() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let world = World::embedded();
    let client = &world.first;
    let prints = "printf 'one \\377\\000\\n'; seq 1 2000; until [ -e /root/go ]; do sleep 0.05; done; seq 1 1000";
    world.fleet.job("test", &job::of(&[("prints", prints), ("last", "echo last")]));
    let server = add(client, &host);
    let id = client.ask(server, "test");
    let mut text = vec![];
    let mut read_on = || {
        let (bytes, next, whole) =
            output(client, &id, &format!("offset={}&limit=4000", text.len()));
        assert!(bytes.len() <= 4000 && whole >= next);
        text.extend(bytes);
        assert_eq!(next, text.len() as u64);
        (next, whole)
    };
    wait_until("the first part came", || read_on().0 >= 8000);
    host.run(job::GO);
    let run = ends(client, &id, "completed");
    wait_until("all of it came", || {
        let (next, whole) = read_on();
        next == whole
    });
    assert_eq!(run["output_bytes"], text.len() as u64);
    assert_eq!(text, world.fleet.output(&["runs", "output", &id]).stdout);
    assert!(text.starts_with(b"one \xff\0\n1\n2\n") && text.ends_with(b"1000\nlast\n"));

    let whole = text.len() as u64;
    assert_eq!(output(client, &id, "step=2"), (b"last\n".to_vec(), 5, 5));
    assert_eq!(output(client, &id, "step=2&offset=3"), (b"t\n".to_vec(), 5, 5));
    assert_eq!(output(client, &id, "step=9"), (vec![], 0, 0));
    assert_eq!(output(client, &id, &format!("offset={}", whole + 7)), (vec![], whole + 7, whole));
    assert_eq!(output(client, &id, "offset=4&limit=1"), (vec![0xff], 5, whole));
    for wrong in ["limit=0", "limit=4194305", "offset=-1", "step=0", "step=x", "attempt=1"] {
        client.get(&format!("/runs/{id}/output?{wrong}")).is_problem(400, &[]);
    }
    client.tell(&format!("/runs/{id}/retry")).is_problem(409, &["completed"]);
    client.tell(&format!("/runs/{id}/abandon")).is_problem(409, &["completed"]);
}

#[test]
fn cancelled_at_work() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let world = World::embedded();
    world.fleet.job("test", &job::of(&[("one", &format!("setsid sleep 1000 & {}", job::WAIT))]));
    let server = add(&world.first, &host);
    let id = world.first.ask(server, "test");
    host.wait_for(job::WAITS);
    let run = world.first.tell(&format!("/runs/{id}/cancel")).is(200);
    assert!(run["cancel_requested_at"].is_string(), "{run:#}");
    ends(&world.first, &id, "cancelled");
    host.run("! pgrep -f 'sleep 100[0]'");
    world.first.tell(&format!("/runs/{id}/cancel")).is_problem(409, &["it is cancelled"]);
}

#[test]
fn tried_again_from_a_step() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let world = World::embedded();
    let client = &world.first;
    let steps = [("one", "echo one"), ("two", "echo two"), ("three", "[ -e /root/mended ]")];
    world.fleet.job("test", &job::of(&steps));
    let server = add(client, &host);
    let id = client.ask(server, "test");
    ends(client, &id, "failed");
    let retry = format!("/runs/{id}/retry");
    client
        .post(&retry, json!({ "from": "four" }))
        .is_problem(422, &["no step", "test.one, test.two"]);
    client.post(&retry, json!({ "step": "two" })).is_problem(422, &["unknown field"]);
    client.send("POST", &retry, &[], Some("{}")).is_problem(415, &[]);
    client.tell(&retry).is(200);
    ends(client, &id, "failed");
    host.run("rm /root/two.done; touch /root/mended");
    let run = client.post(&retry, json!({ "from": "two" })).is(200);
    assert!(run["finished_at"].is_null(), "{run:#}");
    let run = ends(client, &id, "completed");
    let starts: Vec<_> = (0..3).map(|step| run["steps"][step]["starts"].as_i64()).collect();
    assert_eq!(starts, [Some(1), Some(2), Some(3)]);
    assert_eq!(output(client, &id, "").0, b"one\ntwo\ntwo\n");
    assert_eq!(output(client, &id, "step=2").0, b"two\ntwo\n");
}

#[test]
fn given_up_with_its_host() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let world = World::embedded();
    let client = &world.first;
    world.fleet.job("test", &job::of(&[("one", job::WAIT)]));
    let server = add(client, &host);
    let id = client.ask(server, "test");
    host.wait_for(job::WAITS);
    host.lab("kill", &[]);
    wait_until("that it is away is seen", || !client.run(&id)["unreachable_since"].is_null());
    let run = client.tell(&format!("/runs/{id}/abandon")).is(200);
    assert_eq!((&run["status"], &run["host_state"]), (&json!("failed"), &json!("abandoned")));
    client.delete(&format!("/servers/{server}")).is(204);
}
