//! What a client sent: a message, or something that ends the connection.

/// A whole message of a client; fragments are put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text, which is valid UTF-8.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// Wants a pong with the same bytes (125 at most).
    Ping(Vec<u8>),
    /// Answers a ping, or shows that the client lives (125 bytes at most).
    Pong(Vec<u8>),
    /// The client closes: with a code and a reason, or without. Nothing may come after it.
    Close(Option<(u16, String)>),
}

/// Why the connection must be closed. The client did what RFC 6455 forbids, or sent too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason} ({code})")]
pub struct Violation {
    /// For the close frame, from RFC 6455, section 7.4.1: 1002 for a breach of the
    /// protocol, 1007 for text that is not UTF-8, 1009 for a message that is too long.
    pub code: u16,
    /// What was wrong, for the close frame and the log.
    pub reason: &'static str,
}

impl Violation {
    pub(super) const fn protocol(reason: &'static str) -> Self {
        Self { code: 1002, reason }
    }

    pub(super) const fn not_utf8(reason: &'static str) -> Self {
        Self { code: 1007, reason }
    }

    pub(super) const fn too_long(reason: &'static str) -> Self {
        Self { code: 1009, reason }
    }
}

/// A closing message, from the payload of its frame.
pub(super) fn closing(payload: &[u8]) -> Result<Message, Violation> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return match payload {
            [] => Ok(Message::Close(None)),
            _ => Err(Violation::protocol("a close code is two bytes")),
        };
    };
    let code = u16::from_be_bytes(*code);
    // Others are reserved, or say what was never sent (1005, 1006, 1015).
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Violation::protocol("this close code must not be sent"));
    }
    let reason = str::from_utf8(reason)
        .map_err(|_| Violation::not_utf8("the reason of a close frame is not UTF-8"))?;
    Ok(Message::Close(Some((code, reason.to_owned()))))
}
