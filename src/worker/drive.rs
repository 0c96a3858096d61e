//! Drives one claimed run to its end, or to where it goes on without us.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};
use tracing::Instrument;

use super::Worker;
use super::lease::Keeper;
use super::record::Recorder;
use crate::model::{Claim, Event, FailureKind, Happening, HostState, Status};
use crate::remote::{self, Decision, Failure, Holder, Question, Request, Wish};
use crate::stop::{stopped, until};
use crate::store::{Claimed, StoreError};

/// A host that is busy with another run is asked again so often, if nobody says that it is free.
const BUSY: Duration = Duration::from_secs(10);
/// And so often, if nobody will say.
const SOON: Duration = Duration::from_secs(2);
/// A run that has taken down its worker so often is not tried again.
const MOST_CRASHES: i64 = 5;
/// After its lease was lost, the connection of a run has so long to close.
const CLOSE: Duration = Duration::from_secs(1);

/// How a run has ended.
struct End {
    status: Status,
    failure: Option<FailureKind>,
}

impl End {
    fn failed(kind: FailureKind) -> Self {
        Self { status: Status::Failed, failure: Some(kind) }
    }
}

/// Where the run goes from here.
enum Then {
    /// It has ended; others may begin.
    Ended(End),
    /// Nothing: it is in other hands, or will be.
    Gone,
}

impl Worker {
    /// Drives a claimed run.
    pub(super) async fn drive(&self, Claimed { claim, changed, taken }: Claimed) {
        let since = Instant::now();
        self.counts.taken(taken);
        tracing::info!(epoch = claim.lease.epoch, from = taken.word(), "taken");
        self.installation.announce(changed).await;
        let (renewals, lease) = (self.renewals.clone(), claim.lease.clone());
        let keeper = Keeper::keep(since, move || {
            let (renewals, lease) = (renewals.clone(), lease.clone());
            async move { renewals.renew(lease).await }
        });
        let followed = tokio::select! {
            followed = self.follow(&claim) => followed,
            () = keeper.lost() => Err(StoreError::Fenced),
        };
        drop(keeper);
        match followed {
            Ok(Then::Ended(end)) => {
                tracing::info!(status = %end.status, "ended");
                self.has_ended(&claim, end);
                self.make_way(&claim).await;
            }
            Ok(Then::Gone) => {}
            Err(error) if error.is_temporary() => {
                self.counts.lost();
                tracing::warn!("let go of: {:#}", anyhow::Error::new(error));
            }
            Err(StoreError::Fenced) => {
                self.counts.lost();
                tracing::warn!("the lease is lost; the run goes on in other hands");
            }
            Err(error) => self.give_up(&claim, error).await,
        }
    }

    /// The store refuses what the host says: a mistake of ours, which trying again does not mend.
    async fn give_up(&self, claim: &Claim, error: StoreError) {
        let error = format!("{:#}", anyhow::Error::new(error));
        tracing::error!("the run can't be recorded: {error}");
        let message = format!(
            "what the host reported could not be recorded: {error}. Please report this; the run's \
             folder on the host has all of it. Then ask again: what is in place stays"
        );
        let store = &self.installation.store;
        // If it can't be written either, the lease expires, and another worker tries.
        if let Ok(changed) =
            store.fail_run(&claim.lease, None, FailureKind::Internal, &message).await
        {
            self.installation.announce(changed).await;
            self.has_ended(claim, End::failed(FailureKind::Internal));
            self.make_way(claim).await;
        }
    }

    fn has_ended(&self, claim: &Claim, End { status, failure }: End) {
        let since = claim.run.started_at.unwrap_or_else(Timestamp::now);
        let took = Timestamp::now().duration_since(since).try_into().unwrap_or_default();
        self.counts.ended(&claim.run, status, failure, took);
    }

