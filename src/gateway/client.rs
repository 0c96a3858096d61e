//! One connected client, as all parts of the gateway know it.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use super::app::App;
use super::channel::Channel;
use super::metrics::Metrics;
use super::outbox::{Outbox, Sent};
use super::pusher::{Code, Name, SocketId, say};
use super::websocket;
use crate::listen::Socket;

/// A client. Whoever has something to say to it, says it: mostly it is on its way at once,
/// without a word to the client's own task.
pub(super) struct Client {
    pub(super) id: SocketId,
    pub(super) app: Arc<App>,
    pub(super) address: IpAddr,
    pub(super) socket: Socket,
    metrics: Arc<Metrics>,
    line: Mutex<Line>,
    /// Its task has something to do: to write, or to end.
    pub(super) wake: Notify,
    /// When something was heard of it, in seconds since the gateway began.
    pub(super) heard: AtomicU32,
    /// Asked since then whether it is still there.
    pub(super) pinged: AtomicBool,
    knows: Mutex<Knows>,
}

#[derive(Default)]
struct Line {
    outbox: Outbox,
    ending: bool,
    broken: bool,
}

/// What it wants to hear, and who it is.
#[derive(Default)]
pub(super) struct Knows {
    pub(super) channels: Vec<Arc<Channel>>,
    /// Signed in as.
    pub(super) user: Option<Arc<str>>,
}

/// Where its line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing waits to be written.
    Idle,
    /// Something waits.
    Writing,
    /// The last word waits, or is said.
    Ending { said: bool },
    /// Nothing goes any more.
    Broken,
}

impl Client {
    pub(super) fn new(
        socket: Socket,
        app: Arc<App>,
        address: IpAddr,
        metrics: Arc<Metrics>,
        now: u32,
    ) -> Self {
        Self {
            id: SocketId::random(),
            app,
            address,
            socket,
            metrics,
            line: Mutex::default(),
            wake: Notify::new(),
            heard: AtomicU32::new(now),
            pinged: AtomicBool::new(false),
            knows: Mutex::default(),
        }
    }

    pub(super) fn knows(&self) -> MutexGuard<'_, Knows> {
        self.knows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says a text.
    pub(super) fn tell(&self, text: &str) {
        self.send(&websocket::text(text), None);
    }

    /// Sends a frame; of a notification with its channel, so that a slow client gets only the last.
    pub(super) fn send(&self, frame: &Bytes, notifies: Option<&Name>) {
        let mut line = self.line();
        if line.ending || line.broken {
            return;
        }
        match line.outbox.send(&self.socket, frame, notifies) {
            Sent::Written => {
                self.metrics.sent.inc();
            }
            Sent::Waits => {
                self.metrics.sent.inc();
                self.wake.notify_one();
            }
            Sent::Collapsed => {
                self.metrics.collapsed.inc();
            }
            Sent::Full => {
                self.metrics.dropped.inc();
                drop(line);
                // Without an error before it: there is no place for one more frame.
                let why = "too slow: more waits for this client than is kept";
                self.close(Code::Reconnect as u16, why);
            }
            Sent::Broken => {
                line.broken = true;
                self.wake.notify_one();
            }
        }
    }

    /// Ends the connection with one of Pusher's codes, which says when the client comes back.
    pub(super) fn end(&self, code: Code, why: &str) {
        self.send(&websocket::text(&say::error(Some(code), why)), None);
        self.close(code.number(), why);
    }

    /// Ends the connection with a code of WebSocket's.
    pub(super) fn close(&self, code: u16, why: &str) {
        let mut line = self.line();
        if !line.ending && !line.broken {
            line.ending = true;
            let frame = websocket::close(code, why);
            let sent = if line.outbox.is_empty() {
                line.outbox.send(&self.socket, &frame, None)
            } else {
                line.outbox.end_with(&self.socket, &frame)
            };
            line.broken = sent == Sent::Broken;
        }
        self.wake.notify_one();
    }

    /// Writes what waits, and says where the line stands then.
    pub(super) fn flush(&self) -> Standing {
        let Line { outbox, ending, broken } = &mut *self.line();
        *broken |= outbox.flush(&self.socket).is_err();
        match (*broken, *ending, outbox.is_empty()) {
            (true, _, _) => Standing::Broken,
            (_, true, said) => Standing::Ending { said },
            (_, _, true) => Standing::Idle,
            (_, _, false) => Standing::Writing,
        }
    }

    /// It was heard of at this second.
    pub(super) fn heard_at(&self, now: u32) {
        self.heard.store(now, Ordering::Relaxed);
        self.pinged.store(false, Ordering::Relaxed);
    }
}
