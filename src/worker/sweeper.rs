//! Mends what a crash, or somebody who could not tell us, has left: announces what was
//! not announced, sees what a command wrote beside us, and keeps Redis and the store small.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::installation::Installation;
use crate::metrics::Sweeps;
use crate::stop::stopped;
use crate::store::StoreError;

/// How often it looks.
const SWEEP: Duration = Duration::from_secs(1);
/// Who made a change has so long to announce it.
const GRACE: Duration = Duration::from_secs(1);
/// How often another process's writes to an embedded database are looked for.
const GLANCE: Duration = Duration::from_millis(100);
/// How often Redis and the output are tidied.
const TIDY: Duration = Duration::from_secs(60);
/// A request may be repeated with its Idempotency-Key for so long, and a script's callback.
const REPEATABLE: Duration = Duration::from_secs(24 * 60 * 60);
/// Who did what is kept for so long: a year.
const AUDIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// A script that was not heard of for so long, in the middle of its steps, has ended. Its
/// longest wait is for apt's lock and a slow mirror.
const SILENCE: Duration = Duration::from_secs(30 * 60);
/// So much is done at once.
const MOST: i64 = 500;

/// Sweeps until `stop` says true. `keep_output`: how long output is kept after a run's end.
pub async fn sweep(
    installation: Installation,
    keep_output: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let counts = installation.metrics.register(Sweeps::new);
    let mut sweep = interval(SWEEP);
    let mut glance = interval(GLANCE);
    let mut tidy = interval(TIDY);
    for timer in [&mut sweep, &mut glance, &mut tidy] {
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    let embedded = matches!(installation.store.data_version().await, Ok(Some(_)));
    let mut seen = None;
    let mut announce_again = None;
    loop {
        let done = tokio::select! {
            () = stopped(&mut stop) => return,
            _ = sweep.tick() => {
                counts.made.inc();
                announce_missed(&installation, &counts, GRACE).await
            }
            _ = glance.tick(), if embedded => {
                look_beside(&installation, &counts, &mut seen, &mut announce_again).await
            }
            _ = tidy.tick() => tidy_up(&installation, keep_output).await,
        };
        if let Err(error) = done {
            counts.failed.inc();
            tracing::debug!("not swept: {:#}", anyhow::Error::new(error));
        }
    }
}

/// Announces changes that are older than this and that nobody announced (promise 2).
async fn announce_missed(
    installation: &Installation,
    counts: &Sweeps,
    age: Duration,
) -> Result<(), StoreError> {
    for changed in installation.store.unannounced(age, MOST).await? {
        counts.found.inc();
        installation.announce(changed).await;
    }
    Ok(())
}

/// A command beside us can write to the database, and tell nobody. We notice the write.
async fn look_beside(
    installation: &Installation,
    counts: &Sweeps,
    seen: &mut Option<i64>,
    announce_again: &mut Option<Instant>,
) -> Result<(), StoreError> {
    let version = installation.store.data_version().await?;
    let changed = version != *seen;
    if changed {
        *seen = version;
        for run in installation.store.claimable(MOST).await? {
            installation.hint(&run).await;
        }
    }
    // It may as well have been our own write, which is about to be announced.
    if announce_again.take_if(|at| *at <= Instant::now()).is_some() {
        announce_missed(installation, counts, GLANCE).await?;
    }
    if changed {
        announce_again.get_or_insert(Instant::now() + GLANCE);
    }
    Ok(())
}

async fn tidy_up(installation: &Installation, keep_output: Duration) -> Result<(), StoreError> {
    if let Some(wire) = &installation.wire
        && let Err(error) = wire.queue.tidy().await
    {
        tracing::debug!("Redis was not tidied: {:#}", anyhow::Error::new(error));
    }
    for changed in installation.store.fail_silent(SILENCE).await? {
        installation.announce(changed).await;
    }
    installation.store.forget_requests(REPEATABLE).await?;
    installation.store.forget_callbacks(REPEATABLE).await?;
    installation.store.forget_sessions().await?;
    installation.store.forget_audited(AUDIT).await?;
    installation.store.prune_output(keep_output).await.map(drop)
}
