//! Who a connection belongs to: what the application signed for it.

use std::borrow::Cow;

use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::asked::content;

/// Who subscribes, from `channel_data`.
#[derive(Debug, Clone)]
pub struct Member {
    /// The user's id; a number is taken as its text.
    pub user_id: String,
    /// What the other subscribers of a presence channel see of the user: any JSON.
    pub user_info: Option<Box<RawValue>>,
}

/// What an application signed says of nobody who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} must be JSON of an object with \"{1}\", a string or a number that is not empty")]
pub struct Nobody(&'static str, &'static str);

impl Member {
    /// Reads `channel_data`.
    pub fn read(channel_data: &str) -> Result<Self, Nobody> {
        #[derive(Deserialize)]
        struct Data<'a> {
            #[serde(borrow)]
            user_id: &'a RawValue,
            user_info: Option<Box<RawValue>>,
        }
        let nobody = Nobody("channel_data", "user_id");
        let data: Data<'_> = serde_json::from_str(channel_data).map_err(|_| nobody)?;
        let user_id = id(data.user_id).ok_or(nobody)?.into_owned();
        Ok(Self { user_id, user_info: data.user_info })
    }
}

/// The user's id, from the `user_data` of a sign-in.
pub fn user_id(user_data: &str) -> Result<String, Nobody> {
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        id: &'a RawValue,
    }
    let nobody = Nobody("user_data", "id");
    let data: Data<'_> = serde_json::from_str(user_data).map_err(|_| nobody)?;
    Ok(id(data.id).ok_or(nobody)?.into_owned())
}

/// The text of a string or a number.
fn id(value: &RawValue) -> Option<Cow<'_, str>> {
    let is_one = value
        .get()
        .starts_with(|first: char| first == '"' || first == '-' || first.is_ascii_digit());
    content(value).ok().filter(|text| is_one && !text.is_empty())
}

/// What a presence channel's new subscriber is told, as JSON: its members, each once, with
/// what is to be seen of them.
pub fn presence<'a>(members: impl IntoIterator<Item = (&'a str, Option<&'a RawValue>)>) -> String {
    #[derive(Serialize)]
    struct Data<'a> {
        presence: Presence<'a>,
    }
    #[derive(Serialize)]
    struct Presence<'a> {
        count: usize,
        ids: Vec<&'a str>,
        #[serde(serialize_with = "as_map")]
        hash: &'a [(&'a str, Option<&'a RawValue>)],
    }
    fn as_map<S: Serializer>(
        members: &&[(&str, Option<&RawValue>)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(members.len()))?;
        for (id, info) in *members {
            map.serialize_entry(id, info)?;
        }
        map.end()
    }

    let members: Vec<_> = members.into_iter().collect();
    let ids = members.iter().map(|(id, _)| *id).collect();
    let presence = Presence { count: members.len(), ids, hash: &members };
    serde_json::to_string(&Data { presence }).expect("texts and JSON become JSON")
}
