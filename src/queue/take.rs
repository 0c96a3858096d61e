//! What a worker does with a hint. It runs as a task of its own, so that neither a
//! worker of apalis that ends cancels a claim, nor a panic reaches apalis.

use std::sync::Arc;

use futures_util::future::BoxFuture;

/// Looks at a run, and claims it or not.
#[derive(Clone)]
pub(super) struct Take(Arc<dyn Fn(String) -> BoxFuture<'static, ()> + Send + Sync>);

impl Take {
    pub(super) fn new(
        take: impl Fn(String) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(take))
    }

    /// Returns when the run has been looked at. Never fails.
    pub(super) async fn call(&self, run: String) {
        let take = self.0.clone();
        // Also the call itself may panic, so it is made in the task.
        let taken = tokio::spawn(async move { take(run).await });
        if let Err(error) = taken.await {
            tracing::error!("looking at a hinted run failed: {error}");
        }
    }
}
