//! Frames as a server sends them: whole messages, without a mask. Encoded once, a frame may
//! go to any number of connections.

use bytes::{BufMut, Bytes, BytesMut};

use super::header::{CONTROL, Opcode};

/// A text message.
pub fn text(payload: &str) -> Bytes {
    frame(Opcode::Text, payload.as_bytes())
}

/// Asks for a pong with the same payload, of which only the first 125 bytes are sent.
pub fn ping(payload: &[u8]) -> Bytes {
    frame(Opcode::Ping, &payload[..payload.len().min(CONTROL)])
}

/// Answers a ping with its payload, of which only the first 125 bytes are sent.
pub fn pong(payload: &[u8]) -> Bytes {
    frame(Opcode::Pong, &payload[..payload.len().min(CONTROL)])
}

/// Closes the connection: nothing may be sent after it. A reason that is longer than 123
/// bytes is cut between two characters.
pub fn close(code: u16, reason: &str) -> Bytes {
    let fits = (0..=CONTROL - 2).rev().find_map(|end| reason.get(..end));
    frame(Opcode::Close, &[&code.to_be_bytes(), fits.unwrap_or_default().as_bytes()].concat())
}

fn frame(opcode: Opcode, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(10 + payload.len());
    frame.put_u8(0x80 | opcode.number());
    match payload.len() {
        length @ ..=125 => frame.put_u8(length as u8),
        length @ ..=0xFFFF => {
            frame.put_u8(126);
            frame.put_u16(length as u16);
        }
        length => {
            frame.put_u8(127);
            frame.put_u64(length as u64);
        }
    }
    frame.put_slice(payload);
    frame.freeze()
}
