//! The description, and the page that shows it: whole, and with nothing from elsewhere.

use std::collections::HashSet;
use std::process::Command;

use serde_json::Value;

use crate::world::World;

#[test]
fn every_route_says_what_it_takes_and_gives() {
    let world = World::embedded();
    let api = world.stranger().get("/openapi.json").is(200);
    assert_eq!(api["openapi"], "3.1.0");
    let mut ids = HashSet::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(ids.insert(id), "{id} twice");
            assert!(operation["summary"].is_string() && operation["tags"][0].is_string(), "{id}");
            let responses = operation["responses"].as_object().expect("responses");
            assert!(responses.keys().any(|status| status.starts_with('2')), "{id}");
            for status in ["401", "403", "429", "503"] {
                let schema = &responses[status]["content"]["application/problem+json"]["schema"];
                assert_eq!(schema["$ref"], "#/components/schemas/Problem", "{id} {status}");
            }
            let _ = (path, method);
        }
    }
    // Nothing is named that is not there.
    let mut named = vec![];
    references(&api, &mut named);
    for name in named {
        let pointer = name.strip_prefix('#').expect("one of ours");
        assert!(api.pointer(pointer).is_some(), "{name}");
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_page_has_nothing_from_elsewhere() {
    let world = World::embedded();
    for path in ["/docs", "/docs.js", "/docs.css"] {
        let answer = world.stranger().get(path);
        assert_eq!(answer.status, 200);
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        let text = answer.text();
        for foreign in ["http:", "https:", "//cdn", "style=", "onclick", "innerHTML", "<script>"] {
            assert!(!text.contains(foreign), "{path}: {foreign}");
        }
    }
}

/// A browser makes a page of it, under its policy.
#[test]
fn a_browser_shows_all_routes() {
    let world = World::embedded();
    let profile = tempfile::TempDir::new().expect("a folder");
    let output = Command::new("timeout")
        .args(["60", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("http://{}/api/v1/docs", world.first.address))
        .output()
        .expect("chromium is installed");
    let page = String::from_utf8_lossy(&output.stdout).into_owned();
    for (_, path, _) in crate::let_in::routes(&world.first) {
        assert!(page.contains(&format!("<code>{path}</code>")), "{path}: {page}");
    }
    for part in ["id=\"not-found\"", "id=\"schema-RunResource\"", "ssh-ed25519 AAAA"] {
        assert!(page.contains(part), "{part}");
    }
}
