//! The line to the host: connects, asks what only a person can decide, connects
//! again for as long as a host may be away, and always hears who wants to leave.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep};
use tracing::Instrument;

use super::{Decision, Driver, Question, Request, Wish, busy};
use crate::model::{FailureKind, Happening};
use crate::remote::channel::{Channel, Facts, Holder};
use crate::remote::failure::Failure;
use crate::remote::host_key;

/// A host may be away so long before we stop waiting for it. It goes on without us.
const AWAY: Duration = Duration::from_secs(15 * 60);

impl Driver {
    async fn connect(&mut self) -> Result<(Channel, Facts), Failure> {
        let Request { ssh, target, .. } = self.request.clone();
        self.heeding(async move { Channel::open(ssh.connect(&target).await?).await }).await
    }

    /// Does what takes its time, but not for somebody who wants to leave.
    async fn heeding<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                wish = wished(&mut self.wish) => self.heed(wish)?,
            }
        }
    }

    /// The first connection: nothing is tried twice, but an unknown key is asked about.
    pub(super) async fn connect_asking(&mut self) -> Result<(Channel, Facts), Failure> {
        match self.connect().await {
            Err(failure) if failure.kind == FailureKind::HostKeyUnknown => {
                self.accept_host_key().await?;
                self.connect().await
            }
            other => other,
        }
    }

    async fn accept_host_key(&mut self) -> Result<(), Failure> {
        let Request { ssh, target, fingerprints, .. } = self.request.clone();
        let questions = self.questions.clone();
        self.heeding(async move {
            let key = host_key::learn(&ssh, &target, &fingerprints).await?;
            let (answer, answered) = oneshot::channel();
            let _ = questions.send(Question::HostKey(target.clone(), key.clone(), answer)).await;
            if !answered.await.unwrap_or(false) {
                let otherwise = ", or trust whatever answers first with --accept-new";
                return Err(host_key::refused(&target, &key, &fingerprints, otherwise));
            }
            host_key::accept(&ssh, &target, &key)
                .await
                .map_err(|error| Failure::internal("adding the host key to the known ones", error))
        })
        .await
    }

    /// Whether to follow the run that has the host; else it is to be waited for.
    pub(super) async fn ask_busy(&self, holder: &Holder) -> Result<bool, Failure> {
        let target = &self.request.target;
        let (answer, answered) = oneshot::channel();
        let _ = self.questions.send(Question::Busy(target.clone(), holder.clone(), answer)).await;
        match answered.await.unwrap_or(Decision::GiveUp) {
            Decision::GiveUp => Err(busy(target, holder)),
            Decision::Wait => Ok(false),
            Decision::Follow => Ok(true),
        }
    }

    /// Whether what failed just now did because a Ctrl-C at the terminal reached our ssh,
    /// too; then the person has been asked meanwhile, and goes on.
    pub(super) async fn was_interrupted(&mut self) -> Result<bool, Failure> {
        // The signal came at the same moment, and is heard at once.
        sleep(Duration::from_millis(100)).await;
        if *self.wish.borrow() == Wish::GoOn {
            return Ok(false);
        }
        loop {
            let wish = *self.wish.borrow_and_update();
            match wish {
                Wish::GoOn => return Ok(true),
                Wish::Undecided => drop(wished(&mut self.wish).await),
                Wish::Leave | Wish::Cancel => return Err(self.left()),
            }
        }
    }

    /// Connects until it works, for as long as a host may be away.
    pub(super) async fn reconnect(&mut self) -> Result<(Channel, Facts), Failure> {
        let since = Instant::now();
        let (patience, before) = self.patience();
        let mut delay = Duration::from_millis(200);
        let mut told = false;
        loop {
            let failure = match self.connect().await {
                Ok(open) => {
                    self.seen = true;
                    if (told || !before.is_zero()) && self.request.fleet.is_some() {
                        self.reporter.now(Happening::HostBack).await;
                    }
                    return Ok(open);
                }
                Err(failure) => failure,
            };
            let final_one = match failure.kind {
                FailureKind::Unreachable => false,
                FailureKind::HostKeyChanged | FailureKind::HostKeyUnknown | FailureKind::Left => {
                    true
                }
                // A host that has the run may be half up, and say what it will not say later.
                _ => !self.seen,
            };
            if final_one {
                return Err(failure);
            }
            let minutes = patience.as_secs().div_ceil(60);
            if before + since.elapsed() > patience {
                let goes_on = if self.started {
                    " The host may still be at it; trying again follows it there"
                } else {
                    ""
                };
                return Err(Failure::new(
                    FailureKind::Unreachable,
                    format!("the host was away for {minutes} minutes ({failure}).{goes_on}"),
                ));
            }
            if !told && since.elapsed() > Duration::from_secs(3) {
                told = true;
                let what = if self.request.fleet.is_some() {
                    Happening::HostAway { error: failure.message }
                } else {
                    let text = format!(
                        "Still no connection ({failure}); trying on for {minutes} minutes."
                    );
                    Happening::Note { text }
                };
                self.reporter.now(what).await;
            }
            self.pause(delay).await?;
            delay = (delay * 2).min(Duration::from_secs(5));
        }
    }

    /// How long the host may be away, and how long it was before we came.
    fn patience(&self) -> (Duration, Duration) {
        let Some(fleet) = &self.request.fleet else { return (AWAY, Duration::ZERO) };
        let before = fleet.away_since.map(|since| Timestamp::now().duration_since(since));
        let before = before.and_then(|before| Duration::try_from(before).ok()).unwrap_or_default();
        (fleet.patience, before)
    }

    /// Waits, but not for somebody who wants to leave. A little of chance keeps
    /// many hosts from being asked at the same moment.
    pub(super) async fn pause(&mut self, time: Duration) -> Result<(), Failure> {
        let chance = u32::from(uuid::Uuid::new_v4().as_bytes()[0]);
        self.heeding(async move {
            sleep(time + time * chance / 1024).await;
            Ok(())
        })
        .await
    }

    /// Does what the person wants, which may be that we end here.
    pub(super) fn heed(&mut self, wish: Wish) -> Result<(), Failure> {
        match wish {
            Wish::GoOn | Wish::Undecided => Ok(()),
            Wish::Cancel if self.started => {
                self.cancelling = true;
                self.cancel();
                Ok(())
            }
            Wish::Leave | Wish::Cancel => Err(self.left()),
        }
    }

    /// Cancels over a connection of its own: the one that follows may be stuck, and
    /// a host may allow but two channels on it. The journal tells how it ended.
    fn cancel(&self) {
        let Request { ssh, target, .. } = self.request.clone();
        let (reporter, epoch) = (self.reporter.clone(), self.epoch());
        let then = match self.request.fleet {
            Some(_) => "It is cancelled as soon as the host can be reached",
            None => "Press Ctrl-C to try again",
        };
        let cancelling = async move {
            reporter.note("Cancelling on the host …").await;
            let cancelled = async {
                let (mut channel, _) = Channel::open(ssh.connect(&target).await?).await?;
                let command = format!("cancel {} {epoch}", reporter.run);
                let answer = channel.ask(&command, &[]).await?;
                channel.close().await;
                Ok::<_, Failure>(answer)
            };
            let why = match cancelled.await {
                Ok(answer) if answer == "ended running" => {
                    "something does not even die by KILL".into()
                }
                Ok(answer) if answer.starts_with("refused") => format!("the host {answer}"),
                Ok(_) => return,
                Err(failure) => failure.message,
            };
            reporter.note(format!("The cancel did not get through: {why}. {then}.")).await;
        };
        tokio::spawn(cancelling.in_current_span());
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
}

/// What the person wants now, once that is something else; never, if nobody can ask.
pub(super) async fn wished(wish: &mut watch::Receiver<Wish>) -> Wish {
    if wish.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    *wish.borrow_and_update()
}
