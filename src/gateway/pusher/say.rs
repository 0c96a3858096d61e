//! What clients are told: each function gives the text of one message, whole JSON.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Code, Name, SocketId};

/// A message; `data` is a string, whatever it holds.
#[derive(Serialize)]
struct Said<'a, D> {
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<D>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
}

/// The first message: the connection's name, and after how many seconds of silence the
/// client must send a ping.
pub fn connection_established(socket_id: &SocketId, activity_timeout: u32) -> String {
    #[derive(Serialize)]
    struct Data {
        socket_id: String,
        activity_timeout: u32,
    }
    let data = Data { socket_id: socket_id.to_string(), activity_timeout };
    said("pusher:connection_established", None, Some(&json(&data)))
}

/// The client is subscribed; on a presence channel with [`presence`](super::presence) as data.
pub fn subscription_succeeded(channel: &Name, data: Option<&str>) -> String {
    said("pusher_internal:subscription_succeeded", Some(channel.as_str()), data.or(Some("{}")))
}

/// The client isn't subscribed, as `error` says. The kind is Pusher's word for it, as
/// `AuthError`; the status that of the like answer in HTTP. The channel is what was asked
/// for, which may be no name.
pub fn subscription_error(channel: &str, kind: &str, error: &str, status: u16) -> String {
    #[derive(Serialize)]
    struct Data<'a> {
        #[serde(rename = "type")]
        kind: &'a str,
        error: &'a str,
        status: u16,
    }
    let data = Data { kind, error, status };
    said("pusher:subscription_error", Some(channel), Some(&json(&data)))
}

/// Something went wrong. Alone among all, Pusher has `data` here as an object, and `null` for
/// no code.
pub fn error(code: Option<Code>, message: &str) -> String {
    #[derive(Serialize)]
    struct Data<'a> {
        code: Option<u16>,
        message: &'a str,
    }
    let data = Some(Data { code: code.map(Code::number), message });
    json(&Said { event: "pusher:error", channel: None, data, user_id: None })
}

/// Answers a ping.
pub fn pong() -> String {
    said("pusher:pong", None, Some("{}"))
}

/// Asks for a pong.
pub fn ping() -> String {
    said("pusher:ping", None, Some("{}"))
}

/// A user's first connection subscribed to a presence channel.
pub fn member_added(channel: &Name, user_id: &str, user_info: Option<&RawValue>) -> String {
    #[derive(Serialize)]
    struct Data<'a> {
        user_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        user_info: Option<&'a RawValue>,
    }
    let data = json(&Data { user_id, user_info });
    said("pusher_internal:member_added", Some(channel.as_str()), Some(&data))
}

/// A user's last connection left a presence channel.
pub fn member_removed(channel: &Name, user_id: &str) -> String {
    #[derive(Serialize)]
    struct Data<'a> {
        user_id: &'a str,
    }
    let data = json(&Data { user_id });
    said("pusher_internal:member_removed", Some(channel.as_str()), Some(&data))
}

/// The cache channel that the client subscribed to has no last event.
pub fn cache_miss(channel: &Name) -> String {
    said("pusher:cache_miss", Some(channel.as_str()), None)
}

/// The connection is signed in, with this `user_data`.
pub fn signin_success(user_data: &str) -> String {
    #[derive(Serialize)]
    struct Data<'a> {
        user_data: &'a str,
    }
    said("pusher:signin_success", None, Some(&json(&Data { user_data })))
}

/// An event, with its data as [`content`](super::content) gives it. The user is who sent it,
/// where that is a member of a presence channel.
pub fn event(channel: &Name, event: &str, data: &str, user_id: Option<&str>) -> String {
    json(&Said { event, channel: Some(channel.as_str()), data: Some(data), user_id })
}

fn said(event: &str, channel: Option<&str>, data: Option<&str>) -> String {
    json(&Said { event, channel, data, user_id: None })
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers and JSON become JSON")
}
