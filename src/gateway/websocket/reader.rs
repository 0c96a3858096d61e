//! Reads what a client sends, as it comes, and refuses what RFC 6455 does not allow.

use super::frame::{BINARY, CLOSE, CONTINUATION, CONTROL, LAST, PING, PONG, TEXT};

/// The longest header of a client's frame: opcode, length in 8 bytes, mask.
const HEADER: usize = 14;

/// Takes bytes as they come, and gives whole messages. Keeps no memory between messages.
pub struct Reader {
    limit: usize,
    /// The beginning of a frame whose rest has not come.
    partial: Vec<u8>,
    /// The message that goes on in the next frame: whether it is text, and what came of it.
    fragments: Option<(bool, Vec<u8>)>,
}

/// What a client said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text, which is UTF-8.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// Wants a pong with the same bytes.
    Ping(Vec<u8>),
    /// The answer to a ping.
    Pong(Vec<u8>),
    /// The client's last word: code and reason, if it gave any.
    Close(Option<(u16, String)>),
}

/// Why the connection must be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// RFC 6455's close code.
    pub code: u16,
    /// What was wrong.
    pub reason: &'static str,
}

const fn protocol(reason: &'static str) -> Violation {
    Violation { code: 1002, reason }
}

const TOO_BIG: Violation = Violation { code: 1009, reason: "the message is too long" };
const NOT_UTF8: Violation = Violation { code: 1007, reason: "the text is not UTF-8" };

/// The first bytes of a frame, read.
struct Header {
    last: bool,
    opcode: u8,
    length: usize,
    mask: [u8; 4],
    size: usize,
}

