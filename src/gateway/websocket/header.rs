//! The header of a frame (RFC 6455, section 5.2), and what may stand in it. Each byte is
//! judged as soon as it is there: a client need not send more for us to see that it is wrong.

use super::message::Violation;

/// The longest header: two bytes, a length of eight, a mask of four.
pub(super) const LONGEST: usize = 14;
/// The longest payload of a control frame, in bytes.
pub(super) const CONTROL: usize = 125;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn read(number: u8) -> Result<Self, Violation> {
        Ok(match number {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return Err(Violation::protocol("the opcode is reserved")),
        })
    }

    pub(super) fn number(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Whether it is the last frame of its message.
    pub(super) last: bool,
    pub(super) opcode: Opcode,
    /// The payload's length, in bytes.
    pub(super) length: u64,
    pub(super) mask: [u8; 4],
}

impl Header {
    /// How many bytes the header that begins with these has, as far as they tell.
    pub(super) fn size(begun: &[u8]) -> usize {
        match begun.get(1).map(|byte| byte & 0x7F) {
            None => 2,
            Some(126) => 2 + 2 + 4,
            Some(127) => 2 + 8 + 4,
            Some(_) => 2 + 4,
        }
    }

    /// What is wrong already with a header that begins with these bytes.
    pub(super) fn check(begun: &[u8]) -> Result<(), Violation> {
        let Some(&first) = begun.first() else { return Ok(()) };
        if first & 0x70 != 0 {
            return Err(Violation::protocol("reserved bits are set, and no extension is in use"));
        }
        let opcode = Opcode::read(first & 0x0F)?;
        if opcode.is_control() && first & 0x80 == 0 {
            return Err(Violation::protocol("a control frame must not be fragmented"));
        }
        let Some(&second) = begun.get(1) else { return Ok(()) };
        if second & 0x80 == 0 {
            return Err(Violation::protocol("a client must mask its frames"));
        }
        if opcode.is_control() && usize::from(second & 0x7F) > CONTROL {
            return Err(Violation::protocol("a control frame has 125 bytes at most"));
        }
        Ok(())
    }

    /// Reads a header that is whole and was checked.
    pub(super) fn read(whole: &[u8]) -> Result<Self, Violation> {
        let (length, mask) = match whole {
            [_, _, l @ .., a, b, c, d] => (l, [*a, *b, *c, *d]),
            _ => return Err(Violation::protocol("the header is cut off")),
        };
        let short = u64::from(whole[1] & 0x7F);
        let length = match length {
            [a, b] => u64::from(u16::from_be_bytes([*a, *b])),
            _ => length.try_into().map_or(short, u64::from_be_bytes),
        };
        let shortest = match short {
            126 => length > 125,
            127 => length > 0xFFFF,
            _ => true,
        };
        if !shortest {
            return Err(Violation::protocol("the length is not in its shortest form"));
        }
        if length >> 63 != 0 {
            return Err(Violation::protocol("the length's first bit is set"));
        }
        Ok(Self {
            last: whole[0] & 0x80 != 0,
            opcode: Opcode::read(whole[0] & 0x0F)?,
            length,
            mask,
        })
    }
}
