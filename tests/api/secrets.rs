//! Promise 8: what is secret is nowhere but where it belongs: not in the database's files, not
//! in a log, not in an answer.

use std::fs;

use serde_json::json;

use crate::world::World;

const CANARY: &str = "canary-of-a-secret-parameter";

#[test]
fn canaries_are_not_found() {
    let world = World::embedded();
    world
        .fleet
        .job("hides", &crate::job::with("[params.key]\ntype = \"secret\"", &[("one", "true")]));
    let made = world.fleet.ok(&["token", "create", "canary", "--scope", "read,operate,write"]);
    let token = made.lines().next().expect("a token").to_owned();
    let client = crate::client::Client { token: token.clone(), ..world.first.clone() };
    let server = client.add_server("edge-1");
    let body = json!({ "jobs": ["hides"], "parameters": { "key": CANARY } });
    let asked = client.ask_once(server, "k", &body);
    let id = asked.is(201)["id"].as_str().expect("an id").to_owned();
    assert_eq!(client.ask_once(server, "k", &body).is(201), asked.is(201));
    let other = json!({ "jobs": ["hides"], "parameters": { "key": "another-secret" } });
    let reused = client.ask_once(server, "k", &other).is_problem(422, &["key-reused"]);
    // A digest that anybody could make of a guess is not kept, either.
    let kept = world.rows("SELECT hex(request) FROM idempotency_keys");
    assert_eq!(kept[0][0].len(), 2 * (1 + 24 + 32 + 16), "sealed");

    let made = client.post("/tokens", json!({ "name": "second", "scopes": ["read"] })).is(201);
    let second = made["token"].as_str().expect("a token").to_owned();
    let secrets = [CANARY, &token[4..], &second[4..]];
    for text in [
        asked.text(),
        reused.to_string(),
        client.get(&format!("/runs/{id}")).text(),
        client.get("/runs").text(),
        client.get("/tokens").text(),
        world.up.log(),
    ] {
        for secret in secrets {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    let mut files = 0;
    for file in fs::read_dir(world.fleet.folder.path().join("data")).expect("the data folder") {
        let path = file.expect("a file").path();
        let bytes = fs::read(&path).unwrap_or_default();
        files += usize::from(!bytes.is_empty());
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} is in {}", path.display());
        }
    }
    assert!(files >= 2, "the database and its log");
}
