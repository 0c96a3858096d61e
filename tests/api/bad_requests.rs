//! What can't be read, or asks for what is not there: a problem that says what and where, and
//! nothing is changed.

use serde_json::{Value, json};

use crate::world::{HOST_KEY, World};

const JSON: &str = "Content-Type: application/json";

#[test]
fn bodies() {
    let world = World::embedded();
    let client = &world.first;
    let post = |headers: &[&str], body: &str| client.send("POST", "/servers", headers, Some(body));
    post(&[JSON], "{\n  \"name\": ").is_problem(400, &["line 2 column 10"]);
    post(&[JSON], "").is_problem(400, &["no JSON"]);
    post(&[JSON], "[]").is_problem(422, &["AddServer"]);
    post(&[JSON], r#"{"name": 5}"#).is_problem(422, &["name: invalid type", "line 1 column 10"]);
    let unknown = r#"{"name": "a", "owner": 1}"#;
    post(&[JSON], unknown).is_problem(422, &["unknown field `owner`", "`host_key`", "column"]);
    post(&[JSON], r#"{"name": "a"}"#).is_problem(422, &["missing field `host`"]);
    post(&[JSON], r#"{"name": "a", "name": "b"}"#).is_problem(422, &["duplicate field"]);
    post(&[JSON], "\u{feff}{}").is_problem(400, &[]);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let kind = format!("Content-Type: {kind}");
        post(&[&kind], "{}").is_problem(415, &["Content-Type: application/json"]);
    }
    post(&[], "{}").is_problem(415, &[]);
    // Of 1 MiB, and of one byte more.
    let most = 1024 * 1024;
    post(&[JSON], &" ".repeat(most)).is_problem(400, &[]);
    post(&[JSON], &" ".repeat(most + 1)).is_problem(413, &["1048576"]);
    let chunked = [JSON, "Transfer-Encoding: chunked"];
    post(&chunked, &" ".repeat(most + 1)).is_problem(413, &[]);
    assert_eq!(client.get("/servers").is(200)["items"], json!([]));
}

#[test]
fn queries() {
    let world = World::embedded();
    let client = &world.first;
    for list in ["/servers", "/runs", "/tokens"] {
        for (query, says) in [
            ("limit=0", "limit must be from 1 to 200"),
            ("limit=201", "limit must be from 1 to 200"),
            ("limit=-1", "limit"),
            ("limit=x", "limit"),
            ("limit=1&limit=2", "limit"),
            ("cursor=", "cursor"),
            ("cursor=x", "next_cursor"),
            ("cursor=%00", "next_cursor"),
            ("page=2", "unknown field `page`"),
        ] {
            client.get(&format!("{list}?{query}")).is_problem(400, &[says]);
        }
    }
}

#[test]
fn routes_and_methods() {
    let world = World::embedded();
    let client = &world.first;
    for path in ["/", "", "/nothing", "/servers/", "/servers/1/2", "/SERVERS", "/../v1/x"] {
        client.get(path).is_problem(404, &["/api/v1/docs"]);
    }
    client.send("GET", "/api/v2/servers", &[], None).is_problem(404, &[]);
    for (method, path, allow) in [
        ("PUT", "/servers", "GET,HEAD,POST"),
        ("DELETE", "/runs", "GET,HEAD"),
        ("GET", "/runs/x/cancel", "POST"),
        ("OPTIONS", "/jobs", "GET,HEAD"),
        ("BREW", "/jobs", "GET,HEAD"),
    ] {
        let answer = client.send(method, path, &[], None);
        answer.is_problem(405, &[method]);
        let mut methods: Vec<_> = answer.header("allow").expect("Allow").split(',').collect();
        methods.sort();
        assert_eq!(methods.join(","), allow);
    }
}

/// Ids and names that nothing has, whatever they look like.
#[test]
fn names_of_nothing() {
    let world = World::embedded();
    let client = &world.first;
    client.add_server("edge-1");
    for id in [
        "0",
        "-1",
        "2",
        "1.0",
        "01x",
        "99999999999999999999",
        "a",
        "%00",
        "%ff",
        "%2e%2e",
        "1%2f1",
        "'",
    ] {
        client.get(&format!("/servers/{id}")).is_problem(404, &[]);
        client.get(&format!("/runs/{id}")).is_problem(404, &[]);
        client.get(&format!("/runs/{id}/output")).is_problem(404, &[]);
        client.tell(&format!("/runs/{id}/retry")).is_problem(404, &[]);
        client.get(&format!("/jobs/{id}")).is_problem(404, &[]);
        client.tell(&format!("/workers/{id}/drain")).is_problem(404, &[]);
        client.delete(&format!("/tokens/9{id}")).is_problem(404, &[]);
    }
}

/// What a server may not be. Each is said at its field.
#[test]
fn servers() {
    let world = World::embedded();
    let good = json!({ "name": "edge-1", "host": "192.0.2.1", "host_key": HOST_KEY });
    let long = "a".repeat(300);
    for (field, values) in [
        ("name", json!(["", " ", "-a", "a/b", "a\nb", "a\u{0}b", "<b>", long])),
        (
            "host",
            json!([
                "",
                "-oProxyCommand=x",
                "a b",
                "a;b",
                "a\u{0}",
                "a\nb",
                "$(id)",
                "a@b",
                "[::1]",
                long
            ]),
        ),
        ("ssh_user", json!(["", "-l", "a b", "a;b", "a:b", "a\u{0}", long])),
        (
            "host_key",
            json!(["", "ssh-ed25519", "ssh-ed25519 AAAA", "AAAA", "ssh-dss AAAAB3NzaC1kc3M="]),
        ),
        ("private_key", json!(["", "junk", "-----BEGIN OPENSSH PRIVATE KEY-----\n"])),
    ] {
        for value in values.as_array().expect("values") {
            let mut wanted = good.clone();
            wanted[field] = value.clone();
            let problem = world.first.post("/servers", wanted).is_problem(422, &[]);
            // Of host and user ssh makes one word.
            let told = if field == "ssh_user" { "host" } else { field };
            assert_eq!(problem["errors"][0]["field"], told, "{field} {value}: {problem}");
        }
    }
    for (field, value) in
        [("ssh_port", json!(0)), ("ssh_port", json!(65536)), ("ssh_port", Value::Null)]
    {
        let mut wanted = good.clone();
        wanted[field] = value;
        world.first.post("/servers", wanted).is_problem(422, &["port"]);
    }
    assert_eq!(world.first.get("/servers").is(200)["items"], json!([]));
}
