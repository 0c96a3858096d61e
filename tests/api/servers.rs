//! Servers: added, listed page by page, shown, removed.

use std::process::Command;

use serde_json::json;

use crate::world::{HOST_KEY, World};

#[test]
fn from_its_beginning_to_its_end() {
    let world = World::embedded();
    let client = &world.first;
    let wanted = json!({ "name": "edge-1", "host": "192.0.2.1", "host_key": format!("{HOST_KEY} root@edge") });
    let answer = client.post("/servers", wanted.clone());
    let server = answer.is(201);
    assert_eq!(answer.header("location"), Some("/api/v1/servers/1"));
    for (field, value) in [
        ("id", json!(1)),
        ("ssh_port", json!(22)),
        ("ssh_user", json!("root")),
        ("host_key", json!(HOST_KEY)),
        ("has_key", json!(false)),
        ("provision_status", json!("pending")),
        ("revision", json!(1)),
    ] {
        assert_eq!(server[field], value, "{server}");
    }
    assert_eq!(client.get("/servers/1").is(200), server);
    // The command line shows the same one.
    let shown: serde_json::Value =
        serde_json::from_str(&world.fleet.ok(&["server", "show", "edge-1", "--json"]))
            .expect("JSON");
    assert_eq!(shown["host_key"], server["host_key"]);
    client.post("/servers", wanted).is_problem(409, &["edge-1", "another name"]);

    let run = client.ask(1, "prints");
    client.delete("/servers/1").is_problem(409, &["has not ended"]);
    client.tell(&format!("/runs/{run}/abandon"));
    client.tell(&format!("/runs/{run}/cancel"));
    crate::lab::wait_until("the run is over", || client.delete("/servers/1").status == 204);
    client.get("/servers/1").is_problem(404, &["GET /api/v1/servers"]);
    client.delete("/servers/1").is_problem(404, &[]);
    client.get(&format!("/runs/{run}")).is_problem(404, &[]);
}

/// The private key is taken, kept encrypted, and never shown again (promise 8).
#[test]
fn with_a_private_key() {
    let world = World::embedded();
    let file = world.fleet.folder.path().join("a-key");
    let made = |passphrase: &str| {
        let _ = std::fs::remove_file(&file);
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", passphrase, "-f"]).arg(&file);
        assert!(keygen.status().expect("ssh-keygen").success());
        std::fs::read_to_string(&file).expect("a key")
    };
    let mut wanted = json!({
        "name": "edge-1", "host": "2001:db8::1", "ssh_user": "deploy", "ssh_port": 2222,
        "host_key": HOST_KEY, "private_key": made("locked"),
    });
    world.first.post("/servers", wanted.clone()).is_problem(422, &["passphrase", "-N ''"]);
    let key = made("");
    wanted["private_key"] = json!(key);
    let answer = world.first.post("/servers", wanted);
    assert_eq!(answer.is(201)["has_key"], true);
    let line = key.lines().nth(1).expect("a line");
    assert!(!answer.text().contains(line));
    assert!(!world.first.get("/servers/1").text().contains(line));
    let kept = world.rows("SELECT hex(private_key) FROM servers");
    assert!(!kept[0][0].is_empty() && !kept[0][0].contains(&hex(line)), "{kept:?}");
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02X}")).collect()
}

#[test]
fn page_by_page() {
    let world = World::embedded();
    let ids: Vec<i64> = (0..5).map(|n| world.first.add_server(&format!("edge-{n}"))).collect();
    world.second.add_server("another");
    let mut found = vec![];
    let mut path = "/servers?limit=2".to_owned();
    for length in [2, 2, 1] {
        let page = world.first.get(&path).is(200);
        let items = page["items"].as_array().expect("items");
        assert_eq!(items.len(), length, "{page}");
        found.extend(items.iter().filter_map(|server| server["id"].as_i64()));
        assert_eq!(page["next_cursor"].is_null(), length == 1, "{page}");
        path = format!("/servers?limit=2&cursor={}", page["next_cursor"].as_str().unwrap_or("1"));
    }
    assert_eq!(found, ids);
    let all = world.first.get("/servers?limit=5").is(200);
    assert!(all["next_cursor"].is_null(), "as many as fit, and no more: {all}");
}