    async fn follow(&self, claim: &Claim) -> Result<Then, StoreError> {
        let lease = &claim.lease;
        if claim.crashes >= MOST_CRASHES {
            return self.poisoned(claim).await;
        }
        let request = match self.prepare(claim).await? {
            Ok(request) => request,
            Err(Failure { kind, message }) => {
                let changed = self.installation.store.fail_run(lease, None, kind, &message).await?;
                self.installation.announce(changed).await;
                return Ok(Then::Ended(End::failed(kind)));
            }
        };
        let outline = request
            .fleet
            .as_ref()
            .map_or_else(|| request.plan.outline(), |fleet| fleet.outline.clone());
        let mut recorder =
            Recorder::new(self.installation.clone(), lease.clone(), outline, self.counts.clone())
                .await?;
        let mut line = Line::start(request);
        if claim.run.cancel_requested_at.is_some() {
            line.cancel();
        }
        let mut cancels = self.cancels.subscribe();
        let mut cancelled = claim.run.cancel_requested_at.is_some();
        let mut stop = self.stop.clone();
        let (mut holder, mut leaving) = (None, false);
        loop {
            tokio::select! {
                event = line.events.recv() => match event {
                    // Who drives ended without a last word: the lease expires.
                    None => return Ok(Then::Gone),
                    Some(event) => match ending(&event) {
                        Ending::No => recorder.record(&event).await?,
                        // Also where the host has the run from somebody else: if that is a
                        // worker of ours, the store says that the lease is lost.
                        Ending::Ended(end) => {
                            recorder.record(&event).await?;
                            return Ok(Then::Ended(end));
                        }
                        Ending::Left => {
                            self.installation.store.hand_back(lease).await?;
                            self.installation.hint(&lease.run).await;
                            return Ok(Then::Gone);
                        }
                        Ending::Busy => {
                            self.wait_for(claim, holder.as_ref()).await?;
                            return Ok(Then::Gone);
                        }
                    },
                },
                Some(question) = line.questions.recv() => holder = answer(question).or(holder),
                () = until(&mut cancels, |runs| runs.contains(&lease.run)), if !cancelled => {
                    cancelled = true;
                    line.cancel();
                }
                () = stopped(&mut stop), if !leaving => {
                    leaving = true;
                    line.leave();
                }
            }
        }
    }

    /// Whoever drove it vanished, each time before anything happened: perhaps because of it.
    async fn poisoned(&self, claim: &Claim) -> Result<Then, StoreError> {
        let message = format!(
            "the worker that drove this run vanished {} times in a row before the run got any \
             further; perhaps it is the run that takes workers down. See their logs, then try it \
             again with `groundcrew runs retry {}`",
            claim.crashes, claim.run.id
        );
        let store = &self.installation.store;
        let changed = store.fail_run(&claim.lease, None, FailureKind::Poisoned, &message).await?;
        self.installation.announce(changed).await;
        Ok(Then::Ended(End::failed(FailureKind::Poisoned)))
    }

    /// Gives the run back until the host is free, and says what it waits for.
    async fn wait_for(&self, claim: &Claim, holder: Option<&Holder>) -> Result<(), StoreError> {
        let store = &self.installation.store;
        let (waiting, waits_for) = match holder {
            Some(Holder { installation, run, .. }) if **installation == *self.installation.id => {
                self.other_of_ours(run).await?
            }
            Some(Holder { installation, run, .. }) => {
                let whose = match installation.as_str() {
                    "apply" => "that somebody started by hand".to_owned(),
                    other => format!("of another installation, {other}"),
                };
                (format!("the host is busy with run {run} {whose}"), None)
            }
            None => ("the host is busy with another run".to_owned(), None),
        };
        tracing::info!("waits: {waiting}");
        // One that has just ended has its last processes to lose.
        let after = if waits_for.is_some() { BUSY } else { SOON };
        let changed = store.postpone(&claim.lease, after, &waiting, waits_for.as_deref()).await?;
        self.installation.announce(changed).await;
        // It may have ended before it could see that we wait for it.
        if let Some(other) = &waits_for
            && store.run(other).await?.is_none_or(|other| other.run.status.is_final())
        {
            self.wake(store.wake_waiting(other).await?).await;
        }
        Ok(())
    }

