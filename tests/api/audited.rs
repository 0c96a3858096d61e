//! The audit log has who did what, from where: over the API and at the command line.

use serde_json::json;

use crate::world::World;

#[test]
fn who_did_what() {
    let world = World::embedded();
    let client = &world.first;
    let server = client.add_server("edge-1");
    let run = client.ask(server, "prints");
    let waiting = client.ask(server, "prints");
    client.tell(&format!("/runs/{waiting}/cancel")).is(200);
    crate::lab::wait_until("it is taken", || client.run(&run)["status"] == "installing");
    client.tell(&format!("/runs/{run}/abandon")).is(200);
    client.tell(&format!("/runs/{run}/retry")).is(200);
    let made = client.post("/tokens", json!({ "name": "ci", "scopes": ["read"] })).is(201);
    client.delete(&format!("/tokens/{}", made["id"])).is(204);
    let worker = client.get("/workers").is(200)[0]["name"].as_str().expect("a name").to_owned();
    client.tell(&format!("/workers/{worker}/drain")).is(204);
    // What is only looked at, and what is refused, changes nothing and is not there.
    client.get("/runs").is(200);
    client.tell(&format!("/runs/{waiting}/cancel")).is_problem(409, &[]);
    world.second.tell(&format!("/runs/{run}/cancel")).is_problem(404, &[]);
    let other = client.add_server("edge-2");
    client.delete(&format!("/servers/{other}")).is(204);

    let rows = world.rows(
        "SELECT action, CAST(server_id AS TEXT), run_id, detail, actor, address, CAST(user_id AS TEXT) \
            FROM audit_log ORDER BY id",
    );
    let none = || "-".to_owned();
    let expected = [
        ("server.add", server.to_string(), none(), "edge-1: root@192.0.2.1:22".to_owned()),
        ("run.ask", server.to_string(), run.clone(), "prints".to_owned()),
        ("run.ask", server.to_string(), waiting.clone(), "prints".to_owned()),
        ("run.cancel", server.to_string(), waiting, none()),
        ("run.abandon", server.to_string(), run.clone(), none()),
        ("run.retry", server.to_string(), run, none()),
        ("token.create", none(), none(), "ci: read".to_owned()),
        ("token.revoke", none(), none(), "ci".to_owned()),
        ("worker.drain", none(), none(), worker),
        ("server.add", other.to_string(), none(), "edge-2: root@192.0.2.1:22".to_owned()),
        ("server.remove", other.to_string(), none(), "edge-2".to_owned()),
    ];
    let by = ["token first", "127.0.0.1", "1"].map(str::to_owned);
    let expected: Vec<Vec<String>> = expected
        .into_iter()
        .map(|(action, server, run, detail)| {
            [&[action.to_owned(), server, run, detail][..], &by[..]].concat()
        })
        .collect();
    assert_eq!(rows, expected);

    world.fleet.ok(&["run", "prints", "--server", "edge-1"]);
    let last = world.rows("SELECT action, actor, address FROM audit_log ORDER BY id DESC LIMIT 1");
    assert_eq!((last[0][0].as_str(), last[0][2].as_str()), ("run.ask", "-"));
    assert!(last[0][1].starts_with("cli "), "{last:?}");
}
