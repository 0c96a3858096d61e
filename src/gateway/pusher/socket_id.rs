//! The name of one connection: "digits.digits".

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The name of one connection, which signatures are bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(u32, u32);

impl SocketId {
    /// One that no other connection has.
    pub fn random() -> Self {
        let [a, b, c, d, e, f, .., g, h] = *Uuid::new_v4().as_bytes();
        Self(u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// The text is no id of a connection.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a socket id is two numbers with a dot, as 1234.5678")]
pub struct NoSocketId;

impl FromStr for SocketId {
    type Err = NoSocketId;

    fn from_str(text: &str) -> Result<Self, NoSocketId> {
        let number = |digits: &str| {
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| digits.parse().ok()).flatten()
        };
        let (first, second) = text.split_once('.').ok_or(NoSocketId)?;
        Ok(Self(number(first).ok_or(NoSocketId)?, number(second).ok_or(NoSocketId)?))
    }
}
