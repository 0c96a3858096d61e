//! Frames as a client sends them, right or wrong, and what the gateway makes of them.

use groundcrew::gateway::websocket::{Message, Reader, Violation};

/// A frame; the default is a whole text message without a text.
#[derive(Debug, Clone)]
pub struct Frame {
    /// FIN and the reserved bits, as the header's first byte has them.
    pub flags: u8,
    pub opcode: u8,
    pub mask: Option<[u8; 4]>,
    /// Bytes of the length behind the second byte: 0, 2 or 8; None for the right number.
    pub extended: Option<usize>,
    /// The length that is claimed, if it isn't the payload's.
    pub claimed: Option<u64>,
    pub payload: Vec<u8>,
}

impl Default for Frame {
    fn default() -> Self {
        let mask = Some([0x12, 0x34, 0x56, 0x78]);
        Self { flags: 0x80, opcode: 1, mask, extended: None, claimed: None, payload: Vec::new() }
    }
}

impl Frame {
    /// A whole frame, as it should be.
    pub fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self { opcode, payload: payload.into(), ..Self::default() }
    }

    /// The same, and it is not the last of its message.
    pub fn goes_on(self) -> Self {
        Self { flags: 0, ..self }
    }

    /// The frame's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let length = self.claimed.unwrap_or(self.payload.len() as u64);
        let extended = self.extended.unwrap_or(match length {
            ..=125 => 0,
            126..=0xFFFF => 2,
            _ => 8,
        });
        let short = match extended {
            0 => length as u8 & 0x7F,
            2 => 126,
            _ => 127,
        };
        let mut bytes =
            vec![self.flags | self.opcode, short | if self.mask.is_some() { 0x80 } else { 0 }];
        bytes.extend(&length.to_be_bytes()[8 - extended..]);
        let mask = self.mask.unwrap_or_default();
        if self.mask.is_some() {
            bytes.extend(mask);
        }
        bytes.extend(self.payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        bytes
    }
}

/// The messages in these bytes, until they end, the client closes, or breaks the rules. They
/// come in pieces of these lengths, over and over. Checks that the reader's memory is bounded.
pub fn read(limit: usize, bytes: &[u8], pieces: &[usize]) -> (Vec<Message>, Result<(), Violation>) {
    let mut reader = Reader::new(limit);
    let mut messages = Vec::new();
    let mut pieces = pieces.iter().cycle();
    let (mut rest, mut taken) = (bytes, 0);
    while !rest.is_empty() {
        let (mut piece, after) =
            rest.split_at(rest.len().min(pieces.next().map_or(usize::MAX, |n| (*n).max(1))));
        (rest, taken) = (after, taken + piece.len());
        loop {
            let next = reader.next(&mut piece);
            let held = reader.held();
            assert!(held <= limit + 125, "{held} bytes are held, with a limit of {limit}");
            assert!(held <= 2 * taken, "{held} bytes are held, of {taken} that came");
            match next {
                Ok(Some(message)) => {
                    let closed = matches!(message, Message::Close(_));
                    messages.push(message);
                    if closed {
                        return (messages, Ok(()));
                    }
                }
                Ok(None) => break,
                Err(violation) => return (messages, Err(violation)),
            }
        }
        assert!(piece.is_empty(), "what came is all used before more is asked for");
    }
    (messages, Ok(()))
}
