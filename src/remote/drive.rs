//! Drives a run on a host to its end, whatever happens to the line and the host
//! on the way: this is what `apply` does, and what a worker does.
//!
//! Promises 5 and 6: one start of a step for each attempt; a new attempt only
//! after the host has shown that the former is dead; a cut line stops nothing.

mod again;
mod begin;
mod known;
mod line;
mod request;

use std::mem::take;

use tokio::sync::{mpsc, watch};

pub use self::request::{Decision, FleetRun, Outcome, Question, Request, Wish};

use self::known::Had;
use self::line::wished;
use super::bundle::bundle;
use super::channel::{Channel, Facts, Holder};
use super::failure::Failure;
use super::follow::{Attempt, follow};
use super::journal::End;
use super::report::Reporter;
use super::target::Target;
use crate::model::{Event, FailureKind, Happening, Outline, PlannedStep};

/// Who drives a run by hand does not pass it on: all are equal.
const BY_HAND: u64 = 1;

/// Does what is requested, and reports it. The last event is the run's end.
pub async fn drive(
    request: Request,
    events: mpsc::Sender<Event>,
    questions: mpsc::Sender<Question>,
    wish: watch::Receiver<Wish>,
) -> Outcome {
    let run = request.fleet.as_ref().map_or_else(new_id, |fleet| fleet.id.clone());
    let reporter = Reporter::new(run, request.target.to_string(), events);
    // A run of the fleet may have been started by who had it before us.
    let started = request.fleet.is_some();
    let seen = request.fleet.as_ref().is_some_and(|fleet| !fleet.attempts.is_empty());
    let mut driver =
        Driver { request, reporter, questions, wish, started, seen, cancelling: false };
    match driver.drive().await {
        Ok(outcome) => outcome,
        Err(Failure { kind, message }) => {
            driver.reporter.now(Happening::RunFailed { kind, error: message }).await;
            if kind == FailureKind::Left { Outcome::Left } else { Outcome::Failed }
        }
    }
}

fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

struct Driver {
    request: Request,
    reporter: Reporter,
    questions: mpsc::Sender<Question>,
    wish: watch::Receiver<Wish>,
    /// Whether the host may have the run: from then on it goes on without us.
    started: bool,
    /// Whether it was seen there, or is about to be: then the host is who is away.
    seen: bool,
    /// Whether the run is to be cancelled, whenever the host can be reached.
    cancelling: bool,
}

/// A run that the host has, or is about to have.
struct Run {
    outline: Outline,
    attempt: Attempt,
    /// The last attempt that the host has.
    last: u32,
    /// Whether the host said that it has it.
    started: bool,
    /// Whether it does what we want, so that we can go on with it after a reboot.
    ours: bool,
    /// The step that was interrupted by a reboot.
    again: Option<usize>,
    /// How many attempts never began.
    unstarted: u32,
    /// What is to be said of the attempt once it is started.
    news: Option<String>,
}

impl Run {
    fn new(outline: Outline, attempt: Attempt) -> Self {
        let (last, again, unstarted, news) = (0, None, 0, None);
        Self { outline, attempt, last, started: false, ours: true, again, unstarted, news }
    }
}

