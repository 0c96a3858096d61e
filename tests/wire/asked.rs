//! What clients ask for, as pusher-js writes it and as it may be written too.

use groundcrew::gateway::pusher::{Asked, Bad, Member, content, read, user_id};
use serde_json::value::RawValue;

#[test]
fn as_pusher_js_writes_it() {
    let text = r#"{"event":"pusher:subscribe","data":{"auth":"key:abc","channel_data":"{\"user_id\":\"1\"}","channel":"presence-a"}}"#;
    let Asked::Subscribe { channel, auth, channel_data } = read(text).unwrap() else { panic!() };
    assert_eq!(channel, "presence-a");
    assert_eq!(auth.as_deref(), Some("key:abc"));
    assert_eq!(channel_data.as_deref(), Some(r#"{"user_id":"1"}"#));

    let text = r#"{"event":"pusher:subscribe","data":{"auth":"","channel":"news"}}"#;
    let Asked::Subscribe { channel, auth, channel_data } = read(text).unwrap() else { panic!() };
    assert_eq!((&*channel, auth.as_deref(), channel_data), ("news", Some(""), None));

    let text = r#"{"event":"pusher:unsubscribe","data":{"channel":"news"}}"#;
    assert!(matches!(read(text), Ok(Asked::Unsubscribe { channel }) if channel == "news"));
    assert!(matches!(read(r#"{"event":"pusher:ping","data":{}}"#), Ok(Asked::Ping)));
    assert!(matches!(read(r#"{"event":"pusher:pong","data":{}}"#), Ok(Asked::Pong)));

    let text =
        r#"{"event":"pusher:signin","data":{"auth":"key:abc","user_data":"{\"id\":\"7\"}"}}"#;
    let Asked::Signin { auth, user_data } = read(text).unwrap() else { panic!() };
    assert_eq!((&*auth, &*user_data), ("key:abc", r#"{"id":"7"}"#));

    let text = r#"{"event":"client-typing","data":{"a": [1]},"channel":"private-a"}"#;
    let Asked::Client { event, channel, data } = read(text).unwrap() else { panic!() };
    assert_eq!((&*event, &*channel, data.get()), ("client-typing", "private-a", r#"{"a": [1]}"#));
}

#[test]
fn data_may_be_json_in_a_string_or_not_there() {
    let text = r#"{"event":"pusher:subscribe","data":"{\"channel\":\"private-\\u0061\",\"auth\":\"k:s\",\"more\":[]}"}"#;
    let Asked::Subscribe { channel, auth, .. } = read(text).unwrap() else { panic!() };
    assert_eq!((&*channel, auth.as_deref()), ("private-a", Some("k:s")));
    assert!(matches!(read(r#"{"event":"pusher:ping"}"#), Ok(Asked::Ping)));
    assert!(matches!(
        read(r#"{"event":"pusher:ping","data":null,"channel":null}"#),
        Ok(Asked::Ping)
    ));
    let text = r#"{"event":"client-a","channel":"private-a"}"#;
    assert!(matches!(read(text), Ok(Asked::Client { data, .. }) if data.get() == "null"));
}

#[test]
fn what_cannot_be_understood_is_told() {
    let bad = |text: &str| read(text).unwrap_err();
    for text in ["", "x", "{", "[]", "1", "{}", r#"{"event":1}"#, r#"{"event":"pusher:ping"}x"#] {
        assert!(matches!(bad(text), Bad::Message(_)), "{text}");
    }
    for data in ["[]", "1", r#""x""#, r#"{"channel":1}"#, r#"{"channel":"a","channel":"b"}"#] {
        let text = format!(r#"{{"event":"pusher:subscribe","data":{data}}}"#);
        assert!(matches!(bad(&text), Bad::Data { event: "pusher:subscribe", .. }), "{text}");
    }
    let missing = [
        (r#"{"event":"pusher:subscribe"}"#, "data"),
        (r#"{"event":"pusher:subscribe","data":{}}"#, "channel"),
        (r#"{"event":"pusher:unsubscribe","data":{}}"#, "channel"),
        (r#"{"event":"pusher:signin","data":{"user_data":"{}"}}"#, "auth"),
        (r#"{"event":"pusher:signin","data":{"auth":"a"}}"#, "user_data"),
        (r#"{"event":"client-a","data":{}}"#, "channel"),
    ];
    for (text, name) in missing {
        assert!(matches!(bad(text), Bad::Missing { field, .. } if field == name), "{text}");
    }
    for event in ["", "x", "pusher:error", "pusher_internal:member_added", "Client-a", "client"] {
        let text = format!(r#"{{"event":"{event}","channel":"a"}}"#);
        assert_eq!(bad(&text), Bad::Unknown(event.to_owned()));
    }
    let long = format!(r#"{{"event":"client-{}","channel":"a"}}"#, "a".repeat(194));
    assert_eq!(bad(&long), Bad::LongName);
}

/// Promise 8: what is told may be logged.
#[test]
fn no_error_repeats_what_was_signed() {
    for data in [r#""key:5ec2e7""#, r#"{"channel":"a","auth":["key:5ec2e7"]}"#] {
        let text = format!(r#"{{"event":"pusher:subscribe","data":{data}}}"#);
        let said = read(&text).unwrap_err().to_string();
        assert!(!said.contains("5ec2e7"), "{said}");
    }
}

#[test]
fn depth_and_half_characters_do_no_harm() {
    let deep = "[".repeat(50_000) + &"]".repeat(50_000);
    let text = format!(r#"{{"event":"client-a","channel":"private-a","data":{deep}}}"#);
    assert!(matches!(read(&text), Ok(Asked::Client { data, .. }) if data.get() == deep));
    let text = format!(r#"{{"event":"pusher:subscribe","data":{deep}}}"#);
    assert!(read(&text).is_err());

    let half: &RawValue = serde_json::from_str(r#""\ud83d""#).unwrap();
    assert_eq!(content(half), Err(Bad::NotUnicode));
}

#[test]
fn the_content_of_data_is_a_strings_or_the_text() {
    for (data, expected) in [
        (r#""a\"b""#, r#"a"b"#),
        (r#""{\"a\":1}""#, r#"{"a":1}"#),
        (r#"{"a": 1}"#, r#"{"a": 1}"#),
        ("null", "null"),
        ("1.50", "1.50"),
    ] {
        let data: &RawValue = serde_json::from_str(data).unwrap();
        assert_eq!(content(data).unwrap(), expected);
    }
}

#[test]
fn a_users_id_is_a_text_or_a_number() {
    let read = |text: &str| Member::read(text).map(|member| member.user_id);
    assert_eq!(read(r#"{"user_id":"a\u0062"}"#).as_deref(), Ok("ab"));
    assert_eq!(read(r#"{"user_id":10,"user_info":null}"#).as_deref(), Ok("10"));
    assert_eq!(read(r#"{"user_id":-1}"#).as_deref(), Ok("-1"));
    assert_eq!(user_id(r#"{"id":"7","watchlist":[]}"#).as_deref(), Ok("7"));
    for id in [r#""""#, "null", "true", "[]", "{}", r#""\ud83d""#] {
        assert!(read(&format!(r#"{{"user_id":{id}}}"#)).is_err(), "{id}");
        assert!(user_id(&format!(r#"{{"id":{id}}}"#)).is_err(), "{id}");
    }
    for text in ["", "{}", "[]", "1", r#"{"user_id":1"#] {
        assert!(Member::read(text).is_err() && user_id(text).is_err(), "{text}");
    }
    let member = Member::read(r#"{"user_id":1,"user_info":{"name": "Ö"}}"#).unwrap();
    assert_eq!(member.user_info.unwrap().get(), r#"{"name": "Ö"}"#);
}
