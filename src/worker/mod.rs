//! A worker: claims runs, drives them on their hosts, and records what happens.
//!
//! Hints come from the queue; what nobody hinted, handed back or let expire, a worker
//! with a free slot takes straight from the store (promises 1 and 6). A run that waits
//! takes up no slot.

mod drive;
mod lease;
mod live;
mod prepare;
mod record;
mod renewals;
mod sweeper;
mod visit;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{Instrument, Span};

pub use lease::LEASE;
pub use sweeper::sweep;

use renewals::Renewals;

use crate::catalog::Jobs;
use crate::installation::Installation;
use crate::metrics::RunCounts;
use crate::model::{ConnectivityClaim, Stranger};
use crate::stop::{stopped, until};
use crate::store::{Claimed, StoreError, WorkerRow};

/// How often a worker looks for what nobody hinted, and for what is to be cancelled.
const LOOK: Duration = Duration::from_millis(500);
/// How often it says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// On the way out, runs have so long to be handed back.
const LEAVE: Duration = Duration::from_secs(4);

/// Everything that driving a run needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Worker {
    installation: Installation,
    jobs: Arc<Jobs>,
    name: Arc<str>,
    slots: Arc<Semaphore>,
    slot_count: u32,
    /// How long a host may be away before its run is failed.
    patience: Duration,
    renewals: Renewals,
    /// Runs of ours that are to be cancelled.
    cancels: watch::Sender<BTreeSet<String>>,
    draining: watch::Sender<bool>,
    /// Somewhere a slot became free, and with it perhaps a server.
    freed: Arc<Notify>,
    /// Whether it is time to leave.
    stop: watch::Receiver<bool>,
    /// Whether it was said that no run can be claimed.
    complained: Arc<AtomicBool>,
    claimed: mpsc::Sender<(Work, OwnedSemaphorePermit)>,
    counts: RunCounts,
}

/// What a worker has taken.
#[derive(Debug)]
enum Work {
    /// To drive a run.
    Run(Box<Claimed>),
    /// Step 4 of a server that joins.
    Connect(Box<ConnectivityClaim>),
    /// A server whose host key nobody knows yet.
    Learn(Box<Stranger>),
}

impl Worker {
    /// Works with so many slots until `stop` says true, and then hands back what is
    /// going on: hosts go on by themselves, and another worker follows them.
    pub async fn run(
        installation: Installation,
        jobs: Arc<Jobs>,
        slots: u16,
        patience: Duration,
        mut stop: watch::Receiver<bool>,
    ) {
        let (claimed, mut claims) = mpsc::channel(1);
        let (leaves, leaving) = watch::channel(false);
        let counts = installation.metrics.register(|registry| {
            installation.metrics.logins.register(registry);
            RunCounts::new(registry, slots.into())
        });
        let worker = Self {
            renewals: Renewals::new(installation.store.clone()),
            installation,
            jobs,
            name: name().into(),
            slots: Arc::new(Semaphore::new(slots.into())),
            slot_count: slots.into(),
            patience,
            cancels: watch::Sender::default(),
            draining: watch::Sender::new(false),
            freed: Arc::default(),
            stop: leaving,
            complained: Arc::default(),
            claimed,
            counts,
        };
        tracing::info!(worker = %worker.name, slots, "the worker is ready");
        let span = tracing::error_span!("worker", worker = %worker.name);
        let mut duties = JoinSet::new();
        duties.spawn(worker.clone().listen().instrument(span.clone()));
        duties.spawn(worker.clone().look().instrument(span.clone()));
        let mut heart = JoinSet::new();
        heart.spawn(worker.clone().say_so().instrument(span));

        let mut runs = JoinSet::new();
        let mut draining = worker.draining.subscribe();
        loop {
            tokio::select! {
                Some((work, slot)) = claims.recv() => {
                    let (worker, span) = (worker.clone(), worker.span(&work));
                    let done = async move {
                        let busy = worker.counts.busy();
                        match work {
                            Work::Run(claimed) => worker.drive(*claimed).await,
                            Work::Connect(claim) => worker.connect(&claim).await,
                            Work::Learn(stranger) => worker.learn(&stranger).await,
                        }
                        drop((slot, busy));
                        worker.freed.notify_one();
                    };
                    runs.spawn(done.instrument(span));
                }
                Some(ended) = runs.join_next() => panicked(ended),
                // What is going on ends first: each end looks here again.
                () = until(&mut draining, |draining| *draining), if runs.is_empty() => break,
                () = stopped(&mut stop) => break,
            }
        }
        drop(heart);
        leaves.send_replace(true);
        worker.leave(duties, runs, claims).await;
    }

