//! The queue of one process: a channel.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc};

use super::take::Take;

/// Run ids, each for one listener. They are few and short, so nothing bounds them.
#[derive(Clone)]
pub(super) struct Memory {
    hints: mpsc::UnboundedSender<String>,
    next: Arc<Mutex<mpsc::UnboundedReceiver<String>>>,
}

impl Memory {
    pub(super) fn new() -> Self {
        let (hints, next) = mpsc::unbounded_channel();
        Self { hints, next: Arc::new(Mutex::new(next)) }
    }

    pub(super) fn hint(&self, run: &str) {
        // The receiver lives as long as we do.
        let _ = self.hints.send(run.to_owned());
    }

    pub(super) async fn listen(&self, take: &Take) {
        loop {
            let next = self.next.lock().await.recv().await;
            let Some(run) = next else { return };
            take.call(run).await;
        }
    }
}
