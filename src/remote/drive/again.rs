//! A new attempt: after a reboot, or where the former one never began. It is
//! started only after the host has shown that the former one is dead (promise 5).

use std::time::Duration;

use tokio::time::Instant;

use super::{Driver, Run};
use crate::model::FailureKind;
use crate::remote::channel::{Channel, Facts};
use crate::remote::failure::Failure;
use crate::remote::journal::End;

/// A host that was going down, and after this is up and has not, does not reboot.
const REBOOT: Duration = Duration::from_secs(60);
/// How long to wait before the host is asked again whether it is another boot.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// An attempt that never began is followed by another so often.
const MOST_UNSTARTED: u32 = 3;

impl Driver {
    /// The host went down: on with a new attempt once it is back.
    pub(super) async fn after_reboot(
        &mut self,
        run: &mut Run,
    ) -> Result<(Channel, Facts), Failure> {
        let first = run.attempt.journal.resume_at();
        let interrupted = run.attempt.journal.current();
        let title = run.outline.step(first).map_or("the end", |step| &step.title).to_owned();
        if interrupted.is_some() && interrupted == run.again {
            return Err(Failure::new(
                FailureKind::InterruptedTwice,
                format!(
                    "{title} was interrupted by a reboot twice. Does it reboot the host? See its output"
                ),
            ));
        }
        if !run.ours {
            return Err(Failure::new(
                FailureKind::Interrupted,
                format!(
                    "the host rebooted in the middle of {title}. Only who started this run can go on \
                     with it, and only with the same job; ask again for your own"
                ),
            ));
        }
        self.reporter.note("The host went down; waiting until it is back.").await;
        run.again = interrupted.or(run.again);
        let open = self.come_back(run, true).await?;
        run.news = Some(match interrupted {
            Some(_) => format!("The host rebooted in the middle of {title}; it is started again."),
            None => format!("The host rebooted; going on with {title}."),
        });
        self.next_attempt(open, run).await
    }

    /// The host took the attempt, and something kept its runner from beginning.
    pub(super) async fn after_nothing(
        &mut self,
        run: &mut Run,
    ) -> Result<(Channel, Facts), Failure> {
        run.unstarted += 1;
        if run.unstarted > MOST_UNSTARTED || !run.ours {
            return Err(Failure::new(
                FailureKind::RunnerLost,
                "the host took the run, and it never began there. See `journalctl -u 'groundcrew-*'` \
                 there for the cause, then try again",
            ));
        }
        run.news = Some("It never began on the host, and is started again.".to_owned());
        let open = self.come_back(run, false).await?;
        self.next_attempt(open, run).await
    }

    /// Connects to a host that has come up, in another boot if it has to be.
    async fn come_back(
        &mut self,
        run: &Run,
        another_boot: bool,
    ) -> Result<(Channel, Facts), Failure> {
        let since = Instant::now();
        loop {
            let (mut channel, facts) = self.reconnect().await?;
            // Waits until it has come up.
            let Ok(state) = channel.ask("up", &[]).await else { continue };
            let going_down = state == "up stopping";
            if !going_down && (facts.boot != run.attempt.boot || !another_boot) {
                return Ok((channel, facts));
            }
            channel.close().await;
            if !going_down && since.elapsed() > REBOOT {
                return Err(Failure::new(
                    FailureKind::Interrupted,
                    "the host was about to go down, and did not. Find out why, and try again",
                ));
            }
            self.pause(ASK_AGAIN).await?;
        }
    }

    /// Whether a person wants another attempt after this end.
    pub(super) fn retries(&self, run: &Run, end: End) -> bool {
        let retry = self.request.fleet.as_ref().and_then(|fleet| fleet.retry);
        !matches!(end, End::Completed | End::Cancelled)
            && !self.cancelling
            && retry.is_some_and(|retry| run.attempt.number <= retry.after)
    }

    /// The attempt failed, and a person wants another one.
    pub(super) async fn after_failure(
        &mut self,
        run: &mut Run,
    ) -> Result<(Channel, Facts), Failure> {
        if !run.ours {
            return Err(Failure::new(
                FailureKind::JobChanged,
                "the steps of the job have changed since the run was asked for, so it can't go on. \
                 Ask for a new run: what is in place stays",
            ));
        }
        if self.reporter.has_untold() {
            let number = run.attempt.number;
            self.reporter.note(format!("Attempt {number} has failed on the host.")).await;
        }
        let retry = self.request.fleet.as_ref().and_then(|fleet| fleet.retry);
        let first = retry.and_then(|retry| retry.from).unwrap_or(run.attempt.journal.resume_at());
        let title = run.outline.step(first).map_or("the end", |step| &step.title).to_owned();
        run.news = Some(format!("Tried again, from: {title}."));
        run.again = None;
        let open = self.come_back(run, false).await?;
        self.begin_attempt(open, run, first).await
    }

    async fn next_attempt(
        &self,
        open: (Channel, Facts),
        run: &mut Run,
    ) -> Result<(Channel, Facts), Failure> {
        let first = run.attempt.journal.resume_at();
        self.begin_attempt(open, run, first).await
    }

    async fn begin_attempt(
        &self,
        (mut channel, facts): (Channel, Facts),
        run: &mut Run,
        first: usize,
    ) -> Result<(Channel, Facts), Failure> {
        let number = run.attempt.number;
        // Also closes the former one, if nobody has.
        let answer =
            channel.ask(&format!("state {} {}", self.reporter.run, self.epoch()), &[]).await?;
        if answer == format!("state {number} running") {
            return Err(Failure::new(
                FailureKind::StartRefused,
                "the host says that the former attempt is still running",
            ));
        }
        let secrets = self.request.plan.secrets();
        run.attempt = run.attempt.next(&run.outline, first, run.again, &facts.boot, secrets);
        run.started = false;
        Ok((channel, facts))
    }
}
