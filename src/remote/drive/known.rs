//! Attempts that the host has and that are not known here: an answer was lost on its way, or the
//! database was restored from a backup and has forgotten them. The host's word counts: they are
//! followed, one after the other, and what is there is not started again (promise 5).

use super::{Driver, Run};
use crate::model::{FailureKind, Happening, Outline};
use crate::remote::channel::Channel;
use crate::remote::failure::Failure;
use crate::remote::journal::End;

/// An attempt as its bundle brought it to the host.
pub(super) struct HostPlan {
    pub first: usize,
    pub outline: Outline,
    boot: String,
    digest: String,
}

/// What the host has of a run.
pub(super) enum Had {
    Nothing,
    /// A tombstone: it was cancelled before it began.
    Cancelled,
    /// The number of its last attempt.
    Attempt(u32),
}

impl Driver {
    /// Asks the host what it has of the run.
    pub(super) async fn ask_had(&self, channel: &mut Channel) -> Result<Had, Failure> {
        let command = format!("state {} {}", self.reporter.run, self.epoch());
        let answer = channel.ask(&command, &[]).await?;
        match answer.split(' ').collect::<Vec<_>>()[..] {
            ["state", "0", "none"] => Ok(Had::Nothing),
            ["state", "0", "cancelled"] => Ok(Had::Cancelled),
            ["state", "0", _] => Err(self.refused("ended")),
            ["state", last, _] => {
                let last = last.parse().map_err(|_| broken())?;
                Ok(Had::Attempt(last))
            }
            ["refused", ..] => Err(self.refused(answer.trim_start_matches("refused "))),
            _ => Err(broken()),
        }
    }

    /// Asks the host what an attempt of a run does.
    pub(super) async fn ask_plan(
        &self,
        channel: &mut Channel,
        run: &str,
        attempt: u32,
    ) -> Result<HostPlan, Failure> {
        let answer = channel.ask(&format!("plan {run} {attempt}"), &[]).await?;
        let ["plan", first, boot, digest, length] = answer.split(' ').collect::<Vec<_>>()[..]
        else {
            return Err(broken());
        };
        let (boot, digest) = (boot.to_owned(), digest.to_owned());
        let first = first.parse().map_err(|_| broken())?;
        let body = channel.body(length.parse().map_err(|_| broken())?).await?;
        let outline: Outline = serde_json::from_slice(&body).map_err(|_| broken())?;
        // One behind the last: nothing was left to do when a reboot came.
        if !(1..=outline.steps.len() + outline.handlers.len() + 1).contains(&first) {
            return Err(broken());
        }
        Ok(HostPlan { first, outline, boot, digest })
    }

    /// Takes what the host has as `number`: the attempt that was about to be started, or the one
    /// after that.
    pub(super) async fn learn(
        &mut self,
        channel: &mut Channel,
        run: &mut Run,
        number: u32,
    ) -> Result<(), Failure> {
        let HostPlan { first, outline, boot, digest } =
            self.ask_plan(channel, &self.reporter.run.clone(), number).await?;
        run.ours = digest == self.digest();
        if outline != run.outline {
            self.adopt_plan(&outline, digest).await?;
            run.outline = outline;
        }
        let secrets = self.secrets();
        let secrets = secrets.iter().map(String::as_str);
        let attempt = &run.attempt;
        run.attempt = if number == attempt.number {
            attempt.as_on_host(&run.outline, first, &boot, secrets)
        } else {
            let reboot = attempt.end == Some(End::Interrupted);
            run.again = attempt.journal.current().or(run.again).filter(|_| reboot);
            self.reporter
                .note(format!("The host has attempt {number} of this run already; following it."))
                .await;
            attempt.next(&run.outline, first, run.again, &boot, secrets)
        };
        Ok(())
    }

    /// The run has other steps on its host than were planned for it.
    async fn adopt_plan(&self, outline: &Outline, digest: String) -> Result<(), Failure> {
        let fleet = self.request.fleet.as_ref();
        if fleet.is_none_or(|fleet| !fleet.attempts.is_empty()) {
            return Err(Failure::new(
                FailureKind::IllegalJournal,
                "the host has other steps for this run than it began with, so it is not believed. \
                 Look into that host",
            ));
        }
        // Somebody before us has started it, while the job files were others.
        if fleet.is_some_and(|fleet| fleet.restored || fleet.epoch > 1) {
            let outline = outline.clone();
            self.reporter.now(Happening::PlanFound { outline, digest }).await;
            return Ok(());
        }
        Err(self.superseded("has this run already, with other steps"))
    }

    /// The host does not do it, and says why.
    pub(super) fn refused(&self, why: &str) -> Failure {
        if let Some(epoch) = why.strip_prefix("epoch ") {
            let ours = self.epoch();
            let knows =
                format!("has this run from a later driver (epoch {epoch}; here it is {ours})");
            return self.superseded(&knows);
        }
        let is_restored = self.request.fleet.as_ref().is_some_and(|fleet| fleet.restored);
        if why == "ended" && !is_restored {
            return Failure::new(
                FailureKind::StartRefused,
                "the run has ended on its host, which has forgotten how: it keeps the last 20. Ask for a \
                 new run: what is in place stays",
            );
        }
        if why == "ended" {
            return Failure::new(
                FailureKind::Restored,
                "the run has ended on its host, which has forgotten how: it keeps the last 20. It \
                 was not known here, for the database was restored from a backup. Ask for it again \
                 if you want to be sure: what is in place stays",
            );
        }
        Failure::new(
            FailureKind::StartRefused,
            format!(
                "the host refused to go on with the run ({why}): it was cancelled, or has ended"
            ),
        )
    }

    /// The host has something of the run that nobody of this database can have sent.
    fn superseded(&self, knows: &str) -> Failure {
        Failure::new(
            FailureKind::Superseded,
            format!(
                "{} {knows}. Either this database was restored from a backup: then stop the old \
                 installation for good, stop these roles, and run `groundcrew restored`, which takes \
                 the run up again. Or this installation is the old one: then end it for good",
                self.request.target
            ),
        )
    }

    /// The values to mask.
    fn secrets(&self) -> Vec<String> {
        match &self.request.fleet {
            Some(fleet) => fleet.secrets.clone(),
            None => self.request.plan.secrets().map(str::to_owned).collect(),
        }
    }
}

fn broken() -> Failure {
    Failure::new(FailureKind::IllegalJournal, "the host does not know the plan of its own run")
}
