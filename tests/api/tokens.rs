//! Tokens: made by the command line and by tokens, never more than who makes them may.

use std::time::Duration;

use groundcrew::model::Scope;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::Client;
use crate::world::{ALL, World};

#[test]
fn by_the_command_line() {
    let world = World::embedded();
    let json =
        |words: &[&str]| -> Value { serde_json::from_str(&world.fleet.ok(words)).expect("JSON") };
    let made =
        json(&["token", "create", "ci", "--scope", "read,operate", "--expires", "90d", "--json"]);
    let text = made["token"].as_str().expect("a text").to_owned();
    assert!(text.starts_with("gcr_") && text.len() == 4 + 43, "{text}");
    let client = Client { token: text.clone(), ..world.first.clone() };
    client.get("/servers").is(200);
    let expires: Timestamp = made["expires_at"].as_str().expect("a time").parse().expect("a time");
    let days = expires.duration_since(Timestamp::now()).as_secs() / 86_400;
    assert_eq!(days, 89, "90 days less a moment");

    let listed = json(&["token", "list", "--json"]);
    let ci = listed.as_array().expect("tokens").iter().find(|token| token["name"] == "ci");
    assert_eq!(ci.expect("it")["scopes"], json!(["read", "operate"]));
    assert!(!listed.to_string().contains(&text[8..]));
    let shown = world.fleet.ok(&["token", "list"]);
    assert!(shown.contains("read,operate") && !shown.contains(&text[8..]), "{shown}");
    let plain = world.fleet.ok(&["token", "create", "plain"]);
    assert!(plain.contains("gcr_") && plain.contains("shown once"), "{plain}");

    let refused = |words: &[&str], code, says: &[&str]| world.fleet.refused(code, words, says);
    refused(&["token", "create", "ci"], 1, &["already", "revoke"]);
    refused(&["token", "create", ""], 1, &["no name"]);
    refused(&["token", "create", "x", "--scope", "admin"], 2, &["read, operate, write"]);
    refused(&["token", "create", "x", "--expires", "soon"], 2, &["90d"]);
    refused(&["token", "create", "x", "--expires", "0d"], 1, &["is over"]);
    refused(&["token", "revoke", "nobody"], 1, &["token list"]);
    world.fleet.ok(&["token", "revoke", "ci"]);
    client.get("/servers").is_problem(401, &[]);
}

#[test]
fn by_a_token() {
    let world = World::embedded();
    let first = &world.first;
    let made = first.post("/tokens", json!({ "name": "ci", "scopes": ["read"] }));
    let token = made.is(201);
    assert_eq!((&token["scopes"], &token["expires_at"]), (&json!(["read"]), &Value::Null));
    let client =
        Client { token: token["token"].as_str().expect("a text").to_owned(), ..first.clone() };
    client.get("/servers").is(200);
    client.post("/servers", json!({})).is_problem(403, &["`write`"]);
    let list = first.get("/tokens").is(200);
    assert!(!list.to_string().contains(&client.token));
    let listed = &list["items"].as_array().expect("tokens")[1];
    assert_eq!((&listed["name"], listed["last_used_at"].is_null()), (&json!("ci"), false));
    first.post("/tokens", json!({ "name": "ci", "scopes": ["read"] })).is_problem(409, &["ci"]);
    for (body, says) in [
        (json!({ "name": "a", "scopes": [] }), "needs a scope"),
        (json!({ "name": "a", "scopes": ["root"] }), "`read`, `operate`, `write`"),
        (json!({ "name": "a\u{0}", "scopes": ["read"] }), "no name"),
        (
            json!({ "name": "a", "scopes": ["read"], "expires_at": "2001-01-01T00:00:00Z" }),
            "is over",
        ),
        (json!({ "name": "a", "scopes": ["read"], "expires_at": "never" }), "expires_at"),
    ] {
        first.post("/tokens", body).is_problem(422, &[says]);
    }
    let id = &token["id"];
    first.delete(&format!("/tokens/{id}")).is(204);
    client.get("/servers").is_problem(401, &[]);
    first.delete(&format!("/tokens/{id}")).is_problem(404, &[]);
}

/// Neither in what it may do, nor in how long it lives.
#[test]
fn never_more_than_the_one_that_makes_it() {
    let world = World::embedded();
    let writer = world.with(&[Scope::Read, Scope::Write]);
    let token = |name: &str, scopes: &[&str]| json!({ "name": name, "scopes": scopes });
    writer.post("/tokens", token("a", &["read", "operate"])).is_problem(403, &["`operate`"]);
    writer.post("/tokens", token("a", &["read", "write"])).is(201);
    let end = Timestamp::now() + Duration::from_secs(3600);
    let short = world.with_token("short", &ALL, Some(end));
    short.post("/tokens", token("b", &["read"])).is_problem(403, &["lives longer"]);
    let with_end = |seconds: i64| {
        let at = end + jiff::SignedDuration::from_secs(seconds);
        let mut token = token("b", &["read"]);
        token["expires_at"] = json!(at);
        token
    };
    short.post("/tokens", with_end(1)).is_problem(403, &["lives longer"]);
    short.post("/tokens", with_end(-1)).is(201);
}
