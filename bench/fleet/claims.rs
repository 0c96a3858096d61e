//! How many pending runs are claimed in a second, each on a server of its own.

use std::collections::HashSet;

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use groundcrew::worker::LEASE;
use tokio::time::Instant;

use crate::RUNS;
use crate::quiet::quiet;
use crate::site::Site;
use crate::workers::Workers;

/// All are hinted; then two workers begin. Until the last one is claimed.
pub async fn through_the_queue(site: &Site) -> Result<f64> {
    let runs = site.pending(RUNS).await?;
    let wire = site.web.wire.as_ref().context("a role has a wire")?;
    for run in &runs {
        wire.queue.hint(run).await?;
    }
    quiet().await;
    let mut left: HashSet<String> = runs.into_iter().collect();
    let begin = Instant::now();
    let mut workers = Workers::start(site);
    while !left.is_empty() {
        let (claim, _) = workers.next().await?;
        ensure!(left.remove(&claim.run.id), "run {} was claimed twice", claim.run.id);
    }
    let took = begin.elapsed();
    workers.stop().await;
    Ok(RUNS as f64 / took.as_secs_f64())
}

/// Straight from the store, by eight tasks at once.
pub async fn raw(site: &Site) -> Result<f64> {
    let runs = site.pending(RUNS).await?;
    quiet().await;
    let begin = Instant::now();
    let claim = |run: String| {
        let store = site.web.store.clone();
        tokio::spawn(async move { store.claim(&run, "worker", LEASE).await })
    };
    let claims: Vec<_> = stream::iter(runs).map(claim).buffer_unordered(8).try_collect().await?;
    let took = begin.elapsed();
    for claimed in claims {
        claimed?.context("a run could not be claimed")?;
    }
    Ok(RUNS as f64 / took.as_secs_f64())
}
