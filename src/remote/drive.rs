//! Drives a run on a host to its end, whatever happens to the line and the host
//! on the way: this is what `apply` does (and what a worker does).
//!
//! Promises 5 and 6: one start of a step for each attempt; a new attempt only
//! after the host has shown that the former is dead; a cut line stops nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep};

use super::bundle::{Mode, bundle};
use super::channel::{Channel, Facts, Holder};
use super::failure::Failure;
use super::follow::{Attempt, follow};
use super::host_key::{self, HostKey};
use super::journal::End;
use super::report::Reporter;
use super::ssh::Ssh;
use super::target::Target;
use crate::model::{Event, FailureKind, Happening, Outline, Plan, PlannedStep};

/// A host may be away so long before we stop waiting for it. It goes on without us.
const AWAY: Duration = Duration::from_secs(15 * 60);
/// After its runner was stopped, a host that does not reboot within this did not mean to.
const REBOOT: Duration = Duration::from_secs(60);
/// Who waits for a busy host asks so often.
const BUSY: Duration = Duration::from_secs(2);

/// What is to be done, and where.
#[derive(Debug, Clone)]
pub struct Request {
    /// The way to the hosts.
    pub ssh: Arc<Ssh>,
    /// This one.
    pub target: Target,
    /// What is to be done there.
    pub plan: Arc<Plan>,
    /// Really, or only asked.
    pub mode: Mode,
    /// Also on a system that a job was not tested on.
    pub untested_system: bool,
    /// Who asks; the last runs of each installation are kept on the host.
    pub installation: String,
    /// Fingerprints that the person vouched for.
    pub fingerprints: Vec<String>,
}

/// What only a person, or the command line, can decide.
#[derive(Debug)]
pub enum Question {
    /// Is this the host's key? Asked where none is known.
    HostKey(Target, HostKey, oneshot::Sender<bool>),
    /// Another run has the host: what now?
    Busy(Target, Holder, oneshot::Sender<Decision>),
}

/// What to do about a busy host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: fail.
    GiveUp,
    /// Start when it is free.
    Wait,
    /// Show what it does instead.
    Follow,
}

/// What the person wants of a run that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// That it goes on.
    GoOn,
    /// That it stops, and nothing of it stays.
    Cancel,
    /// To go away; the host goes on by itself.
    Leave,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All steps are in place, or (with `--plan`) were asked.
    Completed,
    /// It failed; the event says why.
    Failed,
    /// The host confirmed the cancel.
    Cancelled,
    /// We left; the host goes on.
    Left,
}

/// Does what is requested, and reports it. The last event is the run's end.
pub async fn drive(
    request: Request,
    events: mpsc::Sender<Event>,
    questions: mpsc::Sender<Question>,
    wish: watch::Receiver<Wish>,
) -> Outcome {
    let run = uuid::Uuid::now_v7().to_string();
    let reporter = Reporter { run, host: request.target.to_string(), events };
    let mut driver = Driver { request, reporter, questions, wish, started: false };
    match driver.drive().await {
        Ok(outcome) => outcome,
        Err(Failure { kind, message }) => {
            driver.reporter.now(Happening::RunFailed { kind, error: message }).await;
            if kind == FailureKind::Left { Outcome::Left } else { Outcome::Failed }
        }
    }
}

struct Driver {
    request: Request,
    reporter: Reporter,
    questions: mpsc::Sender<Question>,
    wish: watch::Receiver<Wish>,
    /// Whether the host may have the run: from then on it goes on without us.
    started: bool,
}

/// A run that the host has, or is about to have.
struct Run {
    outline: Outline,
    attempt: Attempt,
    /// The step that the attempt begins with.
    first: usize,
    /// Which boot of the host the attempt belongs to.
    boot: String,
    /// Whether the host said that it has it.
    started: bool,
}

