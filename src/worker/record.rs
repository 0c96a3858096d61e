//! Records what happens in a run: one transition of the store for each event, and its
//! announcement after the commit (promise 2). Output is told live, and nobody waits for that.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;
use tracing::Span;
use tracing::field::Empty;

use super::live::Live;
use crate::installation::Installation;
use crate::metrics::RunCounts;
use crate::model::{
    AttemptRecord, Changed, Chunk, Event, FailureKind, Happening, Lease, Outline, StepRef,
};
use crate::store::StoreError;

/// Between tries while the store does not answer.
const AGAIN: Duration = Duration::from_millis(300);

/// Writes the events of one run, with its lease.
#[derive(Debug)]
pub struct Recorder {
    installation: Installation,
    lease: Lease,
    outline: Outline,
    live: Option<Live>,
    counts: RunCounts,
    /// The step that is at work, since when by the host's clock.
    at_work: Option<AtWork>,
}

/// A step that is at work.
#[derive(Debug)]
struct AtWork {
    step: StepRef,
    since: Timestamp,
    /// For traces: it ends when this is dropped.
    span: Span,
}

impl Recorder {
    /// A recorder of the run whose steps these are.
    ///
    /// # Errors
    /// Fails if the store can't be asked where the run's output ends.
    pub async fn new(
        installation: Installation,
        lease: Lease,
        outline: Outline,
        counts: RunCounts,
    ) -> Result<Self, StoreError> {
        let ends = installation.store.output_ends(&[lease.run.clone()].into()).await?;
        let ends = ends.get(&lease.run).cloned().unwrap_or_default();
        let wire = installation.wire.as_ref();
        let live = wire.map(|wire| Live::of(&lease.run, ends, wire.bus.clone()));
        Ok(Self { installation, lease, outline, live, counts, at_work: None })
    }

    /// Writes an event, and tries for as long as the store is away.
    ///
    /// # Errors
    /// Fails if the lease is lost, or the store can't take it.
    pub async fn record(&mut self, event: &Event) -> Result<(), StoreError> {
        let mut told = false;
        loop {
            match self.write(event).await {
                Err(error) if error.is_temporary() => {
                    if !told {
                        told = true;
                        tracing::warn!("waiting for the store: {:#}", anyhow::Error::new(error));
                    }
                    sleep(AGAIN).await;
                }
                Ok(changed) => {
                    if let Happening::PlanFound { outline, .. } = &event.what {
                        self.outline = outline.clone();
                    }
                    if let Some(changed) = changed {
                        self.count(event);
                        self.installation.announce(changed).await;
                    }
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// How long steps take.
    fn count(&mut self, event: &Event) {
        let (step, result) = match &event.what {
            Happening::StepStarted { step, .. } => {
                let StepRef { job, step: name, .. } = step;
                let span = tracing::info_span!("step", job, step = name, result = Empty);
                self.at_work = Some(AtWork { step: step.clone(), since: event.time, span });
                return;
            }
            Happening::StepCompleted { step, changed: true } => (step, "changed"),
            Happening::StepCompleted { step, changed: false } => (step, "in_place"),
            Happening::StepFailed { step, .. } => (step, "failed"),
            _ => return,
        };
        if let Some(AtWork { since, span, .. }) = self.at_work.take().filter(|it| it.step == *step)
        {
            span.record("result", result);
            let took = event.time.duration_since(since).try_into().unwrap_or_default();
            self.counts.step(step, result, took);
        }
    }

    async fn write(&self, event: &Event) -> Result<Option<Changed>, StoreError> {
        let (store, lease, time) = (&self.installation.store, &self.lease, event.time);
        let Some(at) = &event.at else { return self.before_any_attempt(&event.what).await };
        match &event.what {
            // The store knows the plan.
            Happening::RunPlanned { .. } | Happening::PlanFound { .. } => return Ok(None),
            Happening::RunStarted { .. } => store.start_attempt(lease, at).await,
            Happening::StepStarted { step, .. } => {
                store.start_step(lease, at, self.number(step), time).await
            }
            Happening::StepOutput { step, offset, output } => {
                let chunk = Chunk {
                    attempt: at.number,
                    offset: *offset,
                    step: self.number(step),
                    bytes: output.clone(),
                };
                let kept = store.append_output(lease, at, &chunk).await?;
                if let Some(live) = &self.live {
                    live.stored(chunk.step, &chunk.bytes[..kept]);
                }
                return Ok(None);
            }
            Happening::StepCompleted { step, changed } => {
                store.complete_step(lease, at, self.number(step), *changed, time).await
            }
            Happening::StepFailed { step, exit_code, error } => {
                store.fail_step(lease, at, self.number(step), *exit_code, error, time).await
            }
            Happening::RunCompleted { changed } => {
                let changed = i64::try_from(*changed).unwrap_or(i64::MAX);
                store.complete_run(lease, Some(at), changed).await
            }
            Happening::RunFailed { kind, error } => self.fail(Some(at), *kind, error).await,
            Happening::RunCancelled => store.cancel_run(lease, Some(at)).await,
            Happening::HostAway { error } => store.host_away(lease, Some(at), error).await,
            Happening::HostBack => store.host_back(lease, Some(at)).await,
            Happening::Note { text } => store.note(lease, Some(at), text).await,
        }
        .map(Some)
    }

    async fn before_any_attempt(&self, what: &Happening) -> Result<Option<Changed>, StoreError> {
        let (store, lease) = (&self.installation.store, &self.lease);
        match what {
            Happening::PlanFound { outline, digest } => store.replan(lease, outline, digest).await,
            Happening::RunFailed { kind, error } => self.fail(None, *kind, error).await,
            Happening::RunCancelled => store.cancel_run(lease, None).await,
            Happening::HostAway { error } => store.host_away(lease, None, error).await,
            Happening::HostBack => store.host_back(lease, None).await,
            Happening::Note { text } => store.note(lease, None, text).await,
            _ => return Ok(None),
        }
        .map(Some)
    }

    async fn fail(
        &self,
        at: Option<&AttemptRecord>,
        kind: FailureKind,
        error: &str,
    ) -> Result<Changed, StoreError> {
        self.installation.store.fail_run(&self.lease, at, kind, error).await
    }

    /// What the journal calls the step.
    fn number(&self, step: &StepRef) -> i64 {
        let all = self.outline.steps.iter().chain(&self.outline.handlers);
        let before = all.take_while(|other| *other != step).count();
        i64::try_from(before + 1).unwrap_or(i64::MAX)
    }
}
