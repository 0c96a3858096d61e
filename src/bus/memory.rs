//! The bus of one process: a channel of what changed, since a notification says nothing more.

use tokio::sync::broadcast;

use super::listener::{CAPACITY, Listener};
use crate::model::Changed;

#[derive(Clone)]
pub(super) struct Memory(broadcast::Sender<Changed>);

impl Memory {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }

    pub(super) fn announce(&self, changed: &Changed) {
        // Nobody listens: nobody has missed it.
        let _ = self.0.send(*changed);
    }

    pub(super) fn subscribe(&self, server_id: Option<i64>) -> Listener {
        Listener::memory(self.clone(), server_id)
    }

    pub(super) fn changes(&self) -> broadcast::Receiver<Changed> {
        self.0.subscribe()
    }
}
