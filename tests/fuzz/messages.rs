//! Pusher's messages: any text, and what clients, publishers and we say to each other.

use groundcrew::gateway::pusher::{Asked, Member, Name, content, presence, read, say, user_id};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::inputs::{damage, each, text};

/// Any JSON.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
        select(vec!["1", "null", "{}", "{\"a\":1}", "[", "\"\""]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text(), inner), 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// What a client sends, and what it means.
fn message() -> impl Strategy<Value = Value> {
    let names = ["subscribe", "unsubscribe", "ping", "pong", "signin", "error", ""];
    let event = prop_oneof![
        4 => select(names.to_vec()).prop_map(|name| format!("pusher:{name}")),
        2 => text().prop_map(|name| format!("client-{name}")),
        1 => text(),
    ];
    let field = || prop_oneof![6 => text().prop_map(Value::from), 1 => value()];
    let fields = select(vec!["channel", "auth", "channel_data", "user_data", "more"]);
    let fields = vec((fields, field()), 0..6)
        .prop_map(|map| map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    let data = prop_oneof![
        4 => fields.clone().prop_map(Value::Object),
        2 => fields.prop_map(|fields| Value::String(Value::Object(fields).to_string())),
        1 => value(),
    ];
    (event, option::of(field()), option::weighted(0.9, data)).prop_map(|(event, channel, data)| {
        let mut message = json!({ "event": event });
        if let Some(channel) = channel {
            message["channel"] = channel;
        }
        if let Some(data) = data {
            message["data"] = data;
        }
        message
    })
}

/// What `JSON.parse` in a client makes of `data`, if that is a string.
fn parsed(data: &str) -> Value {
    serde_json::from_str(data).unwrap_or_else(|_| data.into())
}

#[test]
fn any_text_is_understood_or_answered() {
    let token = select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\"event\"",
        "\"data\"",
        "\"channel\"",
        "null",
        "\"pusher:subscribe\"",
        "\"client-a\"",
        "\\ud83d",
        "\\u0000",
        "1e999",
        "-",
        " ",
        "\u{FEFF}",
    ]);
    let tokens = vec(token, 0..24).prop_map(|tokens| tokens.concat());
    let broken =
        (message(), damage()).prop_map(|(message, damage)| damage.to_text(&message.to_string()));
    each(prop_oneof![2 => broken, 1 => tokens, 1 => text()], |text| {
        let _ = (Member::read(&text), user_id(&text), serde_json::from_str(&text).map(content));
        match read(&text) {
            Ok(asked) => {
                // Whoever answers to it, answers.
                if let Asked::Client { data, .. } = asked {
                    let _ = content(data);
                }
            }
            Err(bad) => {
                let told = say::error(None, &bad.to_string());
                assert!(told.len() < 2000, "{told}");
            }
        }
    });
}

#[test]
fn what_is_asked_arrives() {
    each(message(), |message| {
        let text = message.to_string();
        let data = match &message["data"] {
            Value::String(data) => parsed(data),
            data => data.clone(),
        };
        let field = |name: &str| data[name].as_str().map(str::to_owned);
        match read(&text) {
            Ok(Asked::Subscribe { channel, auth, channel_data }) => {
                assert_eq!(message["event"], "pusher:subscribe");
                assert_eq!(data["channel"], *channel);
                assert_eq!((auth, channel_data), (field("auth"), field("channel_data")));
            }
            Ok(Asked::Unsubscribe { channel }) => {
                assert_eq!(message["event"], "pusher:unsubscribe");
                assert_eq!(data["channel"], *channel);
            }
            Ok(Asked::Signin { auth, user_data }) => {
                assert_eq!(message["event"], "pusher:signin");
                assert_eq!((Some(auth), Some(user_data)), (field("auth"), field("user_data")));
            }
            Ok(Asked::Ping) => assert_eq!(message["event"], "pusher:ping"),
            Ok(Asked::Pong) => assert_eq!(message["event"], "pusher:pong"),
            Ok(Asked::Client { event, channel, data }) => {
                assert!(event.starts_with("client-"));
                assert_eq!(message["event"], *event);
                assert_eq!(message["channel"], *channel);
                assert_eq!(message["data"], serde_json::from_str::<Value>(data.get()).unwrap());
            }
            Err(_) => {
                let right = match message["event"].as_str().unwrap() {
                    "pusher:ping" | "pusher:pong" => message.get("channel").is_none(),
                    event if event.starts_with("client-") => {
                        message["channel"].as_str().is_some_and(|name| !name.is_empty())
                    }
                    _ => false,
                };
                assert!(!right, "refused: {text}");
            }
        }
    });
}

#[test]
fn what_is_published_is_what_clients_parse() {
    let channel: Name = "presence-a".parse().unwrap();
    each((text(), value(), option::of(text())), |(event, value, user)| {
        let data = to_raw_value(&value).unwrap();
        let data = content(&data).unwrap();
        let said: Value =
            serde_json::from_str(&say::event(&channel, &event, &data, user.as_deref())).unwrap();
        let heard = parsed(said["data"].as_str().unwrap());
        let expected = match &value {
            Value::String(text) => parsed(text),
            value => value.clone(),
        };
        assert_eq!(heard, expected);
        assert_eq!((&said["event"], &said["channel"]), (&json!(event), &json!("presence-a")));
        assert_eq!(said.get("user_id").map(|id| id.as_str().unwrap()), user.as_deref());
    });
}

#[test]
fn members_are_read_and_told() {
    let channel: Name = "presence-a".parse().unwrap();
    each((value(), option::of(value())), |(id, info)| {
        let data = json!({ "user_id": id, "user_info": info }).to_string();
        let Ok(member) = Member::read(&data) else {
            assert!(!id.is_number() && id.as_str().is_none_or(str::is_empty), "refused: {data}");
            return;
        };
        let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        assert_eq!(member.user_id, text);
        let info = info.unwrap_or_default();
        let told: Option<&RawValue> = member.user_info.as_deref();
        let heard = parsed(&presence([(&*text, told)]));
        assert_eq!(heard["presence"]["hash"][&text], info);
        assert_eq!(heard["presence"]["ids"], json!([text]));
        let added: Value = serde_json::from_str(&say::member_added(&channel, &text, told)).unwrap();
        let added = parsed(added["data"].as_str().unwrap());
        assert_eq!((&added["user_id"], &added["user_info"]), (&json!(text), &info));
    });
}