    /// What all that is logged of this work has. Of the highest level, so that also a log of errors
    /// alone has it.
    fn span(&self, work: &Work) -> Span {
        let (run, server) = match work {
            Work::Run(claimed) => (Some(&claimed.claim.run.id), &claimed.claim.server),
            Work::Connect(claim) => (None, &claim.server),
            Work::Learn(stranger) => (None, &stranger.server),
        };
        tracing::error_span!(
            "work", run, server = server.id, server_name = server.name, worker = %self.name
        )
    }

    /// Hands back what is going on, and what was claimed just now.
    async fn leave(
        &self,
        mut duties: JoinSet<()>,
        mut runs: JoinSet<()>,
        mut claims: mpsc::Receiver<(Work, OwnedSemaphorePermit)>,
    ) {
        claims.close();
        let all = async {
            while let Some((work, _slot)) = claims.recv().await {
                self.hand_back(&work).await;
            }
            // Not aborted: a claim that is on its way must be handed back, too.
            while let Some(ended) = runs.join_next().await {
                panicked(ended);
            }
            while let Some(ended) = duties.join_next().await {
                panicked(ended);
            }
        };
        if timeout(LEAVE, all).await.is_err() {
            tracing::warn!(
                "some runs could not be handed back in time; their leases expire by themselves"
            );
        }
        let store = &self.installation.store;
        let _ = timeout(Duration::from_secs(1), store.remove_worker(&self.name)).await;
        tracing::info!(worker = %self.name, "the worker has left");
    }

    /// Takes what the queue hints.
    async fn listen(self) {
        let worker = self.clone();
        let take = move |run: String| {
            let worker = worker.clone();
            async move { worker.take(&run).await }.boxed()
        };
        if let Some(wire) = &self.installation.wire {
            wire.queue.listen(&self.name, take, self.stop.clone()).await;
        }
    }

    async fn take(&self, run: &str) {
        if !self.takes_more() {
            return;
        }
        // With no slot free the hint is of no use here; the run is seen when one is.
        let Ok(slot) = self.slots.clone().try_acquire_owned() else { return };
        match self.installation.store.claim(run, &self.name, LEASE).await {
            Ok(Some(claimed)) => self.pass_on(Work::Run(claimed.into()), slot).await,
            Ok(None) => {}
            Err(error) => self.complain(error),
        }
    }

    /// Who drains or leaves takes nothing: what it hands back is for others, and would be
    /// claimed and handed back again and again.
    fn takes_more(&self) -> bool {
        !*self.draining.borrow() && !*self.stop.borrow()
    }

    /// To where it is driven; back, if we are leaving.
    async fn pass_on(&self, work: Work, slot: OwnedSemaphorePermit) {
        if let Err(mpsc::error::SendError((work, _slot))) = self.claimed.send((work, slot)).await {
            self.hand_back(&work).await;
        }
    }

    /// Without it the lease expires by itself.
    async fn hand_back(&self, work: &Work) {
        match work {
            Work::Run(claimed) => {
                if self.installation.store.hand_back(&claimed.claim.lease).await.is_ok() {
                    self.installation.hint(&claimed.claim.run.id).await;
                }
            }
            Work::Connect(claim) => drop(self.leave_to_others(claim).await),
            Work::Learn(_) => {}
        }
    }

