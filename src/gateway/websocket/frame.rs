//! Frames as a server writes them: whole, and not masked.

use bytes::{BufMut, Bytes, BytesMut};

pub(super) const CONTINUATION: u8 = 0x0;
pub(super) const TEXT: u8 = 0x1;
pub(super) const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xA;
/// The bit of a message's last frame.
pub(super) const LAST: u8 = 0x80;
/// What a control frame may carry, in bytes.
pub(super) const CONTROL: usize = 125;

/// A text message.
pub fn text(payload: &str) -> Bytes {
    frame(TEXT, payload.as_bytes())
}

/// Asks whether the client is there. At most 125 bytes go along.
pub fn ping(payload: &[u8]) -> Bytes {
    frame(PING, &payload[..payload.len().min(CONTROL)])
}

/// The answer to a ping, with what came along.
pub fn pong(payload: &[u8]) -> Bytes {
    frame(PONG, &payload[..payload.len().min(CONTROL)])
}

/// The last word, with as much of the reason as a frame may hold.
pub fn close(code: u16, reason: &str) -> Bytes {
    let end = reason.floor_char_boundary(CONTROL - 2);
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(&reason.as_bytes()[..end]);
    frame(CLOSE, &payload)
}

fn frame(opcode: u8, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(10 + payload.len());
    frame.put_u8(LAST | opcode);
    match payload.len() {
        length @ 0..=125 => frame.put_u8(length as u8),
        length @ 126..=65_535 => {
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
