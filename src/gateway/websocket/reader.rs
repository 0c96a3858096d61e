//! Puts frames together to messages, however the bytes come in.

use std::mem;

use super::header::{Header, LONGEST, Opcode};
use super::mask::unmask;
use super::message::{Message, Violation, closing};

/// Takes bytes as they come, gives whole messages. Holds no heap memory between messages,
/// and within one not more than the message's length limit and a control frame's 125 bytes,
/// whatever lengths the client claims.
#[derive(Debug)]
pub struct Reader {
    limit: usize,
    at: At,
    /// What a data message consists of, and its frames until now.
    message: Option<(Opcode, Vec<u8>)>,
    /// What a control frame has until now: it may come between the frames of a message.
    control: Vec<u8>,
}

/// Where we are in a frame.
#[derive(Debug, Clone, Copy)]
enum At {
    Header { begun: [u8; LONGEST], length: u8 },
    Payload { header: Header, read: usize },
}

impl At {
    const START: Self = Self::Header { begun: [0; LONGEST], length: 0 };
}

impl Reader {
    /// For one connection. `limit` is the length of the longest message, in bytes,
    /// with all of its fragments.
    pub fn new(limit: usize) -> Self {
        Self { limit, at: At::START, message: None, control: Vec::new() }
    }

    /// Reads one message from `input`, which is moved forward over what was used. None if
    /// all was used and the message isn't whole: call again with what comes next. After
    /// an error the rest of the connection means nothing any more.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Violation> {
        loop {
            let Some((header, read)) = self.header(input)? else { return Ok(None) };
            let length = header.length as usize; // checked against the limit, a usize
            let taken = input.split_off(..input.len().min(length - read)).unwrap_or_default();
            self.take(taken, header, read);
            if read + taken.len() < length {
                self.at = At::Payload { header, read: read + taken.len() };
                return Ok(None);
            }
            self.at = At::START;
            if let Some(message) = self.end(header)? {
                return Ok(Some(message));
            }
        }
    }

    /// The heap memory that is held, in bytes.
    pub fn held(&self) -> usize {
        self.control.capacity() + self.message.as_ref().map_or(0, |(_, bytes)| bytes.capacity())
    }

    /// The header of the frame that we are in, and how much of its payload was read.
    fn header(&mut self, input: &mut &[u8]) -> Result<Option<(Header, usize)>, Violation> {
        let (begun, length) = match &mut self.at {
            At::Payload { header, read } => return Ok(Some((*header, *read))),
            At::Header { begun, length } => (begun, length),
        };
        loop {
            let has = usize::from(*length);
            let missing = Header::size(&begun[..has]) - has;
            if missing == 0 {
                break;
            }
            let taken = input.split_off(..missing.min(input.len())).unwrap_or_default();
            begun[has..][..taken.len()].copy_from_slice(taken);
            *length += taken.len() as u8;
            Header::check(&begun[..usize::from(*length)])?;
            if taken.len() < missing {
                return Ok(None);
            }
        }
        let header = Header::read(&begun[..usize::from(*length)])?;
        self.begin(header)?;
        Ok(Some((header, 0)))
    }

    /// Whether such a frame may come now.
    fn begin(&mut self, header: Header) -> Result<(), Violation> {
        if header.opcode.is_control() {
            return Ok(());
        }
        let before = match (&self.message, header.opcode) {
            (Some((_, bytes)), Opcode::Continuation) => bytes.len(),
            (None, Opcode::Continuation) => {
                return Err(Violation::protocol("there is no message to continue"));
            }
            (Some(_), _) => {
                return Err(Violation::protocol("the message before is not finished"));
            }
            (None, opcode) => {
                self.message = Some((opcode, Vec::new()));
                0
            }
        };
        if header.length > (self.limit - before) as u64 {
            return Err(Violation::too_long("the message is too long"));
        }
        Ok(())
    }

    /// Takes a part of the payload, which begins at `read`.
    fn take(&mut self, part: &[u8], header: Header, read: usize) {
        let (bytes, limit) = match &mut self.message {
            Some((_, bytes)) if !header.opcode.is_control() => (bytes, self.limit),
            _ => (&mut self.control, header.length as usize),
        };
        let had = bytes.len();
        if bytes.capacity() - had < part.len() {
            // What is whole at once is copied once, and has no byte too much. Else by
            // doubling, or a message byte by byte would be copied each time.
            let more = if had == 0 { part.len() } else { part.len().max(had.min(limit - had)) };
            bytes.reserve_exact(more);
        }
        bytes.extend_from_slice(part);
        unmask(&mut bytes[had..], header.mask, read);
    }

    /// The message that ends with this frame, if one does.
    fn end(&mut self, header: Header) -> Result<Option<Message>, Violation> {
        Ok(Some(match header.opcode {
            Opcode::Ping => Message::Ping(mem::take(&mut self.control)),
            Opcode::Pong => Message::Pong(mem::take(&mut self.control)),
            Opcode::Close => closing(&mem::take(&mut self.control))?,
            Opcode::Continuation | Opcode::Text | Opcode::Binary if !header.last => {
                return Ok(None);
            }
            Opcode::Continuation | Opcode::Text | Opcode::Binary => match self.message.take() {
                Some((Opcode::Text, bytes)) => Message::Text(
                    String::from_utf8(bytes)
                        .map_err(|_| Violation::not_utf8("the text is not UTF-8"))?,
                ),
                Some((_, bytes)) => Message::Binary(bytes),
                None => return Ok(None),
            },
        }))
    }
}