    /// Takes what nobody hinted.
    async fn look(self) {
        let mut tick = interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stop = self.stop.clone();
        loop {
            // What is hinted is left to who hears it first, for a moment.
            let unclaimed = tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                () = self.freed.notified() => Duration::ZERO,
                _ = tick.tick() => LOOK,
            };
            self.look_for_cancels().await;
            if !unclaimed.is_zero() {
                // Before runs: it is short, and somebody waits for it.
                self.take_all(|| self.find_joining()).await;
            }
            self.take_all(|| self.find_run(unclaimed)).await;
        }
    }

    /// Takes what is found, for as long as there is something, and a slot free.
    async fn take_all<F>(&self, find: impl Fn() -> F)
    where
        F: Future<Output = Result<Option<Work>, StoreError>>,
    {
        while self.takes_more()
            && let Ok(slot) = self.slots.clone().try_acquire_owned()
        {
            match find().await {
                Ok(Some(work)) => self.pass_on(work, slot).await,
                Ok(None) => return self.is_back(),
                Err(error) => return self.complain(error),
            }
        }
    }

    /// A server that joins and is to be visited.
    async fn find_joining(&self) -> Result<Option<Work>, StoreError> {
        let store = &self.installation.store;
        if let Some((claim, changed)) = store.claim_connectivity(&self.name, LEASE).await? {
            self.installation.announce(changed).await;
            return Ok(Some(Work::Connect(claim.into())));
        }
        let Some((stranger, changed)) = store.take_stranger(visit::LEARN).await? else {
            return Ok(None);
        };
        if let Some(changed) = changed {
            self.installation.announce(changed).await;
        }
        Ok(Some(Work::Learn(stranger.into())))
    }

    async fn find_run(&self, unclaimed: Duration) -> Result<Option<Work>, StoreError> {
        let claimed = self.installation.store.claim_next(&self.name, LEASE, unclaimed).await?;
        Ok(claimed.map(|claimed| Work::Run(claimed.into())))
    }

    /// Hears which of its runs are to be cancelled.
    async fn look_for_cancels(&self) {
        if let Ok(runs) = self.installation.store.cancel_requests(&self.name).await {
            let runs = runs.into_iter().collect();
            self.cancels.send_if_modified(|known| {
                let is_new = *known != runs;
                *known = runs;
                is_new
            });
        }
    }

    /// The store is away, or the like, and asked again and again: said once.
    fn complain(&self, error: StoreError) {
        if !self.complained.swap(true, Ordering::Relaxed) {
            tracing::warn!("no run can be claimed now: {:#}", anyhow::Error::new(error));
        }
    }

    fn is_back(&self) {
        if self.complained.swap(false, Ordering::Relaxed) {
            tracing::info!("runs can be claimed again");
        }
    }

    /// Says that it is there, for who asks which workers there are.
    async fn say_so(self) {
        let row = WorkerRow {
            name: self.name.to_string(),
            host: hostname(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            slots: self.slot_count,
        };
        let mut tick = interval(HEARTBEAT);
        loop {
            tick.tick().await;
            if let Ok(true) = self.installation.store.worker_heartbeat(&row).await
                && !self.draining.send_replace(true)
            {
                tracing::info!(
                    "draining: nothing new is taken, and the last run's end is the worker's"
                );
            }
        }
    }
}

/// New at each start: whoever had the name before must not be taken for us.
fn name() -> String {
    let unique = uuid::Uuid::new_v4().simple().to_string();
    format!("{}-{}-{}", hostname(), std::process::id(), &unique[..8])
}

fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// A mistake of ours in one run must not end the others: its lease expires.
fn panicked(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!("driving a run ended in a panic: {error}");
    }
}
