//! What clients are told, byte for byte, and decoded as pusher-js does it.

use groundcrew::gateway::pusher::{Code, Name, presence, say};
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn raw(text: &str) -> &RawValue {
    serde_json::from_str(text).unwrap()
}

/// As `Protocol.decodeMessage` of pusher-js has it: `data` is parsed again if that goes.
fn decoded(text: &str) -> Value {
    let mut message: Value = serde_json::from_str(text).unwrap();
    if let Some(Ok(data)) = message["data"].as_str().map(serde_json::from_str) {
        message["data"] = data;
    }
    message
}

#[test]
fn byte_for_byte() {
    assert_eq!(
        say::connection_established(&"12.34".parse().unwrap(), 30),
        r#"{"event":"pusher:connection_established","data":"{\"socket_id\":\"12.34\",\"activity_timeout\":30}"}"#
    );
    assert_eq!(
        say::subscription_succeeded(&name("private-a"), None),
        r#"{"event":"pusher_internal:subscription_succeeded","channel":"private-a","data":"{}"}"#
    );
    assert_eq!(
        say::subscription_error("private-a", "AuthError", "No \"key\".", 401),
        r#"{"event":"pusher:subscription_error","channel":"private-a","data":"{\"type\":\"AuthError\",\"error\":\"No \\\"key\\\".\",\"status\":401}"}"#
    );
    assert_eq!(
        say::error(Some(Code::UnknownApp), "No such key."),
        r#"{"event":"pusher:error","data":{"code":4001,"message":"No such key."}}"#
    );
    assert_eq!(
        say::error(None, "?"),
        r#"{"event":"pusher:error","data":{"code":null,"message":"?"}}"#
    );
    assert_eq!(say::ping(), r#"{"event":"pusher:ping","data":"{}"}"#);
    assert_eq!(say::pong(), r#"{"event":"pusher:pong","data":"{}"}"#);
    assert_eq!(
        say::cache_miss(&name("cache-a")),
        r#"{"event":"pusher:cache_miss","channel":"cache-a"}"#
    );
    assert_eq!(
        say::signin_success(r#"{"id":"7"}"#),
        r#"{"event":"pusher:signin_success","data":"{\"user_data\":\"{\\\"id\\\":\\\"7\\\"}\"}"}"#
    );
    assert_eq!(
        say::event(&name("private-a"), r"App\Events\Changed", r#"{"id":7}"#, None),
        r#"{"event":"App\\Events\\Changed","channel":"private-a","data":"{\"id\":7}"}"#
    );
    assert_eq!(
        say::event(&name("presence-a"), "client-a", "text", Some("7")),
        r#"{"event":"client-a","channel":"presence-a","data":"text","user_id":"7"}"#
    );
}

#[test]
fn members_as_pusher_js_wants_them() {
    let members = [("1", Some(raw(r#"{"name":"Ö"}"#))), ("x", None)];
    let said = say::subscription_succeeded(&name("presence-a"), Some(&presence(members)));
    assert_eq!(
        decoded(&said)["data"],
        json!({"presence": {"count": 2, "ids": ["1", "x"], "hash": {"1": {"name": "Ö"}, "x": null}}})
    );
    let nobody = presence([]);
    assert_eq!(nobody, r#"{"presence":{"count":0,"ids":[],"hash":{}}}"#);

    let added = say::member_added(&name("presence-a"), "1", Some(raw(r#"{"name":"Ö"}"#)));
    assert_eq!(decoded(&added)["data"], json!({"user_id": "1", "user_info": {"name": "Ö"}}));
    assert_eq!(decoded(&added)["event"], "pusher_internal:member_added");
    let added = say::member_added(&name("presence-a"), "1", None);
    assert_eq!(decoded(&added)["data"], json!({"user_id": "1"}));
    let removed = say::member_removed(&name("presence-a"), "1");
    assert_eq!(decoded(&removed)["data"], json!({"user_id": "1"}));
    assert_eq!(decoded(&removed)["event"], "pusher_internal:member_removed");
}

/// A client's next move hangs on the code: pusher-js' `getCloseAction`.
#[test]
fn codes_make_clients_do_what_is_meant() {
    let action = |code: Code| match code.number() {
        4000 => "tls_only",
        4001..=4099 => "refused",
        4100..=4199 => "backoff",
        4200..=4299 => "retry",
        _ => "stay",
    };
    assert_eq!(action(Code::Ssl), "tls_only");
    for code in [
        Code::UnknownApp,
        Code::AppDisabled,
        Code::OverQuota,
        Code::PathNotFound,
        Code::InvalidVersion,
        Code::UnsupportedVersion,
        Code::NoVersion,
        Code::Unauthorized,
    ] {
        assert_eq!(action(code), "refused", "{code:?}");
    }
    assert_eq!(action(Code::OverCapacity), "backoff");
    for code in [Code::Reconnect, Code::PongTimeout, Code::Inactive] {
        assert_eq!(action(code), "retry", "{code:?}");
    }
    assert_eq!(action(Code::ClientEventRate), "stay");
}
