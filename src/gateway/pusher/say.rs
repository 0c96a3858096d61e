//! What the gateway says to clients, each as the text of a whole message. Its `data` is text that
//! holds JSON, for that is how Pusher does it.

use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Code, SocketId};

#[derive(Serialize)]
struct Event<'a, D> {
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    data: D,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
}

fn said<D: Serialize>(event: &str, channel: Option<&str>, data: D) -> String {
    let event = Event { event, channel, data, user_id: None };
    serde_json::to_string(&event).expect("text becomes JSON")
}

/// The connection stands. Who hears nothing for so many seconds should ask.
pub fn connection_established(socket: SocketId, activity_timeout: u32) -> String {
    let data = json!({ "socket_id": socket.to_string(), "activity_timeout": activity_timeout });
    said("pusher:connection_established", None, data.to_string())
}

/// The subscription stands; of a presence channel with its members, as JSON.
pub fn subscription_succeeded(channel: &str, members: Option<&str>) -> String {
    said("pusher_internal:subscription_succeeded", Some(channel), members.unwrap_or("{}"))
}

/// The subscription is refused, or has ended.
pub fn subscription_error(channel: &str, kind: &str, error: &str, status: u16) -> String {
    let data = json!({ "type": kind, "error": error, "status": status });
    said("pusher:subscription_error", Some(channel), data)
}

/// Something went wrong.
pub fn error(code: Option<Code>, message: &str) -> String {
    let code = code.map(|code| code as u16);
    said("pusher:error", None, json!({ "code": code, "message": message }))
}

/// We are there.
pub fn pong() -> String {
    said("pusher:pong", None, "{}")
}

/// Is the client there?
pub fn ping() -> String {
    said("pusher:ping", None, "{}")
}

/// Somebody came: `info` is JSON.
pub fn member_added(channel: &str, user_id: &str, info: &str) -> String {
    let info: serde_json::Value = serde_json::from_str(info).unwrap_or_default();
    let data = json!({ "user_id": user_id, "user_info": info });
    said("pusher_internal:member_added", Some(channel), data.to_string())
}

/// Somebody went.
pub fn member_removed(channel: &str, user_id: &str) -> String {
    let data = json!({ "user_id": user_id });
    said("pusher_internal:member_removed", Some(channel), data.to_string())
}

/// The cache channel has no last event.
pub fn cache_miss(channel: &str) -> String {
    said("pusher:cache_miss", Some(channel), "{}")
}

/// The client is signed in.
pub fn signin_success(user_data: &str) -> String {
    said("pusher:signin_success", None, json!({ "user_data": user_data }).to_string())
}

/// Somebody said this on the channel. What is no text becomes text.
pub fn event(channel: &str, event: &str, data: &RawValue, user_id: Option<&str>) -> String {
    let is_text = data.get().starts_with('"');
    let text;
    let data = if is_text {
        data
    } else {
        let quoted = serde_json::to_string(data.get()).expect("text becomes JSON");
        text = RawValue::from_string(quoted).expect("it is JSON");
        &text
    };
    let event = Event { event, channel: Some(channel), data, user_id };
    serde_json::to_string(&event).expect("text becomes JSON")
}
