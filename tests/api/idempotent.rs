//! `Idempotency-Key`: a request that is repeated, whoever repeats it and when, is done once,
//! and answered the same way each time.

use std::thread;

use serde_json::json;

use crate::client::Client;
use crate::world::World;

fn count(client: &Client) -> usize {
    client.get("/runs").is(200)["items"].as_array().expect("runs").len()
}

#[test]
fn asked_again() {
    let world = World::embedded();
    let client = &world.first;
    let (server, other) = (client.add_server("edge-1"), client.add_server("edge-2"));
    let body = json!({ "jobs": ["prints"] });
    let first = client.ask_once(server, "key 1", &body);
    let run = first.is(201);
    // Later, when the run is somewhere else, and written in another way.
    let id = run["id"].as_str().expect("an id");
    crate::lab::wait_until("it is taken", || client.run(id)["status"] != "pending");
    let written = json!({ "parameters": {}, "untested_system": false, "jobs": ["prints"] });
    for body in [&body, &written] {
        let again = client.ask_once(server, "key 1", body);
        assert_eq!(again.is(201), run);
        assert_eq!(again.header("location"), first.header("location"));
    }
    // Another body, or another server, with the same key.
    let twice = json!({ "jobs": ["prints", "prints"] });
    client.ask_once(server, "key 1", &twice).is_problem(422, &["key-reused", "new key"]);
    client.ask_once(other, "key 1", &body).is_problem(422, &["key-reused"]);
    assert_eq!(count(client), 1);
    assert_ne!(client.ask_once(server, "key 2", &body).is(201)["id"], run["id"]);
    assert_eq!(count(client), 2);
    // Without a key, each is a run.
    client.ask(server, "prints");
    assert_eq!(count(client), 3);
}

/// Also after the job is gone, and with a catalog that would refuse it now.
#[test]
fn the_answer_stays() {
    let world = World::embedded();
    let server = world.first.add_server("edge-1");
    let body = json!({ "jobs": ["prints"] });
    let run = world.first.ask_once(server, "k", &body).is(201);
    std::fs::remove_file(world.fleet.job_file("prints")).expect("the job's file");
    assert_eq!(world.first.ask_once(server, "k", &body).is(201), run);
    world.first.ask_once(server, "new", &body).is_problem(422, &["no job"]);
}

/// What was refused was not done: the key is free for the mended request.
#[test]
fn a_refused_one_leaves_the_key_free() {
    let world = World::embedded();
    let server = world.first.add_server("edge-1");
    world.first.ask_once(server, "k", &json!({ "jobs": ["print"] })).is_problem(422, &[]);
    world.first.ask_once(server, "k", &json!({ "jobs": 1 })).is_problem(422, &[]);
    world.first.ask_once(server, "k", &json!({ "jobs": ["prints"] })).is(201);
}

#[test]
fn keys_that_are_none() {
    let world = World::embedded();
    let server = world.first.add_server("edge-1");
    let body = json!({ "jobs": ["prints"] });
    let path = format!("/servers/{server}/runs");
    for header in
        ["Idempotency-Key;", &format!("Idempotency-Key: {}", "x".repeat(256)), "Idempotency-Key: é"]
    {
        let headers = ["Content-Type: application/json", header];
        let answer = world.first.send("POST", &path, &headers, Some(&body.to_string()));
        answer.is_problem(400, &["1 to 255"]);
    }
    let two = ["Content-Type: application/json", "Idempotency-Key: a", "Idempotency-Key: b"];
    world
        .first
        .send("POST", &path, &two, Some(&body.to_string()))
        .is_problem(400, &["not several"]);
    world.first.ask_once(server, &"x".repeat(255), &body).is(201);
    assert_eq!(count(&world.first), 1);
}

/// Eight at the same moment: one run, one answer.
pub fn at_once(clients: &[Client], server: i64) {
    let body = json!({ "jobs": ["prints"] });
    for round in 0..5 {
        let key = format!("at once {round}");
        let before = count(&clients[0]);
        let answers: Vec<_> = thread::scope(|scope| {
            let askers: Vec<_> = clients
                .iter()
                .cycle()
                .take(8)
                .map(|client| scope.spawn(|| client.ask_once(server, &key, &body)))
                .collect();
            askers.into_iter().map(|asker| asker.join().expect("an answer").is(201)).collect()
        });
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
        assert_eq!(count(&clients[0]), before + 1);
    }
}

#[test]
fn at_the_same_moment() {
    let world = World::embedded();
    let server = world.first.add_server("edge-1");
    at_once(std::slice::from_ref(&world.first), server);
}

/// We died after the key was kept and before the run was: who comes again gets that run.
#[test]
fn after_a_crash_in_the_middle() {
    let world = World::embedded();
    let server = world.first.add_server("edge-1");
    let body = json!({ "jobs": ["prints"] });
    let run = world.first.ask_once(server, "k", &body).is(201);
    let id = run["id"].as_str().expect("an id");
    // As it was before the run was there.
    world.fleet.ok(&["server", "show", "edge-1"]);
    world.sql("UPDATE idempotency_keys SET status = NULL, body = NULL");
    let again = world.first.ask_once(server, "k", &body).is(201);
    assert_eq!(again["id"], id, "the run was there");
    world.sql("DELETE FROM runs; UPDATE idempotency_keys SET status = NULL, body = NULL");
    let again = world.first.ask_once(server, "k", &body).is(201);
    assert_eq!(again["id"], id, "the run was not there yet");
    assert_eq!(count(&world.first), 1);
}
