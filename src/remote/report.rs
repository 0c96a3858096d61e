//! Says what happens, as events; and what went wrong with a step, in words.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::mpsc::Sender;

use super::journal::Reason;
use crate::model::{AttemptRecord, Event, FailureKind, Happening, StepRef};

/// Sends the events of one host's run to whoever shows or stores them.
#[derive(Debug, Clone)]
pub struct Reporter {
    /// The run's id.
    pub run: String,
    /// The host as the person wrote it.
    pub host: String,
    /// Bounded, so that a slow reader slows the host's output, and nothing is lost.
    pub events: Sender<Event>,
    /// How far the attempt was told; its journal has the lines since the last event.
    told: Arc<Mutex<Option<AttemptRecord>>>,
}

impl Reporter {
    /// Reports the events of this run to whoever reads the other end.
    pub fn new(run: String, host: String, events: Sender<Event>) -> Self {
        Self { run, host, events, told: Arc::default() }
    }

    /// From now on, events tell of this attempt.
    pub fn attempt(&self, record: AttemptRecord) {
        *self.told() = Some(record);
    }

    /// The next event tells that these bytes of the output were taken, and this line.
    pub fn taken(&self, output: u64, lost: u64, line: Option<&str>) {
        if let Some(told) = self.told().as_mut() {
            (told.output, told.lost) = (output, lost);
            if let Some(line) = line {
                told.journal.push_str(line);
                told.journal.push('\n');
            }
        }
    }

    /// Whether lines of the journal were taken that no event has told of: the last one of an
    /// attempt, after which comes another one.
    pub fn has_untold(&self) -> bool {
        self.told().as_ref().is_some_and(|told| !told.journal.is_empty())
    }

    fn told(&self) -> MutexGuard<'_, Option<AttemptRecord>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happened at a time of the host's.
    pub async fn at(&self, time: Timestamp, what: Happening) {
        let at = self.told().as_mut().map(|told| {
            let journal = std::mem::take(&mut told.journal);
            AttemptRecord { journal, ..told.clone() }
        });
        let event = Event { run: self.run.clone(), host: self.host.clone(), time, what, at };
        // Nobody listens any more: they went away, and the run goes on all the same.
        let _ = self.events.send(event).await;
    }

    /// Something happened here and now.
    pub async fn now(&self, what: Happening) {
        self.at(Timestamp::now(), what).await;
    }

    /// One sentence for a person.
    pub async fn note(&self, text: impl Into<String>) {
        self.now(Happening::Note { text: text.into() }).await;
    }
}

/// The kind, and the cause with the next step, of a step's failure.
pub fn step_failure(step: &StepRef, exit: Option<i32>, reason: Reason) -> (FailureKind, String) {
    let code = exit.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"));
    let title = &step.title;
    let again = "then try again: what is in place stays";
    match reason {
        Reason::Run => (
            FailureKind::StepFailed,
            format!("{title} failed with {code}. Its output says why; mend the cause, {again}"),
        ),
        Reason::Check => (
            FailureKind::CheckFailed,
            format!(
                "The check of {title} ended with {code}; 0 says in place, 1 not in place, anything \
                 else is an error. Its output says more; mend the cause or the job's check, {again}"
            ),
        ),
        Reason::Recheck => (
            FailureKind::NotInPlace,
            format!(
                "{title} ran without an error, and its check still says that it is not in place. \
                 Something else undoes it, or `check` and `run` of the job don't fit"
            ),
        ),
        Reason::Assert => (
            FailureKind::AssertFailed,
            format!(
                "{title} does not hold ({code}). Its output says more; mend the cause, {again}"
            ),
        ),
        Reason::Timeout => (
            FailureKind::TimedOut,
            format!(
                "{title} took longer than its time limit; all that it started was ended. \
                 See why in its output, or raise `timeout` in the job, {again}"
            ),
        ),
        Reason::DiskFull => (
            FailureKind::DiskFull,
            format!(
                "{title} failed with {code}, and the host's disk is full. Make room there (`df -h`), {again}"
            ),
        ),
    }
}