impl Driver {
    async fn drive(&mut self) -> Result<Outcome, Failure> {
        let (channel, run) = self.begin().await?;
        let mut run = run;
        let mut channel = Some(channel);
        loop {
            let (mut open, facts) = match channel.take() {
                Some((open, facts)) => (open, facts),
                None => self.reconnect(&mut run).await?,
            };
            let followed = self.follow(&mut open, &facts, &mut run).await;
            match followed {
                Ok(End::Interrupted | End::Unstarted) => {
                    open.close().await;
                    channel = Some(self.next_attempt(&mut run).await?);
                }
                Ok(end) => return self.finish(open, run, end).await,
                Err(failure) if failure.kind == FailureKind::Unreachable => {
                    self.reporter
                        .note(format!("{failure}. The run goes on there; connecting again."))
                        .await;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Connects, and finds what to do: a new run, or one that is going on.
    async fn begin(&mut self) -> Result<((Channel, Facts), Run), Failure> {
        loop {
            let (mut channel, facts) = self.connect_asking().await?;
            self.check_system(&facts)?;
            let digest = self.request.plan.digest();
            let Some(holder) = &facts.holder else {
                let run = self.new_run(&facts);
                self.report_plan(&run.outline).await;
                return Ok(((channel, facts), run));
            };
            let same = holder.digest == digest && self.request.mode == Mode::Apply;
            if same || self.ask_busy(holder).await? {
                let run = self.adopt(&mut channel, holder, &facts, same).await?;
                return Ok(((channel, facts), run));
            }
            channel.close().await;
            self.pause(BUSY).await?;
        }
    }

    fn new_run(&self, facts: &Facts) -> Run {
        let outline = self.request.plan.outline();
        let mut attempt = Attempt::new(1, &outline, 1, Some(self.request.plan.secrets()));
        attempt.asks_only = self.request.mode == Mode::Plan;
        Run { outline, attempt, first: 1, boot: facts.boot.clone(), started: false }
    }

    /// Follows a run that somebody else started, from its attempt's beginning.
    async fn adopt(
        &mut self,
        channel: &mut Channel,
        holder: &Holder,
        facts: &Facts,
        same: bool,
    ) -> Result<Run, Failure> {
        let answer = channel.ask(&format!("plan {} {}", holder.run, holder.attempt), &[]).await?;
        let words: Vec<&str> = answer.split(' ').collect();
        let broken = || {
            Failure::new(
                FailureKind::IllegalJournal,
                "the host does not know the plan of its own run",
            )
        };
        let ["plan", first, length] = words[..] else { return Err(broken()) };
        let body = channel.body(length.parse().map_err(|_| broken())?).await?;
        let outline: Outline = serde_json::from_slice(&body).map_err(|_| broken())?;
        let first = first.parse().map_err(|_| broken())?;
        self.reporter.run = holder.run.clone();
        self.started = true;
        let secrets = (same || !outline.secrets).then(|| self.request.plan.secrets());
        let attempt = Attempt::new(holder.attempt, &outline, first, secrets);
        self.report_plan(&outline).await;
        self.reporter
            .note(format!(
                "{} is at it already; following run {}.",
                self.request.target, holder.run
            ))
            .await;
        if !same && outline.secrets {
            self.reporter
                .note("Its output is not shown: it may hold secrets that are not known here.")
                .await;
        }
        self.reporter.now(Happening::RunStarted { followed: true }).await;
        Ok(Run { outline, attempt, first, boot: facts.boot.clone(), started: true })
    }

    async fn report_plan(&self, outline: &Outline) {
        let steps =
            outline.steps.iter().map(|step| PlannedStep { step: step.clone(), in_place: None });
        let jobs = outline.jobs.clone();
        self.reporter.now(Happening::RunPlanned { jobs, steps: steps.collect() }).await;
    }

    fn check_system(&self, facts: &Facts) -> Result<(), Failure> {
        let untested = |job: &&crate::model::PlannedJob| {
            !job.systems.is_empty() && !job.systems.contains(&facts.system)
        };
        match self.request.plan.jobs.iter().find(untested) {
            Some(job) if !self.request.untested_system => Err(Failure::new(
                FailureKind::UntestedSystem,
                format!(
                    "{} runs {}, and the job {} was tested on {} only. \
                     To try it all the same, add --untested-system",
                    self.request.target,
                    if facts.system.is_empty() { "an unknown system" } else { &facts.system },
                    job.name,
                    job.systems.join(", "),
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Starts the attempt if the host has not said that it has it, then follows it.
    async fn follow(
        &mut self,
        channel: &mut Channel,
        facts: &Facts,
        run: &mut Run,
    ) -> Result<End, Failure> {
        if !run.started {
            self.start(channel, facts, run).await?;
            run.started = true;
        } else if run.attempt.number > 0 {
            // A runner that died while we were away is noticed at once, not by the heartbeat.
            let answer = channel.ask(&format!("state {} 1", self.reporter.run), &[]).await?;
            if answer == "state 0 none" {
                return Err(Failure::new(
                    FailureKind::RunnerLost,
                    "the host knows nothing of the run any more; was it reinstalled? Apply again",
                ));
            }
        }
        let reporter = self.reporter.clone();
        let following = follow(channel, &mut run.attempt, &run.outline, &reporter);
        tokio::pin!(following);
        loop {
            tokio::select! {
                end = &mut following => return end,
                wish = wished(&mut self.wish) => match wish {
                    Wish::Leave => return Err(self.left()),
                    Wish::Cancel => self.cancel(),
                    Wish::GoOn => {}
                },
            }
        }
    }

    async fn start(
        &mut self,
        channel: &mut Channel,
        facts: &Facts,
        run: &mut Run,
    ) -> Result<(), Failure> {
        let Request { plan, mode, installation, .. } = &self.request;
        let (id, number) = (&self.reporter.run, run.attempt.number);
        let identity = format!("{installation} {id} {number} {}", plan.digest());
        let tar = bundle(plan, *mode, run.first, &identity)
            .map_err(|error| Failure::internal("packing what the host needs", error))?;
        let command = format!("start {id} {number} 1 {installation} {}", tar.len());
        self.started = true;
        let answer = channel.ask(&command, &tar).await?;
        run.boot = facts.boot.clone();
        match answer.split_once(' ').unwrap_or((&answer, "")) {
            ("started", _) => {
                if number == 1 {
                    self.reporter.now(Happening::RunStarted { followed: false }).await;
                }
                Ok(())
            }
            ("busy", holder) => Err(busy(&self.request.target, Holder::parse(holder).as_ref())),
            ("refused", "no_space") => Err(Failure::new(
                FailureKind::DiskFull,
                "the host's disk is full, so the run can't even be written there. Make room (`df -h`), then apply again",
            )),
            ("refused", why) => Err(Failure::new(
                FailureKind::StartRefused,
                format!(
                    "the host refused to start the run ({why}): it was cancelled, has ended, or is driven by another"
                ),
            )),
            _ => Err(Failure::new(
                FailureKind::Internal,
                format!("the host answered {answer:?} to a start"),
            )),
        }
    }

    /// The host went down, or its runner never began: on with a new attempt, once
    /// the host has shown that the former one is dead.
    async fn next_attempt(&mut self, run: &mut Run) -> Result<(Channel, Facts), Failure> {
        let since = Instant::now();
        let first = run.attempt.journal.resume_at();
        let title = run.outline.step(first).map(|step| step.title.clone()).unwrap_or_default();
        if run.attempt.current == run.attempt.again && run.attempt.again.is_some() {
            return Err(Failure::new(
                FailureKind::InterruptedTwice,
                format!(
                    "{title} was interrupted by a reboot twice. Does it reboot the host? See its output"
                ),
            ));
        }
        let (mut channel, facts) = loop {
            let (channel, facts) = self.reconnect(run).await?;
            if facts.boot != run.boot {
                break (channel, facts);
            }
            channel.close().await;
            if since.elapsed() > REBOOT {
                return Err(Failure::new(
                    FailureKind::Interrupted,
                    format!(
                        "something on the host stopped the run (not a reboot) at {title}. Find out what, and apply again"
                    ),
                ));
            }
            self.pause(Duration::from_millis(500)).await?;
        };
        channel.ask("up", &[]).await?;
        let answer = channel.ask(&format!("state {} 1", self.reporter.run), &[]).await?;
        if answer.ends_with(" running") {
            return Err(Failure::new(
                FailureKind::StartRefused,
                "the host says that the former attempt is still running",
            ));
        }
        let again = run.attempt.current;
        let changed = run.attempt.changed;
        run.first = first;
        run.attempt = Attempt::new(
            run.attempt.number + 1,
            &run.outline,
            first,
            Some(self.request.plan.secrets()),
        );
        (run.attempt.again, run.attempt.changed, run.started) = (again, changed, false);
        self.reporter
            .note(match again {
                Some(_) => {
                    format!("The host rebooted in the middle of {title}; it is started again.")
                }
                None => format!("The host rebooted; going on with {title}."),
            })
            .await;
        Ok((channel, facts))
    }

    async fn finish(
        &mut self,
        mut channel: Channel,
        run: Run,
        end: End,
    ) -> Result<Outcome, Failure> {
        // The host may forget the run one day, and keeps no connection waiting.
        let _ = channel.send(b"fetched\n").await;
        channel.close().await;
        let failure = |kind, message: &str| Err(Failure::new(kind, message));
        match end {
            End::Completed if self.request.mode == Mode::Plan => {
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
                    "a step failed before it was followed; apply again to see it",
                )
            })),
            End::Busy => failure(
                FailureKind::HostBusy,
                "another run took the host a moment before; apply again",
            ),
            _ => failure(
                FailureKind::RunnerLost,
                "the run vanished on the host without a word: out of memory, or killed by somebody. \
                 See `dmesg` and `journalctl` there, then apply again: it begins with the checks",
            ),
        }
    }

    /// The first connection: nothing is tried twice, but an unknown key is asked about.
    async fn connect_asking(&mut self) -> Result<(Channel, Facts), Failure> {
        let Request { ssh, target, .. } = &self.request;
        let session = match ssh.connect(target).await {
            Err(failure) if failure.kind == FailureKind::HostKeyUnknown => {
                self.accept_host_key().await?;
                ssh.connect(target).await?
            }
            other => other?,
        };
        Channel::open(session).await
    }

    async fn accept_host_key(&self) -> Result<(), Failure> {
        let Request { ssh, target, fingerprints, .. } = &self.request;
        let key = host_key::learn(ssh, target, fingerprints).await?;
        let (answer, answered) = oneshot::channel();
        let _ = self.questions.send(Question::HostKey(target.clone(), key.clone(), answer)).await;
        if !answered.await.unwrap_or(false) {
            return Err(Failure::new(
                FailureKind::HostKeyUnknown,
                format!(
                    "the host key of {target} is not known: {} {}. Compare it with what the host's console \
                     shows (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`), then name it with \
                     --fingerprint, or trust whatever answers first with --accept-new",
                    key.algorithm, key.fingerprint
                ),
            ));
        }
        host_key::accept(ssh, target, &key)
            .await
            .map_err(|error| Failure::internal("adding the host key to the known ones", error))
    }

    async fn ask_busy(&self, holder: &Holder) -> Result<bool, Failure> {
        let target = &self.request.target;
        let (answer, answered) = oneshot::channel();
        let _ = self.questions.send(Question::Busy(target.clone(), holder.clone(), answer)).await;
        match answered.await.unwrap_or(Decision::GiveUp) {
            Decision::GiveUp => Err(busy(target, Some(holder))),
            Decision::Wait => Ok(false),
            Decision::Follow => Ok(true),
        }
    }

    /// Connects again until it works, for as long as a host may be away.
    async fn reconnect(&mut self, run: &mut Run) -> Result<(Channel, Facts), Failure> {
        let since = Instant::now();
        let mut delay = Duration::from_millis(200);
        let mut told = false;
        loop {
            let failure = match self.request.ssh.connect(&self.request.target).await {
                Ok(session) => match Channel::open(session).await {
                    Ok(open) => return Ok(open),
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            if matches!(failure.kind, FailureKind::HostKeyChanged | FailureKind::HostKeyUnknown) {
                return Err(failure);
            }
            if since.elapsed() > AWAY {
                let goes_on = if run.started {
                    "The host may still be at it; apply again follows it there"
                } else {
                    ""
                };
                return Err(Failure::new(
                    FailureKind::Unreachable,
                    format!(
                        "the host was away for {} minutes. {goes_on}: {failure}",
                        AWAY.as_secs() / 60
                    ),
                ));
            }
            if !told && since.elapsed() > Duration::from_secs(3) {
                told = true;
                self.reporter
                    .note(format!(
                        "Still no connection ({failure}); trying on for {} minutes.",
                        AWAY.as_secs() / 60
                    ))
                    .await;
            }
            self.pause(delay).await?;
            delay = (delay * 2).min(Duration::from_secs(5));
        }
    }

    /// Waits, but not for somebody who wants to leave. A little of chance keeps
    /// many hosts from being asked at the same moment.
    async fn pause(&mut self, time: Duration) -> Result<(), Failure> {
        let chance = u32::from(uuid::Uuid::new_v4().as_bytes()[0]);
        let wish = tokio::select! {
            () = sleep(time + time * chance / 1024) => return Ok(()),
            wish = wished(&mut self.wish) => wish,
        };
        match wish {
            Wish::GoOn => Ok(()),
            Wish::Cancel if self.started => {
                self.cancel();
                Ok(())
            }
            Wish::Leave | Wish::Cancel => Err(self.left()),
        }
    }

    fn left(&self) -> Failure {
        let target = &self.request.target;
        let message = if self.started {
            format!("left alone: {target} goes on by itself; apply again follows it")
        } else {
            format!("nothing was started on {target}")
        };
        Failure::new(FailureKind::Left, message)
    }

    /// Cancels over a connection of its own: the one that follows may be stuck, and
    /// a host may allow but two channels on it. The journal tells how it ended.
    fn cancel(&self) {
        let Request { ssh, target, .. } = self.request.clone();
        let reporter = self.reporter.clone();
        tokio::spawn(async move {
            reporter.note("Cancelling on the host …").await;
            let cancelled = async {
                let (mut channel, _) = Channel::open(ssh.connect(&target).await?).await?;
                let answer = channel.ask(&format!("cancel {} 1", reporter.run), &[]).await?;
                channel.close().await;
                Ok::<_, Failure>(answer)
            };
            if let Err(failure) = cancelled.await {
                reporter
                    .note(format!(
                        "The cancel did not get through: {failure}. Press Ctrl-C to try again."
                    ))
                    .await;
            }
        });
    }
}

fn busy(target: &Target, holder: Option<&Holder>) -> Failure {
    let with = holder.map_or_else(
        || "another run".to_owned(),
        |h| format!("run {} of installation {} (attempt {})", h.run, h.installation, h.attempt),
    );
    Failure::new(
        FailureKind::HostBusy,
        format!("{target} is busy with {with}. Apply again when it has ended, or add --wait"),
    )
}

/// What the person wants now, once that is something else; never, if nobody can ask.
async fn wished(wish: &mut watch::Receiver<Wish>) -> Wish {
    if wish.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    *wish.borrow_and_update()
}
