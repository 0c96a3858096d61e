//! Forms: where they lead to, what is said there once, and what is wrong at which field.

use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD};
use crate::fleet::Fleet;
use crate::inertia::{form, leads_to, page, visit};
use crate::world::World;

fn world() -> World {
    let fleet = Fleet::embedded().with("GROUNDCREW_URL", "http://192.0.2.1:8080");
    fleet.job("prints", &crate::job::of(&[("prints", "echo hello")]));
    let database = format!("sqlite:{}", fleet.folder.path().join("data/groundcrew.db").display());
    World::of(fleet, &database)
}

fn wanted() -> Value {
    json!({
        "name": "edge-1", "host": "192.0.2.7", "ssh_port": 22, "ssh_user": "root",
        "joins_by": "script", "provider": null, "private_key": null, "install": null,
    })
}

/// The line is shown to who made it, until it has expired or a host has it; nothing of it is kept
/// here (promise 8).
#[test]
fn the_one_line() {
    let world = world();
    let mut ann = Browser::of_first(&world);
    let answer = form(&mut ann, "POST", "/servers", "/servers/new", &wanted());
    let path = leads_to(&answer).to_owned();
    assert_eq!(path, "/servers/1/provisioning");
    let line = |ann: &mut Browser| {
        let shown = page(ann, "/servers/1/provisioning", "ServerProvisioning");
        assert_eq!(shown["props"]["live"]["join"]["line"], Value::Null);
        let line = shown["flash"]["line"].clone();
        let end = &shown["props"]["live"]["join"]["expires_at"];
        assert!(line.is_null() || line["expires_at"] == *end, "{shown:#}");
        line["curl"].as_str().map(str::to_owned)
    };
    let first = line(&mut ann).expect("a line");
    assert!(first.contains("http://192.0.2.1:8080/join/gcj_"), "{first}");
    assert_eq!(line(&mut ann).as_ref(), Some(&first), "after a reload");
    let part =
        ["X-Inertia-Partial-Component: ServerProvisioning", "X-Inertia-Partial-Data: server"];
    assert!(!visit(&mut ann, &path, &part).text().contains("gcj_"), "not in what is fetched");
    let kept = &ann.cookies["groundcrew_line_1"];
    assert!(!kept.contains("gcj_") && kept.len() > 60, "{kept}");

    // Another browser of theirs has to make another one.
    let mut other = Browser::new(&ann.address);
    other.sign_in("ann", PASSWORD);
    assert_eq!(line(&mut other), None);
    let answer = form(&mut other, "POST", "/servers/1/retry", &path, &json!({}));
    assert_eq!(leads_to(&answer), path);
    let second = line(&mut other).expect("a line");
    assert_ne!(second, first);
    assert_eq!(line(&mut ann), None, "the first one is worth nothing any more");
    world.sql("UPDATE joins SET expires_at = 1");
    assert_eq!(line(&mut other), None);
}

#[test]
fn what_is_wrong_is_told_at_its_field() {
    let world = world();
    let mut ann = Browser::of_first(&world);
    form(&mut ann, "POST", "/servers", "/servers/new", &wanted());
    for (change, field, says) in [
        (json!({ "name": "-x" }), "name", "no name for a server"),
        (json!({}), "name", "edge-1"),
        (json!({ "name": "b", "host": "no host" }), "host", "no host"),
        (json!({ "name": "b", "host": "127.0.0.1" }), "host", "127.0.0.1"),
        (json!({ "name": "b", "private_key": "x" }), "private_key", "key pair of its own"),
        (
            json!({ "name": "b", "install": { "jobs": ["none"], "parameters": {}, "untested_system": false } }),
            "jobs",
            "no job",
        ),
        (
            json!({ "name": "b", "install": { "jobs": ["nginx"], "parameters": { "app_user": "No User" }, "untested_system": false } }),
            "parameters.app_user",
            "No User",
        ),
    ] {
        let mut body = wanted();
        body.as_object_mut().expect("fields").extend(change.as_object().expect("fields").clone());
        let answer = form(&mut ann, "POST", "/servers", "/servers/new", &body);
        assert_eq!(leads_to(&answer), "/servers/new");
        let shown = page(&mut ann, "/servers/new", "AddServer");
        let error = shown["props"]["errors"][field].as_str().unwrap_or_default();
        assert!(error.contains(says), "{field}: {}", shown["props"]["errors"]);
        let again = page(&mut ann, "/servers/new", "AddServer");
        assert_eq!(again["props"]["errors"], json!({}), "it is said once");
    }
    assert_eq!(world.rows("SELECT name FROM servers"), [["edge-1"]]);
}

