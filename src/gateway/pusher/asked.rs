//! What a client says.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// What a client wants.
#[derive(Debug)]
pub enum Asked<'a> {
    /// To listen to a channel.
    Subscribe(Subscribe),
    /// To listen no more.
    Unsubscribe {
        /// The channel.
        channel: String,
    },
    /// To know whether we are there.
    Ping,
    /// To say that it is there.
    Pong,
    /// To be known as a user.
    Signin {
        /// `key:signature`.
        auth: String,
        /// What is signed: JSON text with the user's `id`.
        user_data: String,
    },
    /// To say something to the others of a channel.
    Client {
        /// Begins with `client-`.
        event: Cow<'a, str>,
        /// Where.
        channel: Cow<'a, str>,
        /// What.
        data: &'a RawValue,
    },
}

/// A wish to listen.
#[derive(Debug, Deserialize)]
pub struct Subscribe {
    /// The channel.
    pub channel: String,
    /// `key:signature`, where the channel needs one.
    #[serde(default)]
    pub auth: Option<String>,
    /// What is signed along: JSON text.
    #[serde(default)]
    pub channel_data: Option<String>,
}

/// What can't be understood, said for the client's author.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// No JSON, or not of this shape.
    #[error("a message is a JSON object with `event` and `data`")]
    Shape,
    /// An event that needs other data.
    #[error("the data of {0} lacks what it needs")]
    Data(&'static str),
    /// An event that does not exist.
    #[error("clients can't send this event; their own begin with client-")]
    Event,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(default, borrow)]
    channel: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Unsubscribe {
    channel: String,
}

#[derive(Deserialize)]
struct Signin {
    auth: String,
    user_data: String,
}

/// Reads a client's text.
///
/// # Errors
/// Says what can't be understood. The connection may go on.
pub fn read(text: &str) -> Result<Asked<'_>, Bad> {
    let Envelope { event, channel, data } = serde_json::from_str(text).map_err(|_| Bad::Shape)?;
    Ok(match &*event {
        "pusher:subscribe" => Asked::Subscribe(of(data).ok_or(Bad::Data("pusher:subscribe"))?),
        "pusher:unsubscribe" => {
            let Unsubscribe { channel } = of(data).ok_or(Bad::Data("pusher:unsubscribe"))?;
            Asked::Unsubscribe { channel }
        }
        "pusher:ping" => Asked::Ping,
        "pusher:pong" => Asked::Pong,
        "pusher:signin" => {
            let Signin { auth, user_data } = of(data).ok_or(Bad::Data("pusher:signin"))?;
            Asked::Signin { auth, user_data }
        }
        own if own.starts_with("client-") => {
            let channel = channel.ok_or(Bad::Data("a client event"))?;
            let data = data.unwrap_or(RawValue::NULL);
            Asked::Client { event, channel, data }
        }
        _ => return Err(Bad::Event),
    })
}

/// The data: an object, or a text that holds one.
fn of<T: DeserializeOwned>(data: Option<&RawValue>) -> Option<T> {
    let data = data?.get();
    serde_json::from_str(data).ok().or_else(|| {
        let text: String = serde_json::from_str(data).ok()?;
        serde_json::from_str(&text).ok()
    })
}
