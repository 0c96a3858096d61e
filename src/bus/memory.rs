//! The bus of one process: a channel of channels' names, since a notification says
//! nothing more than whose it is.

use tokio::sync::broadcast;

use super::listener::{CAPACITY, Listener};
use super::notification::Channels;
use crate::model::Changed;

#[derive(Clone)]
pub(super) struct Memory {
    channels: Channels,
    names: broadcast::Sender<String>,
}

impl Memory {
    pub(super) fn new(prefix: &str) -> Self {
        Self { channels: Channels::new(prefix), names: broadcast::Sender::new(CAPACITY) }
    }

    pub(super) fn announce(&self, changed: &Changed) {
        // Nobody listens: nobody has missed it.
        let _ = self.names.send(self.channels.of(changed.server_id));
    }

    pub(super) fn subscribe(&self, server_id: Option<i64>) -> Listener {
        Listener::memory(self.clone(), self.names.subscribe(), server_id)
    }

    pub(super) fn server(&self, name: &str) -> Option<i64> {
        self.channels.server(name)
    }
}
