//! Keeps a lease while its run is driven, or its server visited.
//!
//! Promise 4: leases are renewed for as long as it takes; who could not renew stops by
//! its own monotonic clock before the lease ends.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::Instrument;

use crate::store::StoreError;

/// How long a lease lasts from its last renewal.
pub const LEASE: Duration = Duration::from_secs(15);
/// It is renewed so often.
const RENEW: Duration = Duration::from_secs(5);
/// Who could not renew stops so long before its end.
const MARGIN: Duration = Duration::from_secs(3);
/// Between tries while the store does not answer.
const AGAIN: Duration = Duration::from_millis(500);

/// A lease that is being kept until this is dropped.
#[derive(Debug)]
pub struct Keeper {
    lost: watch::Receiver<bool>,
    task: JoinHandle<()>,
}

impl Keeper {
    /// Keeps a lease that was claimed at `since` or later, renewing it so.
    pub fn keep<F>(since: Instant, renew: impl Fn() -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<(), StoreError>> + Send,
    {
        let (loses, lost) = watch::channel(false);
        let keeping = async move {
            keep(since, renew).await;
            loses.send_replace(true);
        };
        let task = tokio::spawn(keeping.in_current_span());
        Self { lost, task }
    }

    /// Resolves when the run is not ours any more.
    pub async fn lost(&self) {
        let mut lost = self.lost.clone();
        // An error is a keeper that panicked, and as good as a lost lease.
        let _ = lost.wait_for(|lost| *lost).await;
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Renews until the lease is lost.
async fn keep<F>(since: Instant, renew: impl Fn() -> F)
where
    F: Future<Output = Result<(), StoreError>>,
{
    let mut held_until = since + LEASE - MARGIN;
    let mut next = since + RENEW;
    loop {
        sleep_until(next).await;
        let asked = Instant::now();
        match timeout_at(held_until, renew()).await {
            Ok(Ok(())) => {
                held_until = asked + LEASE - MARGIN;
                next = asked + RENEW;
            }
            Ok(Err(StoreError::Fenced)) => return,
            Ok(Err(error)) => {
                tracing::debug!("a lease is not renewed: {:#}", anyhow::Error::new(error));
                next = Instant::now() + AGAIN;
            }
            Err(_) => return,
        }
        if next >= held_until {
            sleep_until(held_until).await;
            return;
        }
    }
}
