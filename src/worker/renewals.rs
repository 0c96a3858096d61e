//! The leases of all runs of a worker, renewed together: with hundreds of runs in flight, one
//! statement now and then, and not one for each.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::lease::LEASE;
use crate::model::Lease;
use crate::store::{Store, StoreError};

/// Who asks within so long is renewed with the first.
const GATHER: Duration = Duration::from_millis(250);
/// The database has so long to renew all of them.
const PATIENCE: Duration = Duration::from_secs(2);

/// Renews leases. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Renewals {
    store: Store,
    asks: mpsc::UnboundedSender<Asked>,
}

#[derive(Debug)]
struct Asked {
    lease: Lease,
    /// Told if it was renewed, and dropped if not.
    renewed: oneshot::Sender<()>,
}

impl Renewals {
    pub fn new(store: Store) -> Self {
        let (asks, asked) = mpsc::unbounded_channel();
        tokio::spawn(together(store.clone(), asked));
        Self { store, asks }
    }

    /// Renews this one with others. One that somebody has locked just now is not waited for by
    /// the others: it is asked for by itself, and so is one that was lost.
    ///
    /// # Errors
    /// `Fenced`; fails while the store does not answer.
    pub async fn renew(&self, lease: Lease) -> Result<(), StoreError> {
        let (renewed, told) = oneshot::channel();
        let asked = Asked { lease: lease.clone(), renewed };
        if self.asks.send(asked).is_ok() && told.await.is_ok() {
            return Ok(());
        }
        self.store.renew(&lease, LEASE).await
    }
}

/// Until nobody can ask any more.
async fn together(store: Store, mut asked: mpsc::UnboundedReceiver<Asked>) {
    while let Some(first) = asked.recv().await {
        sleep(GATHER).await;
        let mut all = vec![first];
        while let Ok(next) = asked.try_recv() {
            all.push(next);
        }
        let leases: Vec<&Lease> = all.iter().map(|asked| &asked.lease).collect();
        // Each is asked for by itself, if this takes too long: a line that hangs must not have all
        // leases run out.
        let renewed = match timeout(PATIENCE, store.renew_together(&leases, LEASE)).await {
            Ok(Ok(renewed)) => renewed,
            Ok(Err(error)) => {
                tracing::debug!("leases are not renewed: {:#}", anyhow::Error::new(error));
                HashSet::new()
            }
            Err(_) => HashSet::new(),
        };
        for asked in all {
            if renewed.contains(&asked.lease.run) {
                // Who has let go meanwhile does not hear it.
                let _ = asked.renewed.send(());
            }
        }
    }
}
