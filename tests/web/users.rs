//! `groundcrew user`: further people, each with what is theirs.

use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD, path_in};
use crate::world::{HOST_KEY, World};

#[test]
fn added_and_removed() {
    let world = World::embedded();
    let fleet = &world.fleet;
    let text = fleet.ok(&["user", "add", "Bob@Example.com"]);
    assert!(text.starts_with("bob@example.com chooses a password at\n"), "{text}");
    let mut bob = Browser::new(&world.first.address);
    let name = [("name", "bob"), ("password", PASSWORD)];
    assert_eq!(bob.form(&path_in(&text), &name).status, 303);
    let users: Value = serde_json::from_str(&fleet.ok(&["user", "list", "--json"])).expect("JSON");
    let known = |user: &Value| (user["name"].clone(), user["can_sign_in"].clone());
    let known: Vec<_> = users.as_array().expect("users").iter().map(known).collect();
    let expected = [("admin", false), ("other", false), ("bob", true)];
    assert_eq!(known, expected.map(|(name, can)| (json!(name), json!(can))));
    assert!(fleet.ok(&["user", "list"]).contains("bob    yes"), "{}", fleet.ok(&["user", "list"]));

    fleet.refused(1, &["user", "add", "bob"], &["\"bob\" already", "take another"]);
    fleet.refused(1, &["user", "add", "a b"], &["is no name"]);
    fleet.refused(1, &["user", "link", "eve"], &["no user \"eve\"", "groundcrew user list"]);
    fleet.refused(1, &["user", "remove", "admin"], &["first user"]);
    // What belongs to the installation is the first user's to see to.
    bob.get("/api/v1/workers").is_problem(403, &["first user"]);
    let server = json!({ "name": "edge-1", "host": "192.0.2.1", "host_key": HOST_KEY });
    let id = bob.json("POST", "/api/v1/servers", &server).is(201)["id"].clone();
    fleet.refused(1, &["user", "remove", "bob"], &["servers belong to", "remove them first"]);
    assert_eq!(bob.json("DELETE", &format!("/api/v1/servers/{id}"), &json!({})).status, 204);
    fleet.ok(&["user", "remove", "bob"]);
    assert!(!bob.is_signed_in());
    assert_eq!(Browser::new(&bob.address).sign_in("bob", PASSWORD).status, 422);
}
