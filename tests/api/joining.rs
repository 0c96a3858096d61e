//! New servers over the API: added with a line that is shown once, tried again with a fresh one.

use serde_json::json;

use crate::fleet::Fleet;
use crate::world::{HOST_KEY, World};

#[test]
fn added_with_a_line() {
    let fleet = Fleet::embedded().with("GROUNDCREW_URL", "https://panel.example.com");
    let database = format!("sqlite:{}", fleet.folder.path().join("data/groundcrew.db").display());
    let world = World::of(fleet, &database);
    let client = &world.first;
    let wanted = json!({
        "name": "edge-1", "host": "192.0.2.1", "joins_by": "script", "provider": "Hetzner",
        "install": { "jobs": ["nginx"], "parameters": { "app_user": "web" } },
    });
    let added = client.post("/servers", wanted.clone()).is(201);
    let line = added["line"]["curl"].as_str().expect("a line").to_owned();
    assert!(line.starts_with("curl -fsSL https://panel.example.com/join/gcj_"), "{line}");
    assert_eq!((&added["host_key"], &added["has_key"]), (&json!(null), &json!(true)));
    assert_eq!(added["provider"], "Hetzner");
    let shown = client.get("/servers/1").is(200);
    assert!(shown.get("line").is_none(), "promise 8: shown once");
    let steps = client.get("/servers/1/provisioning").is(200)["steps"].clone();
    let steps: Vec<_> =
        steps.as_array().expect("steps").iter().map(|step| &step["name"]).cloned().collect();
    assert_eq!(steps[..2], [json!("Waiting for connection"), json!("Preparing server")]);
    assert_eq!(steps.len(), 5, "{steps:?}");

    let retried = client.tell("/servers/1/retry").is(200);
    assert_ne!(retried["line"]["curl"], line);
    client.ask_refused(1);
    world.second.tell("/servers/1/retry").is_problem(404, &[]);
    client.post("/servers", wanted.clone()).is_problem(409, &["edge-1"]);

    let with = |key: &str, value: serde_json::Value| {
        let mut wanted = wanted.clone();
        wanted["name"] = json!("edge-2");
        wanted[key] = value;
        client.post("/servers", wanted)
    };
    with("host_key", json!(HOST_KEY)).is_problem(422, &["host_key"]);
    with("ssh_user", json!("admin")).is_problem(422, &["root"]);
    with("private_key", json!("x")).is_problem(422, &["private_key"]);
    with("install", json!({ "jobs": ["ngnix"] })).is_problem(422, &["nginx"]);
    with("host", json!("127.0.0.1")).is_problem(422, &["GROUNDCREW_ALLOW_LOCAL"]);
    client.delete("/servers/1").is(204);
}

#[test]
fn not_without_an_address_of_ours() {
    let world = World::embedded();
    let wanted = json!({ "name": "edge-1", "host": "192.0.2.1", "joins_by": "script" });
    world.first.post("/servers", wanted).is_problem(409, &["GROUNDCREW_URL"]);
}

impl crate::client::Client {
    /// A run can't be asked for before a host key is pinned (promise 9).
    #[track_caller]
    fn ask_refused(&self, server: i64) {
        let asked = self.post(&format!("/servers/{server}/runs"), json!({ "jobs": ["nginx"] }));
        asked.is_problem(409, &["not joined yet"]);
    }
}
