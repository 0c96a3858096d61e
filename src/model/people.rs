//! Who signs in: people, and the browsers in which they are signed in.

use jiff::Timestamp;
use serde::Serialize;

/// Somebody who may sign in, and to whom servers belong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// Counts up within the installation. The first one sees to what belongs to nobody.
    pub id: i64,
    /// What they sign in with, in lower case.
    pub name: String,
    /// Whether a password was chosen.
    pub can_sign_in: bool,
    /// When they were added.
    pub created_at: Timestamp,
    /// When one of their sessions was last seen, to the minute.
    pub last_seen_at: Option<Timestamp>,
}

/// A browser in which somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Counts up within the installation; says nothing that lets anybody in.
    pub id: i64,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was last seen, to the minute.
    pub last_seen_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Timestamp,
    /// Where it was begun.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

/// A session that is about to begin.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The SHA-256 of what the cookie holds.
    pub hash: [u8; 32],
    /// The one that the browser showed, which ends with this.
    pub instead_of: Option<[u8; 32]>,
    /// Where it begins.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}
