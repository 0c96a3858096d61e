//! What a client sends: events as JSON, a text message each.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

/// The longest name of a client's event, in characters.
const LONGEST_EVENT: usize = 200;

/// What a client asks for.
#[derive(Debug, Clone)]
pub enum Asked<'a> {
    /// `pusher:subscribe`.
    Subscribe {
        /// The channel's name, not checked.
        channel: Cow<'a, str>,
        /// `key:signature`; pusher-js sends an empty one for public channels.
        auth: Option<String>,
        /// What the signature covers too, byte for byte: who it is, as JSON.
        channel_data: Option<String>,
    },
    /// `pusher:unsubscribe`.
    Unsubscribe {
        /// The channel's name, not checked.
        channel: Cow<'a, str>,
    },
    /// `pusher:ping`: wants a pong.
    Ping,
    /// `pusher:pong`: answers ours.
    Pong,
    /// `pusher:signin`.
    Signin {
        /// `key:signature`.
        auth: String,
        /// What the signature covers, byte for byte: who it is, as JSON.
        user_data: String,
    },
    /// `client-…`: for the channel's other subscribers.
    Client {
        /// The event's name, with `client-`.
        event: Cow<'a, str>,
        /// The channel's name, not checked.
        channel: Cow<'a, str>,
        /// As it was sent; `null` if it wasn't.
        data: &'a RawValue,
    },
}

/// Why a message can't be understood. The text is for the client, in a `pusher:error`; the
/// connection goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// It is no JSON, or not an object with an event's name.
    #[error("A message is a JSON object with \"event\", a string: {0}.")]
    Message(String),
    /// `data` is not what this event needs.
    #[error("{event} needs \"data\", an object or JSON of one in a string: {cause}.")]
    Data {
        /// The event's name.
        event: &'static str,
        /// What is wrong.
        cause: String,
    },
    /// Something is not there.
    #[error("{event} needs \"{field}\".")]
    Missing {
        /// The event's name.
        event: &'static str,
        /// What is not there.
        field: &'static str,
    },
    /// No event that clients send.
    #[error("Clients send no event {0:?}: their own begin with \"client-\".")]
    Unknown(String),
    /// The event's name is too long.
    #[error("An event's name has at most {LONGEST_EVENT} characters.")]
    LongName,
    /// A string has half of a surrogate pair in it, which is no character.
    #[error("\"data\" is not valid Unicode.")]
    NotUnicode,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    channel: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// All that events of Pusher's have in their `data`.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    channel: Cow<'a, str>,
    auth: Option<String>,
    channel_data: Option<String>,
    user_data: Option<String>,
}

/// Reads one message.
pub fn read(text: &str) -> Result<Asked<'_>, Bad> {
    let Envelope { event, channel, data } =
        serde_json::from_str(text).map_err(|error| Bad::Message(wrong(&error)))?;
    match &*event {
        "pusher:subscribe" => {
            let event = "pusher:subscribe";
            let Fields { channel, auth, channel_data, .. } = fields(event, data)?;
            needed(event, "channel", &channel)?;
            Ok(Asked::Subscribe { channel, auth, channel_data })
        }
        "pusher:unsubscribe" => {
            let event = "pusher:unsubscribe";
            let Fields { channel, .. } = fields(event, data)?;
            needed(event, "channel", &channel)?;
            Ok(Asked::Unsubscribe { channel })
        }
        "pusher:ping" => Ok(Asked::Ping),
        "pusher:pong" => Ok(Asked::Pong),
        "pusher:signin" => {
            let event = "pusher:signin";
            let Fields { auth, user_data, .. } = fields(event, data)?;
            let auth = auth.unwrap_or_default();
            let user_data = user_data.unwrap_or_default();
            needed(event, "auth", &auth)?;
            needed(event, "user_data", &user_data)?;
            Ok(Asked::Signin { auth, user_data })
        }
        name if name.starts_with("client-") => {
            if name.chars().count() > LONGEST_EVENT {
                return Err(Bad::LongName);
            }
            let channel = channel.unwrap_or_default();
            needed("A client's event", "channel", &channel)?;
            Ok(Asked::Client { event, channel, data: data.unwrap_or(RawValue::NULL) })
        }
        name => Err(Bad::Unknown(name.chars().take(LONGEST_EVENT).collect())),
    }
}

/// An event's `data` as clients get it: what a JSON string holds, or the text of any other
/// value. For what others publish, too.
pub fn content(data: &RawValue) -> Result<Cow<'_, str>, Bad> {
    if data.get().starts_with('"') {
        // As a field, a Cow borrows where nothing is escaped.
        #[derive(Deserialize)]
        #[serde(transparent)]
        struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
        serde_json::from_str::<Text<'_>>(data.get())
            .map(|Text(text)| text)
            .map_err(|_| Bad::NotUnicode)
    } else {
        Ok(data.get().into())
    }
}

fn fields<'a>(event: &'static str, data: Option<&'a RawValue>) -> Result<Fields<'a>, Bad> {
    let data = data.ok_or(Bad::Missing { event, field: "data" })?;
    let bad = |error| Bad::Data { event, cause: wrong(&error) };
    match content(data)? {
        Cow::Borrowed(json) => serde_json::from_str(json).map_err(bad),
        Cow::Owned(json) => {
            let Fields { channel, auth, channel_data, user_data } =
                serde_json::from_str(&json).map_err(bad)?;
            Ok(Fields { channel: channel.into_owned().into(), auth, channel_data, user_data })
        }
    }
}

/// What is wrong with JSON, and where. Without its text: that may be long, or secret.
fn wrong(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Data => "a field is missing, or of the wrong type",
        Category::Eof => "it ends too early",
        Category::Syntax | Category::Io => "it is no JSON",
    };
    format!("{what}, line {} column {}", error.line(), error.column())
}

fn needed(event: &'static str, field: &'static str, value: &str) -> Result<(), Bad> {
    if value.is_empty() { Err(Bad::Missing { event, field }) } else { Ok(()) }
}