    /// What is said of another run of ours that has the host, and its id if its end is yet to come.
    async fn other_of_ours(&self, run: &str) -> Result<(String, Option<String>), StoreError> {
        let store = &self.installation.store;
        let Some(other) = store.run(run).await? else {
            let what = format!(
                "the host is busy with run {run}, which the database does not know: its server was \
                 removed, or it was asked for after the backup that the database was restored from"
            );
            return Ok((what, None));
        };
        let name = &other.server;
        let other = &other.run;
        let superseded = other.error_kind == Some(FailureKind::Superseded);
        if other.host_state == Some(HostState::Unknown) && !superseded {
            // It was given up, and lives: first its end must be known.
            let changed = store.retry(run, None).await?;
            self.installation.announce(changed).await;
            self.installation.hint(run).await;
        } else if other.status.is_final() {
            let what = format!(
                "the host is still busy with run {run} of {name}, which is {}",
                other.status
            );
            return Ok((what, None));
        }
        let what = format!("the host is busy with run {run} of {name}, which is the same machine");
        Ok((what, Some(run.to_owned())))
    }

    /// A run has ended: hints the runs that waited for it.
    async fn make_way(&self, claim: &Claim) {
        let store = &self.installation.store;
        // What fails here is found by who looks for runs without a hint.
        let next = store.next_on(claim.server.id).await.ok().flatten();
        let woken = store.wake_waiting(&claim.run.id).await.unwrap_or_default();
        self.wake(next.into_iter().chain(woken)).await;
    }

    async fn wake(&self, runs: impl IntoIterator<Item = String>) {
        for run in runs {
            self.installation.hint(&run).await;
        }
    }
}

/// A run that is being driven, and the ways to and from it.
struct Line {
    events: mpsc::Receiver<Event>,
    questions: mpsc::Receiver<Question>,
    wish: watch::Sender<Wish>,
}

impl Line {
    fn start(request: Request) -> Self {
        // With 64 KB of output each at most.
        let (sender, events) = mpsc::channel(16);
        let (asks, questions) = mpsc::channel(1);
        let (wish, wished) = watch::channel(Wish::GoOn);
        let leaves = wish.subscribe();
        let driving = async move {
            let mut leaves = leaves;
            tokio::select! {
                _ = remote::drive(request, sender, asks, wished) => {}
                // Nobody follows any more.
                _ = async {
                    while leaves.changed().await.is_ok() {}
                    sleep(CLOSE).await;
                } => {}
            }
        };
        tokio::spawn(driving.in_current_span());
        Self { events, questions, wish }
    }

    fn leave(&self) {
        self.wish.send_replace(Wish::Leave);
    }

    fn cancel(&self) {
        self.wish.send_replace(Wish::Cancel);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.leave();
    }
}

/// What an event means for who records it.
enum Ending {
    No,
    Ended(End),
    Left,
    Busy,
}

fn ending(event: &Event) -> Ending {
    match &event.what {
        Happening::RunFailed { kind: FailureKind::Left, .. } => Ending::Left,
        Happening::RunFailed { kind: FailureKind::HostBusy, .. } => Ending::Busy,
        Happening::RunFailed { kind, .. } => Ending::Ended(End::failed(*kind)),
        Happening::RunCompleted { .. } => {
            Ending::Ended(End { status: Status::Completed, failure: None })
        }
        Happening::RunCancelled => Ending::Ended(End { status: Status::Cancelled, failure: None }),
        _ => Ending::No,
    }
}

/// Nobody is here to decide: a host key is pinned or not trusted, and a busy host is waited for
/// without keeping a slot.
fn answer(question: Question) -> Option<Holder> {
    match question {
        Question::HostKey(_, _, answer) => {
            let _ = answer.send(false);
            None
        }
        Question::Busy(_, holder, answer) => {
            let _ = answer.send(Decision::GiveUp);
            Some(holder)
        }
    }
}
