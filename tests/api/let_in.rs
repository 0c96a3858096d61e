//! Who is let in: a good token with the scope that the route names, and nobody else. Over the
//! list of routes itself, so that a new one is covered by itself.

use std::time::Duration;

use groundcrew::model::Scope;
use jiff::Timestamp;
use serde_json::Value;

use crate::client::Client;
use crate::lab::wait_until;
use crate::world::{ALL, World};

/// Method, path and scope of all routes; what is in braces is 1, which nothing has as name.
pub fn routes(client: &Client) -> Vec<(String, String, String)> {
    let description = client.get("/openapi.json").is(200);
    let paths = description["paths"].as_object().expect("paths").clone();
    let mut routes = vec![];
    for (path, item) in &paths {
        for (method, operation) in item.as_object().expect("methods") {
            let scope = operation["security"][0]["token"][0].as_str().expect("a scope");
            routes.push((method.to_uppercase(), path.clone(), scope.to_owned()));
        }
    }
    assert!(routes.len() >= 19, "{routes:?}");
    routes
}

#[test]
fn nobody_without_a_good_token() {
    let world = World::embedded();
    let expired = world.with_token("old", &ALL, Some(Timestamp::UNIX_EPOCH));
    let revoked = world.with_token("revoked", &ALL, None);
    let tokens = world.first.get("/tokens").is(200);
    let tokens = tokens["items"].as_array().expect("tokens");
    let id = &tokens.iter().find(|token| token["name"] == "revoked").expect("it")["id"];
    world.first.delete(&format!("/tokens/{id}")).is(204);
    let junk = Client { token: "gcr_junk".to_owned(), ..world.first.clone() };
    for (method, path, _) in routes(&world.first) {
        let path = path.replace(['{', '}'], "");
        for client in [&world.stranger(), &junk, &expired, &revoked] {
            let answer = client.send(&method, &path, &[], None);
            answer.is_problem(
                401,
                &["groundcrew token create"][..usize::from(client.token != expired.token)],
            );
            let challenge = answer.header("www-authenticate").expect("how to show who asks");
            assert!(challenge.starts_with("Bearer realm="), "{challenge}");
            assert_eq!(challenge.contains("invalid_token"), !client.token.is_empty());
        }
    }
}

#[test]
fn other_schemes_are_no_tokens() {
    let world = World::embedded();
    let stranger = world.stranger();
    let token = &world.first.token;
    for header in [
        "Authorization: ".to_owned() + token,
        format!("Authorization: Basic {token}"),
        "Authorization: Bearer".to_owned(),
        format!("Authorization: Bearer {token}x"),
        format!("Authorization: Bearer {}", token.to_uppercase()),
        format!("X-Token: {token}"),
        format!("Cookie: token={token}"),
    ] {
        stranger.send("GET", "/servers", &[&header], None).is_problem(401, &[]);
    }
    let good = format!("Authorization: bearer {token}");
    stranger.send("GET", "/servers", &[&good], None).is(200);
    stranger.get(&format!("/servers?token={token}")).is_problem(401, &[]);
}

/// A token with all scopes but the one that the route names.
#[test]
fn nobody_without_the_scope() {
    let world = World::embedded();
    let others = ALL.map(|missing| {
        let rest: Vec<Scope> = ALL.into_iter().filter(|scope| *scope != missing).collect();
        (missing.to_string(), world.with(&rest))
    });
    for (method, path, scope) in routes(&world.first) {
        let (_, client) = others.iter().find(|(missing, _)| *missing == scope).expect("a client");
        let path = path.replace(['{', '}'], "");
        let says = format!("this needs the scope `{scope}`");
        client.send(&method, &path, &[], None).is_problem(403, &[&says]);
    }
    // HEAD is what GET is.
    let (_, cant_read) = &others[0];
    assert_eq!(cant_read.send("HEAD", "/servers", &[], None).status, 403);
    assert_eq!(world.first.send("HEAD", "/servers", &[], None).status, 200);
}

/// A token that is used is refused from the moment on at which it expires.
#[test]
fn a_token_that_expires() {
    let world = World::embedded();
    let end = Timestamp::now() + Duration::from_secs(3);
    let client = world.with_token("short", &ALL, Some(end));
    client.get("/servers").is(200);
    wait_until("it expires", || client.get("/servers").status == 401);
    assert!(Timestamp::now() >= end);
    client.get("/servers").is_problem(401, &["\\\"short\\\"", "has expired at"]);
}

/// What says how to ask is for everybody, and says nothing of what there is.
#[test]
fn everybody_may_read_the_manual() {
    let world = World::embedded();
    world.first.add_server("edge-1");
    for path in ["/openapi.json", "/docs", "/docs.js", "/docs.css"] {
        let answer = world.stranger().get(path);
        assert_eq!(answer.status, 200);
        assert!(!answer.text().contains("192.0.2.1"));
    }
    let health: Value = world.stranger().send("GET", "/api/../healthz", &[], None).json();
    assert_eq!(health["status"], 404, "a path is taken as it is");
}