impl Reader {
    /// Reads messages of at most so many bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, partial: Vec::new(), fragments: None }
    }

    /// Reads the next message from the input, and takes off what it has read. `None`: there is
    /// more to come, and what was there is kept.
    ///
    /// # Errors
    /// Fails where the client breaks the protocol. Nothing can be read after that.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Violation> {
        loop {
            let Some((header, payload)) = self.frame(input)? else { return Ok(None) };
            if let Some(message) = self.take(&header, payload)? {
                return Ok(Some(message));
            }
        }
    }

    /// How many bytes of memory it keeps.
    pub fn kept(&self) -> usize {
        self.partial.capacity() + self.fragments.as_ref().map_or(0, |(_, bytes)| bytes.capacity())
    }

    /// One whole frame, unmasked.
    fn frame(&mut self, input: &mut &[u8]) -> Result<Option<(Header, Vec<u8>)>, Violation> {
        if self.partial.is_empty() {
            // Mostly a frame comes whole: then it is copied once.
            let Some(header) = self.header(input)? else {
                self.partial.extend_from_slice(input);
                *input = &[];
                return Ok(None);
            };
            if input.len() >= header.size + header.length {
                let (frame, rest) = input.split_at(header.size + header.length);
                *input = rest;
                return Ok(Some(unmasked(header, frame[..].to_vec())));
            }
        }
        loop {
            let header = self.header(&self.partial)?;
            let wanted = header.as_ref().map_or(HEADER, |header| header.size + header.length);
            let missing = match &header {
                // A byte after the other, for what follows the header is not of this frame's length yet.
                None => 1,
                Some(_) => wanted - self.partial.len().min(wanted),
            };
            if let (Some(header), 0) = (header, missing) {
                return Ok(Some(unmasked(header, std::mem::take(&mut self.partial))));
            }
            if input.is_empty() {
                return Ok(None);
            }
            let (taken, rest) = input.split_at(missing.min(input.len()));
            self.partial.extend_from_slice(taken);
            *input = rest;
        }
    }

    /// The header, if all of it is there, checked.
    fn header(&self, bytes: &[u8]) -> Result<Option<Header>, Violation> {
        let [first, second, ..] = *bytes else { return Ok(None) };
        let (last, opcode) = (first & LAST != 0, first & 0x0F);
        if first & 0x70 != 0 {
            return Err(protocol("a reserved bit is set, and no extension was agreed on"));
        }
        if second & 0x80 == 0 {
            return Err(protocol("a client's frame must be masked"));
        }
        let short = second & 0x7F;
        match opcode {
            CONTINUATION if self.fragments.is_none() => {
                return Err(protocol("nothing is there to be continued"));
            }
            TEXT | BINARY if self.fragments.is_some() => {
                return Err(protocol("another message began before the last one ended"));
            }
            CONTINUATION | TEXT | BINARY => {}
            CLOSE | PING | PONG if !last => return Err(protocol("a control frame in parts")),
            CLOSE | PING | PONG if usize::from(short) > CONTROL => {
                return Err(protocol("a control frame of more than 125 bytes"));
            }
            CLOSE | PING | PONG => {}
            _ => return Err(protocol("an opcode that does not exist")),
        }
        let (length, size) = match (short, bytes) {
            (126, [_, _, a, b, ..]) => (u64::from(u16::from_be_bytes([*a, *b])), 8),
            (127, [_, _, a, b, c, d, e, f, g, h, ..]) => {
                (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), 14)
            }
            (126 | 127, _) => return Ok(None),
            (short, _) => (u64::from(short), 6),
        };
        if (short == 126 && length < 126) || (short == 127 && length <= 0xFFFF) {
            return Err(protocol("the length is not in its shortest form"));
        }
        if length >> 63 != 0 {
            return Err(protocol("the length's first bit is set"));
        }
        let before = self.fragments.as_ref().map_or(0, |(_, bytes)| bytes.len());
        let length = usize::try_from(length).map_err(|_| TOO_BIG)?;
        if opcode < CLOSE && length > self.limit.saturating_sub(before) {
            return Err(TOO_BIG);
        }
        let Some(mask) = bytes.get(size - 4..size) else { return Ok(None) };
        let mask = [mask[0], mask[1], mask[2], mask[3]];
        Ok(Some(Header { last, opcode, length, mask, size }))
    }

    /// What a frame means.
    fn take(&mut self, header: &Header, payload: Vec<u8>) -> Result<Option<Message>, Violation> {
        let (is_text, whole) = match header.opcode {
            PING => return Ok(Some(Message::Ping(payload))),
            PONG => return Ok(Some(Message::Pong(payload))),
            CLOSE => return closing(&payload).map(|closing| Some(Message::Close(closing))),
            CONTINUATION => {
                let Some((is_text, mut bytes)) = self.fragments.take() else {
                    return Err(protocol("nothing is there to be continued"));
                };
                bytes.extend_from_slice(&payload);
                (is_text, bytes)
            }
            opcode => (opcode == TEXT, payload),
        };
        if !header.last {
            self.fragments = Some((is_text, whole));
            return Ok(None);
        }
        if !is_text {
            return Ok(Some(Message::Binary(whole)));
        }
        String::from_utf8(whole).map(|text| Some(Message::Text(text))).map_err(|_| NOT_UTF8)
    }
}

fn unmasked(header: Header, mut frame: Vec<u8>) -> (Header, Vec<u8>) {
    frame.drain(..header.size);
    // Eight bytes at once: the mask twice.
    let [a, b, c, d] = header.mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = frame.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(header.mask.iter().cycle()) {
        *byte ^= mask;
    }
    (header, frame)
}

/// What the client's last word says.
fn closing(payload: &[u8]) -> Result<Option<(u16, String)>, Violation> {
    let [a, b, reason @ ..] = payload else {
        let empty = payload.is_empty();
        return if empty { Ok(None) } else { Err(protocol("half a close code")) };
    };
    let code = u16::from_be_bytes([*a, *b]);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(protocol("a close code that may not be sent"));
    }
    let reason = std::str::from_utf8(reason).map_err(|_| NOT_UTF8)?;
    Ok(Some((code, reason.to_owned())))
}
