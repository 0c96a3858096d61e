//! The bus of one process: a channel of what changed, since a notification says nothing more; and
//! one of what runs write.

use tokio::sync::broadcast;

use super::listener::{CAPACITY, Listener};
use super::output::RunOutput;
use crate::model::Changed;

/// So much output waits for a gateway that is slow: some MB. Then it was away.
const OUTPUT: usize = 256;

#[derive(Clone)]
pub(super) struct Memory {
    changes: broadcast::Sender<Changed>,
    /// Apart from them: who follows changes is not to be overrun by output.
    output: broadcast::Sender<RunOutput>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self { changes: broadcast::Sender::new(CAPACITY), output: broadcast::Sender::new(OUTPUT) }
    }

    pub(super) fn announce(&self, changed: &Changed) {
        // Nobody listens: nobody has missed it.
        let _ = self.changes.send(*changed);
    }

    pub(super) fn tell_output(&self, output: &RunOutput) {
        let _ = self.output.send(output.clone());
    }

    pub(super) fn subscribe(&self, server_id: Option<i64>) -> Listener {
        Listener::memory(self.clone(), server_id)
    }

    pub(super) fn changes(&self) -> broadcast::Receiver<Changed> {
        self.changes.subscribe()
    }

    pub(super) fn output(&self) -> broadcast::Receiver<RunOutput> {
        self.output.subscribe()
    }
}
