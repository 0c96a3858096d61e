//! What is another user's is not there: over the list of the routes themselves.

use serde_json::json;

use crate::browser::Browser;
use crate::inertia::{form, page, visit};
use crate::world::World;

#[test]
fn nothing_of_theirs_is_there() {
    let world = World::embedded();
    let server = world.first.add_server("edge-1");
    let run = world.first.ask(server, "prints");
    let mut bob = Browser::welcomed(&world, Some("other"), "bob");
    let before = world.rows("SELECT status FROM runs");
    for path in groundcrew::web::page_paths() {
        let thing = if path.starts_with("/runs") { run.clone() } else { server.to_string() };
        if !path.contains("{id}") || path.starts_with("/tokens") {
            continue;
        }
        let path = path.replace("{id}", &thing);
        let status = visit(&mut bob, &path, &[]).status;
        assert!([404, 405].contains(&status), "{path}: {status}");
        for method in ["POST", "DELETE"] {
            let body = json!({
                "jobs": ["prints"], "fingerprint": "SHA256:something", "from": null,
            });
            let answer = form(&mut bob, method, &path, "/servers", &body);
            assert_eq!(answer.header("location"), Some("/servers"), "{method} {path}");
            let shown = page(&mut bob, "/servers", "Servers");
            let problem = shown["flash"]["problem"].as_str().unwrap_or_default();
            let is_refused = ["another user's", "does not take", "Missing", "unknown field"];
            assert!(
                is_refused.iter().any(|text| problem.contains(text)),
                "{method} {path}: {shown}"
            );
        }
    }
    for path in ["/servers", "/runs"] {
        let text = visit(&mut bob, path, &[]).text();
        assert!(!text.contains("edge-1"), "{text}");
    }
    assert_eq!(world.rows("SELECT status FROM runs"), before);
    assert_eq!(world.rows("SELECT name FROM servers"), [["edge-1"]]);
}
