//! How a run begins: anew, where the host is free; where its attempts stand, as the store
//! knows them; or by following what somebody else has the host do.

use std::time::Duration;

use super::known::HostPlan;
use super::{Driver, Run};
use crate::model::{FailureKind, Happening, Outline, PlannedJob, PlannedStep};
use crate::remote::bundle::Mode;
use crate::remote::channel::{Channel, Facts, Holder};
use crate::remote::failure::Failure;
use crate::remote::follow::Attempt;

/// Who waits for a busy host asks so often.
const BUSY: Duration = Duration::from_secs(2);
/// The digest of a run that only asks (`--plan`) begins with this.
const ASKS_ONLY: &str = "plan-";

impl Driver {
    /// Connects, and finds what to do: a new run, or one that is going on.
    pub(super) async fn begin(&mut self) -> Result<((Channel, Facts), Run), Failure> {
        let mut waits_for = String::new();
        loop {
            let connected = match self.request.fleet {
                // Nobody is there to try it once more.
                Some(_) => self.reconnect().await,
                None => self.connect_asking().await,
            };
            let (mut channel, facts) = match connected {
                Err(_) if self.was_interrupted().await? => continue,
                connected => connected?,
            };
            self.check_system(&facts)?;
            // Our own run, perhaps: who had it before us was killed before it could say so.
            let Some(holder) = facts.holder.as_ref().filter(|h| h.run != self.reporter.run) else {
                let run = self.new_run(&facts);
                self.report_plan(&run.outline).await;
                return Ok(((channel, facts), run));
            };
            let same = self.request.fleet.is_none() && holder.digest == self.digest();
            if same || self.ask_busy(holder).await? {
                let run = self.adopt(&mut channel, holder, &facts, same).await?;
                return Ok(((channel, facts), run));
            }
            if waits_for != holder.run {
                waits_for = holder.run.clone();
                let Holder { installation, run, .. } = holder;
                self.reporter
                    .note(format!(
                        "{} is busy with run {run} of installation {installation}. Waiting until it has ended.",
                        self.request.target
                    ))
                    .await;
            }
            channel.close().await;
            self.pause(BUSY).await?;
        }
    }

    /// What the run does, as other runs of this host see it.
    pub(super) fn digest(&self) -> String {
        let digest = self.request.plan.digest();
        match self.request.mode {
            Mode::Apply => digest,
            Mode::Plan => format!("{ASKS_ONLY}{digest}"),
        }
    }

    fn new_run(&self, facts: &Facts) -> Run {
        let outline = self.request.plan.outline();
        let secrets = self.request.plan.secrets();
        let mut attempt = Attempt::new(1, &outline, 1, &facts.boot, Some(secrets));
        attempt.asks_only = self.request.mode == Mode::Plan;
        Run::new(outline, attempt)
    }

    /// The run as its last attempt stands, if the store knows of one.
    pub(super) fn restore(&self) -> Result<Option<Run>, Failure> {
        let Some(fleet) = &self.request.fleet else { return Ok(None) };
        let attempt = Attempt::restore(&fleet.attempts, &fleet.outline, &fleet.secrets).map_err(
            |illegal| Failure::internal("reading what the store has of the run", illegal),
        )?;
        let Some(attempt) = attempt else { return Ok(None) };
        self.reporter.attempt(attempt.record());
        let again = fleet.attempts.iter().rev().find_map(|record| record.again);
        let run = Run::new(fleet.outline.clone(), attempt);
        Ok(Some(Run { started: true, ours: fleet.same_plan, again, ..run }))
    }

    /// Follows a run that somebody else started, from its attempt's beginning.
    async fn adopt(
        &mut self,
        channel: &mut Channel,
        holder: &Holder,
        facts: &Facts,
        same: bool,
    ) -> Result<Run, Failure> {
        let HostPlan { first, outline, .. } =
            self.ask_plan(channel, &holder.run, holder.attempt).await?;
        self.reporter.run = holder.run.clone();
        self.started = true;
        let secrets = (same || !outline.secrets).then(|| self.request.plan.secrets());
        let mut attempt = Attempt::new(holder.attempt, &outline, first, &facts.boot, secrets);
        attempt.asks_only = holder.digest.starts_with(ASKS_ONLY);
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
        Ok(Run { started: true, ours: same, ..Run::new(outline, attempt) })
    }

    async fn report_plan(&self, outline: &Outline) {
        let steps =
            outline.steps.iter().map(|step| PlannedStep { step: step.clone(), in_place: None });
        let jobs = outline.jobs.clone();
        self.reporter.now(Happening::RunPlanned { jobs, steps: steps.collect() }).await;
    }

    fn check_system(&self, facts: &Facts) -> Result<(), Failure> {
        let untested =
            |job: &&PlannedJob| !job.systems.is_empty() && !job.systems.contains(&facts.system);
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
}
