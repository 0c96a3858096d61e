//! Promise: a second user can reach nothing of the first, by any route. Over the list of
//! routes itself, so that a new one is covered by itself.

use serde_json::{Value, json};

use crate::let_in::routes;
use crate::world::World;

#[test]
fn nothing_of_another_users_is_reached() {
    let world = World::embedded();
    let (first, second) = (&world.first, &world.second);
    let server = first.add_server("edge-of-first");
    let body = json!({ "jobs": ["prints"] });
    let run = first.ask(server, "prints");
    let key = "key-of-first";
    let asked = first.ask_once(server, key, &body).is(201);
    let waiting = asked["id"].as_str().expect("an id");
    let tokens = first.get("/tokens").is(200);
    let worker = first.get("/workers").is(200)[0]["name"].as_str().expect("a worker").to_owned();
    let token = tokens["items"][0]["id"].as_i64().expect("an id");

    // All that there is of the first, but what a worker does meanwhile.
    let state = || {
        let shown = |id: &str| {
            let run = first.run(id);
            json!([run["id"], run["cancel_requested_at"], run["parameters"], run["jobs"]])
        };
        let ids = |list: Value, name: &str| -> Vec<Value> {
            list["items"].as_array().expect("items").iter().map(|item| item[name].clone()).collect()
        };
        json!([
            shown(&run),
            shown(waiting),
            ids(first.get("/runs").is(200), "id"),
            ids(first.get("/servers").is(200), "name"),
            ids(first.get("/tokens").is(200), "name"),
            first.get("/workers").is(200)[0]["draining"],
        ])
    };
    let before = state();
    // Texts by which something of the first's would be known in an answer.
    let marks = ["edge-of-first", &run, waiting, "192.0.2.1", &worker, "\"first\"", key];
    for (method, path, _) in routes(first) {
        // The whole path tells what its braces mean; a new one must be told here.
        let thing = path.split('{').next().expect("a beginning").trim_start_matches("/api/v1");
        let named = match thing {
            "/servers/" => server.to_string(),
            "/runs/" => waiting.to_owned(),
            "/tokens/" => token.to_string(),
            "/workers/" => worker.clone(),
            "/jobs/" => "prints".to_owned(),
            _ if !path.contains('{') => String::new(),
            thing => panic!("what does {thing} name? Tell this test, with one of the first's"),
        };
        let url = path.replace("{id}", &named).replace("{name}", &named);
        let headers = ["Content-Type: application/json", "Idempotency-Key: key-of-first"];
        for body in [None, Some("{}"), Some(r#"{"jobs":["prints"]}"#)] {
            let headers = if body.is_some() { &headers[..] } else { &[] };
            let answer = second.send(&method, &url, headers, body);
            let text = answer.text();
            for mark in marks {
                assert!(!text.contains(mark), "{method} {url}: {mark} is in {text}");
            }
            let expected: &[u16] = match thing {
                "/servers/" | "/runs/" | "/tokens/" => &[404],
                "/workers" | "/workers/" => &[403],
                // Their own: a list of nothing, or what they sent is wrong.
                "/servers" | "/runs" | "/tokens" => &[200, 415, 422],
                _ => &[200],
            };
            assert!(expected.contains(&answer.status), "{method} {url}: {}: {text}", answer.status);
        }
    }
    assert_eq!(state(), before);
    assert_eq!(second.get("/servers").is(200)["items"], json!([]));
    assert_eq!(second.get("/runs").is(200)["items"], json!([]));
    // Another user's is like what is not there, word for word.
    for (theirs, none) in [
        (format!("/servers/{server}"), "/servers/999".to_owned()),
        (format!("/runs/{run}"), "/runs/01900000-0000-7000-8000-000000000000".to_owned()),
    ] {
        assert_eq!(second.get(&theirs).is(404), second.get(&none).is(404));
    }
}

/// The same names, keys and places in lists are each user's own.
#[test]
fn two_users_do_not_meet() {
    let world = World::embedded();
    let (first, second) = (&world.first, &world.second);
    let (a, b) = (first.add_server("edge-1"), second.add_server("edge-1"));
    let body = json!({ "jobs": ["prints"] });
    let one = first.ask_once(a, "key", &body).is(201);
    let two = second.ask_once(b, "key", &body).is(201);
    assert_ne!(one["id"], two["id"]);
    for (client, id) in [(first, &one["id"]), (second, &two["id"])] {
        let runs = client.get("/runs").is(200);
        assert_eq!(
            (runs["items"].as_array().map(Vec::len), &runs["items"][0]["id"]),
            (Some(1), id)
        );
    }
    // A cursor of the other's shows nothing of the other's.
    let id = two["id"].as_str().expect("an id");
    let page = first.get(&format!("/runs?cursor={id}")).is(200);
    assert!(!page.to_string().contains(id));
    second.post("/tokens", json!({ "name": "first", "scopes": ["read"] })).is(201);
}