impl Driver {
    async fn drive(&mut self) -> Result<Outcome, Failure> {
        let (mut next, mut run) = match self.restore()? {
            Some(run) => (None, run),
            None => {
                let (open, run) = self.begin().await?;
                (Some(open), run)
            }
        };
        loop {
            let (mut channel, facts) = match next.take() {
                Some(open) => open,
                None => self.reconnect().await?,
            };
            match self.follow(&mut channel, &facts, &mut run).await {
                // The host went on since, and not because of us.
                Ok(end) if run.attempt.number < run.last => {
                    channel.close().await;
                    run.attempt.end = Some(end);
                }
                Ok(End::Interrupted) => {
                    channel.close().await;
                    next = Some(self.after_reboot(&mut run).await?);
                }
                Ok(End::Unstarted) => {
                    channel.close().await;
                    next = Some(self.after_nothing(&mut run).await?);
                }
                // A run of the fleet keeps its past.
                Ok(End::Busy) if self.request.fleet.is_some() => {
                    channel.close().await;
                    next = Some(self.after_nothing(&mut run).await?);
                }
                Ok(End::Busy) => {
                    // Somebody else was faster: as if we came now.
                    fetched(channel).await;
                    (self.reporter.run, self.started) = (new_id(), false);
                    let (open, other) = self.begin().await?;
                    (run, next) = (other, Some(open));
                }
                Ok(end) if self.retries(&run, end) => {
                    channel.close().await;
                    next = Some(self.after_failure(&mut run).await?);
                }
                Ok(end) => {
                    fetched(channel).await;
                    return self.finish(run, end).await;
                }
                Err(failure) if failure.kind == FailureKind::Unreachable => {
                    self.reporter
                        .note(format!("{failure}. The run goes on there; connecting again."))
                        .await;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    fn epoch(&self) -> u64 {
        self.request.fleet.as_ref().map_or(BY_HAND, |fleet| fleet.epoch)
    }

    /// Starts the attempt if the host has not said that it has it, then follows it.
    async fn follow(
        &mut self,
        channel: &mut Channel,
        facts: &Facts,
        run: &mut Run,
    ) -> Result<End, Failure> {
        if self.wish.has_changed().unwrap_or(false) {
            let wish = *self.wish.borrow_and_update();
            self.heed(wish)?;
        }
        if self.cancelling && self.request.fleet.is_some() {
            // The one that was sent when it was asked for may have got lost.
            let command = format!("cancel {} {}", self.reporter.run, self.epoch());
            let answer = channel.ask(&command, &[]).await?;
            if let Some(why) = answer.strip_prefix("refused ") {
                return Err(self.refused(why));
            }
        }
        if !run.started {
            if let Some(end) = self.start(channel, facts, run).await? {
                return Ok(end);
            }
            run.started = true;
        } else {
            // A runner that died while we were away is noticed at once, not by the heartbeat.
            run.last = match self.ask_had(channel).await? {
                Had::Attempt(last) => last,
                Had::Cancelled => return Ok(End::Cancelled),
                Had::Nothing => {
                    return Err(Failure::new(
                        FailureKind::RunnerLost,
                        "the host knows nothing of the run any more; was it reinstalled? Ask for it anew",
                    ));
                }
            };
            if run.attempt.end.is_some() && run.attempt.number < run.last {
                self.learn(channel, run, run.attempt.number + 1).await?;
                self.begun(run).await;
            } else if self.request.fleet.as_mut().is_some_and(|fleet| take(&mut fleet.restored)) {
                // It has been asked, and knows no more than we do.
                self.begun(run).await;
            }
        }
        let reporter = self.reporter.clone();
        let following = follow(channel, &mut run.attempt, &run.outline, &facts.boot, &reporter);
        tokio::pin!(following);
        loop {
            tokio::select! {
                end = &mut following => return end,
                wish = wished(&mut self.wish) => self.heed(wish)?,
            }
        }
    }

    /// Gives an end if the host does not start it.
    async fn start(
        &mut self,
        channel: &mut Channel,
        facts: &Facts,
        run: &mut Run,
    ) -> Result<Option<End>, Failure> {
        if let Some(misfit) = self.request.fleet.as_ref().and_then(|fleet| fleet.misfit.clone()) {
            return match self.ask_had(channel).await? {
                Had::Nothing => Err(misfit),
                Had::Cancelled => Ok(Some(End::Cancelled)),
                Had::Attempt(last) => self.found(channel, run, last).await,
            };
        }
        let Request { plan, mode, installation, .. } = &self.request;
        let (id, number) = (&self.reporter.run, run.attempt.number);
        let identity = format!("{installation} {id} {number} {}", self.digest());
        let tar = bundle(plan, *mode, run.attempt.first, &identity)
            .map_err(|error| Failure::internal("packing what the host needs", error))?;
        let command = format!("start {id} {number} {} {installation} {}", self.epoch(), tar.len());
        (self.started, self.seen) = (true, true);
        run.attempt.boot = facts.boot.clone();
        let answer = channel.ask(&command, &tar).await?;
        match answer.split_once(' ').unwrap_or((&answer, "")) {
            ("started", _) => {
                self.begun(run).await;
                Ok(None)
            }
            ("known", last) => self.found(channel, run, last.parse().unwrap_or(number)).await,
            ("busy", holder) => match Holder::parse(holder) {
                // It is given back until the host is free.
                Some(holder) if self.request.fleet.is_some() => {
                    self.ask_busy(&holder).await.map(|_| None)
                }
                _ => Ok(Some(End::Busy)),
            },
            ("refused", "cancelled") => Ok(Some(End::Cancelled)),
            ("refused", "stopping") => Ok(Some(End::Unstarted)),
            ("refused", "no_space") => Err(Failure::new(
                FailureKind::DiskFull,
                "the host's disk is full, so the run can't even be written there. Make room (`df -h`), then try again",
            )),
            ("refused", why) => Err(self.refused(why)),
            _ => Err(Failure::new(
                FailureKind::Internal,
                format!("the host answered {answer:?} to a start"),
            )),
        }
    }

    /// The attempt that was to be started is there already, and `last` is the last one.
    async fn found(
        &mut self,
        channel: &mut Channel,
        run: &mut Run,
        last: u32,
    ) -> Result<Option<End>, Failure> {
        run.last = last;
        self.learn(channel, run, run.attempt.number).await?;
        self.begun(run).await;
        Ok(None)
    }

    /// From now on, this attempt is the one that is followed.
    async fn begun(&mut self, run: &mut Run) {
        self.reporter.attempt(run.attempt.record());
        if let Some(news) = run.news.take() {
            self.reporter.note(news).await;
        } else {
            self.reporter.now(Happening::RunStarted { followed: false }).await;
        }
    }

    async fn finish(&mut self, run: Run, end: End) -> Result<Outcome, Failure> {
        let failure = |kind, message: &str| Err(Failure::new(kind, message));
        match end {
            End::Completed if run.attempt.asks_only => {
                let answers = run.outline.steps.iter().zip(run.attempt.answers);
                let steps =
                    answers.map(|(step, in_place)| PlannedStep { step: step.clone(), in_place });
                let jobs = run.outline.jobs.clone();
                self.reporter.now(Happening::RunPlanned { jobs, steps: steps.collect() }).await;
                Ok(Outcome::Completed)
            }
            End::Completed => {
                self.reporter.now(Happening::RunCompleted { changed: run.attempt.changed }).await;
                Ok(Outcome::Completed)
            }
            End::Cancelled => {
                self.reporter.now(Happening::RunCancelled).await;
                Ok(Outcome::Cancelled)
            }
            End::Failed => Err(run.attempt.failure.unwrap_or_else(|| {
                Failure::new(
                    FailureKind::StepFailed,
                    "a step failed before it was followed; try again to see it",
                )
            })),
            End::Stopped => failure(
                FailureKind::Interrupted,
                "something on the host told the run to stop, and it was neither a cancel nor a \
                 reboot. Find out what (`journalctl` there), and try again",
            ),
            _ => failure(
                FailureKind::RunnerLost,
                "the run vanished on the host without a word: out of memory, or killed by somebody. \
                 See `dmesg` and `journalctl` there, then try again: it begins with the checks",
            ),
        }
    }
}

/// All that the host has of the run is here: it may forget it one day, and keeps no
/// connection waiting.
async fn fetched(mut channel: Channel) {
    let _ = channel.send(b"fetched\n").await;
    channel.close().await;
}

fn busy(target: &Target, holder: &Holder) -> Failure {
    let Holder { installation, run, attempt, .. } = holder;
    Failure::new(
        FailureKind::HostBusy,
        format!(
            "{target} is busy with run {run} of installation {installation} (attempt {attempt}). \
             Try again when it has ended, or add --wait"
        ),
    )
}
