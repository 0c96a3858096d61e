//! What waits for a client that reads slower than we write. Mostly nothing: then it takes no memory.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};

use bytes::Bytes;

use super::pusher::Name;
use crate::listen::Socket;

/// So many bytes wait for a client, in bounds of one message more; then it is sent away to come back.
const LIMIT: usize = 256 * 1024;

/// Frames that wait, the first of them perhaps written in part.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Waiting>,
    /// Bytes of the first that are written.
    written: usize,
    bytes: usize,
}

struct Waiting {
    frame: Bytes,
    /// Of a notification: the next one of the same channel replaces it.
    notifies: Option<Name>,
}

/// What became of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// All of it is on its way.
    Written,
    /// It waits until the socket takes more.
    Waits,
    /// Another of the same channel waited: this one goes in its place.
    Collapsed,
    /// Too much waits.
    Full,
    /// The socket is broken.
    Broken,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn send(&mut self, socket: &Socket, frame: &Bytes, notifies: Option<&Name>) -> Sent {
        if self.waiting.is_empty() {
            match socket.try_write(frame) {
                Ok(length) if length == frame.len() => return Sent::Written,
                Ok(length) => self.written = length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return Sent::Broken,
            }
        } else if let Some(channel) = notifies {
            let skip = usize::from(self.written > 0);
            let same = self
                .waiting
                .iter_mut()
                .skip(skip)
                .find(|waiting| waiting.notifies.as_ref() == Some(channel));
            if let Some(same) = same {
                self.bytes = self.bytes - same.frame.len() + frame.len();
                same.frame = frame.clone();
                return Sent::Collapsed;
            }
        }
        if self.bytes > LIMIT {
            return Sent::Full;
        }
        self.bytes += frame.len();
        self.waiting.push_back(Waiting { frame: frame.clone(), notifies: notifies.cloned() });
        Sent::Waits
    }

    /// Puts a last frame behind the one that is written in part, and forgets the others.
    pub(super) fn end_with(&mut self, socket: &Socket, frame: &Bytes) -> Sent {
        self.waiting.truncate(usize::from(self.written > 0));
        self.bytes = 0;
        self.send(socket, frame, None)
    }

    /// Writes as much as the socket takes.
    pub(super) fn flush(&mut self, socket: &Socket) -> io::Result<()> {
        while let Some(first) = self.waiting.front() {
            match socket.try_write(&first.frame[self.written..]) {
                Ok(length) => self.written += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
            if self.written == first.frame.len() {
                self.bytes = self.bytes.saturating_sub(first.frame.len());
                self.written = 0;
                self.waiting.pop_front();
            }
        }
        // A client that was slow once must not keep the memory for it.
        self.waiting = VecDeque::new();
        Ok(())
    }
}
