//! The audit log has who came and went, who was not let in, and who was refused something.

use groundcrew::model::Scope;
use serde_json::Value;

use crate::browser::{Browser, PASSWORD};
use crate::channels::{ask_with_token, of_server};
use crate::world::World;

#[test]
fn who_came_and_who_was_refused() {
    let world = World::embedded();
    let server = world.first.add_server("edge-1");
    let mut ann = Browser::of_first(&world);
    ann.sign_in("ann", "not the password");
    ann.sign_in("hunter2 typed in the wrong field", "x");
    ann.sign_in("ann", PASSWORD);
    ann.form("/account/password", &[]);
    let fields = [("current", PASSWORD), ("password", "staple battery horse")];
    ann.form_with_token("/account/password", &fields);
    let reads = world.with(&[Scope::Read]);
    reads.delete(&format!("/servers/{server}")).is_problem(403, &[]);
    ask_with_token(&world.second, "1.2", &of_server(server));
    ann.form_with_token("/sign-out", &[]);

    let text = world.fleet.ok(&["audit", "--json"]);
    assert!(!text.contains("hunter2") && !text.contains(PASSWORD), "{text}");
    let entries: Value = serde_json::from_str(&text).expect("JSON");
    let entry = |entry: &Value| {
        let text = |name: &str| entry[name].as_str().unwrap_or("-").to_owned();
        let actor = text("actor");
        let actor = if actor.starts_with("cli ") { "cli".to_owned() } else { actor };
        [actor, text("address"), text("action"), text("detail")]
    };
    let mut said: Vec<_> = entries.as_array().expect("entries").iter().map(entry).collect();
    said.reverse();
    let here = "127.0.0.1";
    let listen = format!("listen to {}", of_server(server));
    let expected = [
        ["token first", here, "server.add", "edge-1: root@192.0.2.1:22"],
        ["cli", "-", "user.link", "admin"],
        ["user ann", here, "user.password", "with a link"],
        ["user ann", here, "session.refuse", "wrong password"],
        ["nobody", here, "session.refuse", "no such user"],
        ["user ann", here, "session.begin", "-"],
        ["user ann", here, "request.refuse", "POST /account/password"],
        ["user ann", here, "user.password", "-"],
        ["token read", here, "request.refuse", "DELETE /api/v1/servers/{id}"],
        ["token second", here, "request.refuse", &listen],
        ["user ann", here, "session.end", "-"],
    ];
    assert_eq!(said, expected.map(|row| row.map(str::to_owned)));

    let of_server = world.fleet.ok(&["audit", "--server", "edge-1"]);
    assert_eq!(of_server.lines().count(), 2, "a head and a row: {of_server}");
    assert!(of_server.contains("server.add") && of_server.contains("token first"), "{of_server}");
    assert_eq!(world.fleet.ok(&["audit", "--server", "1", "--json"]).matches("\"id\"").count(), 1);
    world.fleet.refused(1, &["audit", "--server", "edge-9"], &["no server \"edge-9\""]);
}

/// Who is refused again and again does not fill the log.
#[test]
fn refusals_are_few() {
    let world = World::embedded();
    let reads = world.with(&[Scope::Read]);
    for _ in 0..40 {
        reads.tell("/workers/any/drain").is_problem(403, &[]);
    }
    let rows = world.rows("SELECT actor FROM audit_log WHERE action = 'request.refuse'");
    assert!((20..30).contains(&rows.len()), "{}", rows.len());
}
