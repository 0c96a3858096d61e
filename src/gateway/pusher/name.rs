//! A channel's name. Its beginning says who may listen.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The longest name, in characters.
const LONGEST: usize = 164;
/// The beginning of a signed-in user's own channel, which no client can ask for.
const USER: &str = "#server-to-user-";

/// A channel's name, checked. Clones are cheap.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

impl Name {
    /// The name, if it is one that a client may ask for: 1 to 164 characters of `A-Za-z0-9_-=@,.;`.
    pub fn new(name: &str) -> Option<Self> {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_-=@,.;".contains(&byte);
        let is_name = (1..=LONGEST).contains(&name.len()) && name.bytes().all(is_legal);
        is_name.then(|| Self(name.into()))
    }

    /// The channel of a user who has signed in.
    pub fn of_user(user_id: &str) -> Self {
        Self(format!("{USER}{user_id}").into())
    }

    /// A name that publishers may use: also that of a user's own channel.
    pub fn published(name: &str) -> Option<Self> {
        match name.strip_prefix(USER) {
            Some(user_id) if !user_id.is_empty() && name.len() <= 2 * LONGEST => {
                Some(Self::of_user(user_id))
            }
            _ => Self::new(name),
        }
    }

    /// Whether listeners need a signature.
    pub fn needs_auth(&self) -> bool {
        self.0.starts_with("private-") || self.is_presence()
    }

    /// Whether listeners know of each other.
    pub fn is_presence(&self) -> bool {
        self.0.starts_with("presence-")
    }

    /// Whether what is said is encrypted by who says it.
    pub fn is_encrypted(&self) -> bool {
        self.0.starts_with("private-encrypted-")
    }

    /// Whether a new listener gets the last event.
    pub fn is_cache(&self) -> bool {
        let beginnings =
            ["cache-", "private-cache-", "presence-cache-", "private-encrypted-cache-"];
        beginnings.iter().any(|beginning| self.0.starts_with(beginning))
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
