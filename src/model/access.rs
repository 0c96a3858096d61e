//! Who asks us for something, and what they may: tokens and their scopes, and the name under
//! which the audit log has what they did.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a token may be used for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// To look.
    Read,
    /// To ask for runs, to cancel and retry them, to drain workers.
    Operate,
    /// To add and remove servers and tokens.
    Write,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Operate, Self::Write];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Write => "write",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| {
            format!("{text:?} is no scope; there are {}", Self::ALL.map(Self::as_str).join(", "))
        })
    }
}

/// What somebody with a bearer token may do. Its text is shown once and kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Token {
    /// Counts up within the installation.
    pub id: i64,
    /// Unique among its owner's tokens.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

/// A token that is about to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Unique among its owner's tokens.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

/// Who does something, for the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user; None for who has the machine itself, as the command line does.
    pub user_id: Option<i64>,
    /// As `token ci`, or `cli root`.
    pub name: String,
    /// From where, if that is another machine's.
    pub address: Option<String>,
}

/// What somebody did, as the audit log has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Counts up.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who, if it was a user.
    pub user_id: Option<i64>,
    /// Who, as `user ann`, `token ci` or `cli root`.
    pub actor: String,
    /// From where, if that is another machine's.
    pub address: Option<String>,
    /// What, as `run.cancel`.
    pub action: String,
    /// About which server.
    pub server_id: Option<i64>,
    /// About which run.
    pub run_id: Option<String>,
    /// What else there is to say.
    pub detail: Option<String>,
}

/// Something that was done, for the audit log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deed {
    /// As `run.cancel`: the thing, and what was done about it.
    pub action: &'static str,
    /// The server's id, if it was about one.
    pub server_id: Option<i64>,
    /// The run's id, if it was about one.
    pub run_id: Option<String>,
    /// What else there is to say. Never a secret.
    pub detail: Option<String>,
}
