//! The name of a connection, which signatures are bound to.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// A connection's name, unique among all gateways: two numbers with a dot between. As an
/// authorization is for one connection only, it is not to be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(u32, u32);

impl SocketId {
    /// A new one: 64 random bits.
    pub fn random() -> Self {
        // These bytes of a UUID are all random.
        let [a, b, c, d, .., e, f, g, h] = Uuid::new_v4().into_bytes();
        Self(u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// The text is no socket id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a socket id is two numbers with a dot between, as in 1234.5678")]
pub struct BadSocketId;

impl FromStr for SocketId {
    type Err = BadSocketId;

    fn from_str(text: &str) -> Result<Self, BadSocketId> {
        let (first, second) = text.split_once('.').ok_or(BadSocketId)?;
        let read = |number: &str| number.parse().map_err(|_| BadSocketId);
        let id = Self(read(first)?, read(second)?);
        // Only one way to write each: no sign, no zeros in front.
        if id.to_string() == text { Ok(id) } else { Err(BadSocketId) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_is_written() {
        for _ in 0..1000 {
            let id = SocketId::random();
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert_eq!(
            "4294967295.0".parse::<SocketId>().map(|id| id.to_string()).as_deref(),
            Ok("4294967295.0")
        );
    }

    #[test]
    fn refuses_what_is_none() {
        for text in
            ["", ".", "1", "1.", ".1", "1.2.3", "+1.2", "01.2", "1.4294967296", "1.2 ", "a.b"]
        {
            assert_eq!(text.parse::<SocketId>(), Err(BadSocketId), "{text:?}");
        }
    }
}