/// Said once, to this session only, and not to a part of a page.
#[test]
fn a_token_is_shown_once() {
    let world = world();
    let mut ann = Browser::of_first(&world);
    let body = json!({ "name": "ci", "scopes": ["read"], "expires_at": null });
    let answer = form(&mut ann, "POST", "/tokens", "/account", &body);
    assert_eq!(leads_to(&answer), "/account");
    let (said, mut bob) = (ann.cookies["groundcrew_said"].clone(), Browser::new(&ann.address));
    assert!(!said.contains("gcr_"));
    let part = ["X-Inertia-Partial-Component: Account", "X-Inertia-Partial-Data: tokens"];
    assert_eq!(visit(&mut ann, "/account", &part).is(200)["flash"], json!({}));
    let shown = page(&mut ann, "/account", "Account");
    let token = shown["flash"]["token"]["token"].as_str().expect("a token").to_owned();
    assert!(token.starts_with("gcr_"), "{shown}");
    assert_eq!(shown["flash"]["token"]["name"], "ci");
    assert_eq!(page(&mut ann, "/account", "Account")["flash"], json!({}));
    bob.cookies.insert("groundcrew_said".to_owned(), said);
    assert_eq!(page(&mut bob, "/sign-in", "SignIn")["flash"], json!({}), "nor to another session");

    let reads = crate::client::Client { token, ..world.first.clone() };
    reads.get("/servers").is(200);
    let row = world.rows("SELECT CAST(id AS TEXT) FROM tokens WHERE name = 'ci'");
    let path = format!("/tokens/{}", row[0][0]);
    assert_eq!(leads_to(&form(&mut ann, "DELETE", &path, "/account", &json!({}))), "/account");
    let said = page(&mut ann, "/account", "Account")["flash"]["notice"].clone();
    assert!(said.as_str().is_some_and(|text| text.contains("revoked")), "{said}");
    reads.get("/servers").is_problem(401, &[]);
}

#[test]
fn runs_are_asked_for_cancelled_and_downloaded() {
    let world = world();
    world.first.add_server("edge-1");
    let mut ann = Browser::of_first(&world);
    let body = json!({ "jobs": ["prints"], "parameters": {}, "untested_system": false });
    let answer = form(&mut ann, "POST", "/servers/1/runs", "/servers/1", &body);
    let path = leads_to(&answer).to_owned();
    let shown = page(&mut ann, &path, "Run");
    let run = shown["props"]["run"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(path, format!("/runs/{run}"));
    // Nobody is at this address, so that what the host wrote is put there by hand.
    world.sql(&format!(
        "INSERT INTO run_output (run_id, attempt, start, step, bytes) VALUES \
            ('{run}', 1, 0, 1, CAST('hello ' AS BLOB)), ('{run}', 1, 6, 2, CAST('world' AS BLOB))"
    ));
    let file = ann.get(&format!("{path}/output.txt"));
    assert_eq!((file.status, file.text().as_str()), (200, "hello world"));
    assert_eq!(file.header("content-type"), Some("text/plain; charset=utf-8"));
    let about = file.header("content-disposition").expect("a name");
    assert!(about.starts_with("attachment"), "{about}");
    assert_eq!(ann.get(&format!("{path}/output.txt?step=2")).text(), "world");

    assert_eq!(
        leads_to(&form(&mut ann, "POST", &format!("{path}/cancel"), &path, &json!({}))),
        path
    );
    let cancelled = page(&mut ann, &path, "Run")["props"]["run"].clone();
    assert!(
        cancelled["status"] == "cancelled" || !cancelled["cancel_requested_at"].is_null(),
        "{cancelled:#}"
    );
    let answer = form(
        &mut ann,
        "POST",
        "/servers/1/runs",
        "/jobs/prints",
        &json!({
            "jobs": [], "parameters": {}, "untested_system": false
        }),
    );
    assert_eq!(leads_to(&answer), "/jobs/prints");
    let shown = page(&mut ann, "/jobs/prints", "Job");
    assert!(shown["props"]["errors"]["jobs"].is_string(), "{}", shown["props"]["errors"]);
}

/// Promise 8 and the session's token: a form from elsewhere does nothing, and is written down.
#[test]
fn from_elsewhere() {
    let world = world();
    world.first.add_server("edge-1");
    let mut ann = Browser::of_first(&world);
    let token = ann.cookies.insert("XSRF-TOKEN".to_owned(), "another".to_owned());
    let answer = form(&mut ann, "DELETE", "/servers/1", "/servers/1", &json!({}));
    assert_eq!(leads_to(&answer), "/servers/1");
    let shown = page(&mut ann, "/servers/1", "Server");
    assert!(shown["flash"]["problem"].is_string(), "{}", shown["flash"]);
    let noted = "SELECT detail FROM audit_log WHERE action = 'request.refuse'";
    assert_eq!(world.rows(noted), [["DELETE /servers/1"]]);
    ann.cookies.insert("XSRF-TOKEN".to_owned(), token.expect("a token"));
    let answer = form(&mut ann, "DELETE", "/servers/1", "/servers/1", &json!({}));
    assert_eq!(leads_to(&answer), "/servers");
    assert_eq!(page(&mut ann, "/servers", "Servers")["props"]["servers"], json!([]));
}
