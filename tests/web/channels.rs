//! `POST /broadcasting/auth`: 200 with a signature that names user and session, for the owner;
//! 403 for everybody and everything else, and nothing in between.

use groundcrew::gateway::pusher::sign;
use groundcrew::model::Scope;
use serde_json::{Value, json};

use crate::browser::{Browser, encoded};
use crate::client::{Answer, Client, send};
use crate::world::World;

const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const SOCKET: &str = "1234.5678";

/// The application's key and secret.
pub fn credentials(world: &World) -> (String, String) {
    let text = world.fleet.ok(&["gateway", "credentials", "--json"]);
    let app: Value = serde_json::from_str(&text).expect("JSON");
    let text = |name: &str| app[name].as_str().expect("a text").to_owned();
    (text("app_key"), text("app_secret"))
}

pub fn of_server(id: i64) -> String {
    format!("private-servers.{id}.provision")
}

/// As Echo asks, with a session.
pub fn ask(browser: &mut Browser, socket: &str, channel: &str) -> Answer {
    let form = encoded(&[("socket_id", socket), ("channel_name", channel)]);
    let token = format!("X-CSRF-TOKEN: {}", browser.token());
    let headers = [FORM, "Sec-Fetch-Site: same-origin", &token];
    browser.send("POST", "/broadcasting/auth", &headers, Some(&form))
}

/// As a program asks, with a token.
pub fn ask_with_token(client: &Client, socket: &str, channel: &str) -> Answer {
    let form = encoded(&[("socket_id", socket), ("channel_name", channel)]);
    let token = format!("Authorization: Bearer {}", client.token);
    let url = format!("http://{}/broadcasting/auth", client.address);
    send(&url, "POST", &[FORM, &token], Some(&form))
}

#[track_caller]
fn is_refused(answer: &Answer) {
    assert_eq!((answer.status, answer.text().as_str()), (403, ""));
}

#[test]
fn the_owner_and_nobody_else() {
    let world = World::embedded();
    let (key, secret) = credentials(&world);
    let (mut ann, mut bob) =
        (Browser::of_first(&world), Browser::welcomed(&world, Some("other"), "bob"));
    let server = world.first.add_server("edge-1");
    let run = world.first.ask(server, "prints");
    let output = format!("private-runs.{run}.output");
    let signs = |answer: Answer, channel: &str, proof: &str| {
        let signed = answer.is(200);
        assert_eq!(signed.as_object().map(serde_json::Map::len), Some(2), "{signed}");
        let data = signed["channel_data"].as_str().expect("a text");
        let about: Value = serde_json::from_str(data).expect("JSON");
        let session = about["session"].as_str().expect("a session");
        assert_eq!(about, json!({ "user_id": "1", "session": session }));
        assert!(session.starts_with(proof), "{session}");
        let (socket, channel) = (SOCKET.parse().expect("an id"), channel.parse().expect("a name"));
        let auth = signed["auth"].as_str().expect("a text");
        assert!(sign::check_subscription(&key, &secret, &socket, &channel, Some(data), auth));
    };
    let reads = world.with(&[Scope::Read]);
    let blind = world.with(&[Scope::Write, Scope::Operate]);
    for channel in [of_server(server), output.clone()] {
        signs(ask(&mut ann, SOCKET, &channel), &channel, "session:");
        signs(ask_with_token(&reads, SOCKET, &channel), &channel, "token:");
        is_refused(&ask(&mut bob, SOCKET, &channel));
        is_refused(&ask_with_token(&world.second, SOCKET, &channel));
        is_refused(&ask(&mut Browser::new(&ann.address), SOCKET, &channel));
        is_refused(&ask_with_token(&world.stranger(), SOCKET, &channel));
        is_refused(&ask_with_token(&blind, SOCKET, &channel));
        let junk = Client { token: "gcr_junk".to_owned(), ..world.first.clone() };
        is_refused(&ask_with_token(&junk, SOCKET, &channel));
    }
    // What is not there, what is nobody's to hear, and what is no channel.
    for channel in [
        of_server(999),
        "private-runs.01900000-0000-7000-8000-000000000000.output".to_owned(),
        format!("private-servers.0{server}.provision"),
        format!("private-servers.{server}.secrets"),
        format!("presence-servers.{server}.provision"),
        format!("private-encrypted-servers.{server}.provision"),
        format!("servers.{server}.provision"),
        output.to_uppercase(),
        "private-orders".to_owned(),
        String::new(),
        "no channel".to_owned(),
        "x".repeat(200),
    ] {
        is_refused(&ask(&mut ann, SOCKET, &channel));
        is_refused(&ask_with_token(&reads, SOCKET, &channel));
    }
    for socket in ["", "1", "1234.5678:private-x", "a.b"] {
        is_refused(&ask(&mut ann, socket, &of_server(server)));
    }
}

/// Whatever is wrong with a request, the answer is the same.
#[test]
fn nothing_else_is_answered() {
    let world = World::embedded();
    let mut ann = Browser::of_first(&world);
    let channel = of_server(world.first.add_server("edge-1"));
    let form = encoded(&[("socket_id", SOCKET), ("channel_name", &channel)]);
    let token = format!("X-XSRF-TOKEN: {}", ann.token());
    assert_eq!(ann.send("POST", "/broadcasting/auth", &[FORM, &token], Some(&form)).status, 200);
    let long = format!("{form}&more={}", "x".repeat(10_000));
    let json = json!({ "socket_id": SOCKET, "channel_name": channel }).to_string();
    for (headers, body) in [
        (vec![FORM], Some(form.as_str())),
        (vec![FORM, "X-XSRF-TOKEN: guess"], Some(&form)),
        (vec![FORM, &token, "Sec-Fetch-Site: cross-site"], Some(&form)),
        (vec![FORM, &token, "Origin: https://evil.example"], Some(&form)),
        (vec![FORM, &token], Some(&long)),
        (vec![FORM, &token], Some("")),
        (vec![FORM, &token], None),
        (vec![FORM, &token], Some("socket_id=%ff&channel_name=%00")),
        (vec!["Content-Type: application/json", &token], Some(&json)),
    ] {
        is_refused(&ann.send("POST", "/broadcasting/auth", &headers, body));
    }
    let ended = ann.clone();
    ann.form_with_token("/sign-out", &[]);
    is_refused(&ask(&mut ended.clone(), SOCKET, &channel));
}
