//! An event that somebody wants said.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::signed::{Refused, Signed, refused};
use crate::gateway::pusher::{Name, SocketId};

/// The longest data of an event, in bytes.
const DATA: usize = 10 * 1024;
/// Channels of one event.
const CHANNELS: usize = 100;
/// The longest name of an event, in characters.
const EVENT: usize = 200;

#[derive(Deserialize)]
pub(super) struct Event {
    name: String,
    #[serde(default)]
    channels: Vec<String>,
    channel: Option<String>,
    data: Value,
    socket_id: Option<String>,
    pub(super) info: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Batch {
    pub(super) batch: Vec<Event>,
}

/// An event that may be said: where, and what.
pub(super) type Sayable = (Vec<Name>, String);

impl Event {
    pub(super) fn checked(&self, signed: &Signed) -> Result<Sayable, Refused> {
        let bad = |why: &str| refused(StatusCode::BAD_REQUEST, why);
        if self.name.is_empty() || self.name.chars().count() > EVENT {
            return bad("an event's name has 1 to 200 characters");
        }
        let channels: Vec<_> = self.channels.iter().chain(&self.channel).collect();
        if channels.is_empty() || channels.len() > CHANNELS {
            return bad("an event goes to 1 to 100 channels");
        }
        let length = match &self.data {
            Value::String(text) => text.len(),
            other => other.to_string().len(),
        };
        if length > DATA {
            return refused(StatusCode::PAYLOAD_TOO_LARGE, "the data of an event is at most 10 KB");
        }
        let socket = match self.socket_id.as_deref().filter(|socket| !socket.is_empty()) {
            Some(socket) if socket.parse::<SocketId>().is_err() => {
                return bad("socket_id is not of the form 1234.5678");
            }
            socket => socket,
        };
        let names: Result<Vec<_>, _> =
            channels.into_iter().map(|name| signed.channel(name)).collect();
        let text = json!({ "event": self.name, "data": self.data, "socket": socket });
        Ok((names?, text.to_string()))
    }
}
