//! The resource: its shape, byte for byte that of the design, and its ETag.

use serde_json::{Value, json};

use crate::joining::World;

#[test]
fn has_its_shape_and_changes_with_each_revision() {
    let world = World::embedded();
    let wanted = json!({
        "name": "edge-1", "host": "192.0.2.1", "joins_by": "script", "provider": "Hetzner",
        "install": { "jobs": ["nginx"], "parameters": { "app_user": "deploy" } },
    });
    let id = world.client.post("/servers", wanted).is(201)["id"].as_i64().expect("an id");
    let path = format!("/servers/{id}/provisioning");
    let first = world.client.get(&path);
    let shown = first.is(200);
    let fields: Vec<&str> = shown.as_object().expect("fields").keys().map(String::as_str).collect();
    assert_eq!(
        fields,
        [
            "connection",
            "created_at",
            "id",
            "name",
            "os_codename",
            "os_name",
            "os_version",
            "private_ip",
            "provider",
            "provision_status",
            "provision_status_color",
            "provision_status_label",
            "public_ip",
            "revision",
            "ssh_port",
            "steps",
            "updated_at",
        ]
    );
    assert_eq!(shown["provider"], "Hetzner");
    let step = &shown["steps"][4];
    let is_pending = json!({ "isPending": true, "isInstalling": false, "isCompleted": false, "isFailed": false });
    let fields: Vec<&str> = step.as_object().expect("fields").keys().map(String::as_str).collect();
    assert_eq!(
        fields,
        ["description", "error", "finished_at", "name", "started_at", "status", "step", "steps"]
    );
    assert_eq!((&step["step"], &step["status"]), (&json!(5), &is_pending));
    assert_eq!(step["name"], "Install Nginx web server");
    assert_eq!(step["steps"][0]["title"], "Preparing the system");
    let names: Vec<&Value> = (0..4).map(|step| &shown["steps"][step]["name"]).collect();
    assert_eq!(
        names,
        ["Waiting for connection", "Preparing server", "Checking status", "Checking connectivity"]
    );

    let tag = first.header("etag").expect("a tag").to_owned();
    assert_eq!(first.header("cache-control"), Some("private, no-cache"));
    let ask =
        |tag: &str| world.client.send("GET", &path, &[&format!("If-None-Match: {tag}")], None);
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}")] {
        let again = ask(&known);
        assert_eq!((again.status, again.bytes.len()), (304, 0), "{known}");
        assert_eq!(again.header("etag"), Some(tag.as_str()));
    }
    assert_eq!(ask("\"x\"").is(200), shown);
    // A change, and the tag is another; what is shown is, too.
    world.call_back(
        id,
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEq4HmRnT9m0MSq+mmEgBrIFRUGhqjBjpHE9GlyD2u7k",
    );
    let changed = ask(&tag);
    let now = changed.is(200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    assert_ne!(now["steps"], shown["steps"]);
    assert_eq!(now["provision_status_label"], "Installing");
    assert_eq!(now["provision_status_color"], "amber");
}
