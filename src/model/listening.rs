//! Who hears what, and with what they proved who they are.

use std::fmt;

/// What somebody listens to, or wants to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The changes of this server.
    Server(i64),
    /// The output of this run.
    Run(String),
}

/// With what somebody proved who they are. It is written into what is signed for them, and read
/// there when the gateway asks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proof {
    /// A browser's session, by its number.
    Session(i64),
    /// A token, by its number.
    Token(i64),
}

/// Somebody who listens, or wants to.
#[derive(Debug, Clone)]
pub struct Listening {
    /// To what.
    pub subject: Subject,
    /// Who, as the authorization named them.
    pub user_id: String,
    /// None: another application that has our secret vouches for them, and we know nothing of
    /// its sessions.
    pub proof: Option<Proof>,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => write!(f, "session:{id}"),
            Self::Token(id) => write!(f, "token:{id}"),
        }
    }
}

impl Proof {
    /// Reads what its `Display` wrote; None where another application wrote something
    /// of its own.
    pub fn read(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':')?;
        // A number that is none of ours is one that has ended.
        let id = id.parse().unwrap_or(0);
        match kind {
            "session" => Some(Self::Session(id)),
            "token" => Some(Self::Token(id)),
            _ => None,
        }
    }
}
