//! Channels: their names, and what a name's beginning means.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest name, in characters.
const LONGEST: usize = 164;
/// How the channel of one user begins, which is none that clients may choose.
const USER: &str = "#server-to-user-";

/// A channel's name, which is one. Clones share its text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// What a channel asks of who subscribes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Public,
    /// An authorization.
    Private,
    /// As [`Kind::Private`]; the events' data is encrypted, and nobody here has the key.
    Encrypted,
    /// An authorization that says who it is: subscribers see each other.
    Presence,
    /// To be signed in as this one user.
    User,
}

/// Why a text is no channel's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Too short or too long.
    #[error("a channel's name has 1 to {LONGEST} characters")]
    Length,
    /// A character that Pusher doesn't allow either.
    #[error("a channel's name consists of the characters A-Z a-z 0-9 _ - = @ , . ;")]
    Characters,
}

impl Name {
    /// The channel of one user, whom every connection signed in as them listens to.
    pub fn of_user(id: &str) -> Result<Self, BadName> {
        checked(id, &format!("{USER}{id}"))
    }

    /// What a publisher may send to: what [`Name::from_str`] takes, or a user's channel.
    pub fn addressed(text: &str) -> Result<Self, BadName> {
        checked(text.strip_prefix(USER).unwrap_or(text), text)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it asks of who subscribes.
    pub fn kind(&self) -> Kind {
        let begins = |with| self.0.starts_with(with);
        if begins("private-encrypted-") {
            Kind::Encrypted
        } else if begins("private-") {
            Kind::Private
        } else if begins("presence-") {
            Kind::Presence
        } else if begins(USER) {
            Kind::User
        } else {
            Kind::Public
        }
    }

    /// Whether who subscribes is told the channel's last event.
    pub fn is_cache(&self) -> bool {
        let rest = match self.kind() {
            Kind::Public => Some(self.as_str()),
            Kind::Private => self.0.strip_prefix("private-"),
            Kind::Encrypted => self.0.strip_prefix("private-encrypted-"),
            Kind::Presence => self.0.strip_prefix("presence-"),
            Kind::User => None,
        };
        rest.is_some_and(|rest| rest.starts_with("cache-"))
    }

    /// Whether a subscription must carry a signature.
    pub fn needs_auth(&self) -> bool {
        matches!(self.kind(), Kind::Private | Kind::Encrypted | Kind::Presence)
    }

    /// Whether subscribers see each other.
    pub fn is_presence(&self) -> bool {
        self.kind() == Kind::Presence
    }

    /// The user whose channel this is, if it is one's.
    pub fn user(&self) -> Option<&str> {
        self.0.strip_prefix(USER)
    }
}

/// The name, if its part that anybody chose is right, and the whole is not too long.
fn checked(chosen: &str, name: &str) -> Result<Name, BadName> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-=@,.;".contains(&byte);
    if !chosen.bytes().all(allowed) {
        return Err(BadName::Characters);
    }
    if chosen.is_empty() || name.len() > LONGEST {
        return Err(BadName::Length);
    }
    Ok(Name(name.into()))
}

impl FromStr for Name {
    type Err = BadName;

    /// What a client may ask for. A user's channel is none: compare with [`Name::of_user`]
    /// for who is signed in.
    fn from_str(text: &str) -> Result<Self, BadName> {
        checked(text, text)
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}
