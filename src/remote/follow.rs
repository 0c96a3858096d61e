//! Follows an attempt: reads its journal and its output from where we stand, and
//! reports both as events, each step's output before its end.
//!
//! What an [`Attempt`] knows outlives the channel: after a cut, [`follow`] goes
//! on with the next channel from the same offsets.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep_until};

use super::channel::{Channel, cut, mark};
use super::failure::Failure;
use super::journal::{End, Illegal, Journal, Line, MAX_LINE, What};
use super::output::Output;
use super::report::{Reporter, step_failure};
use crate::model::{AttemptRecord, FailureKind, Happening, Outline, StepRef};

/// The host says that the line is up every 2 s; after this long it is not.
/// Long enough for a host that has too much to do.
const SILENCE: Duration = Duration::from_secs(15);
/// Output waits so long for the journal's word which step it belongs to.
const SETTLE: Duration = Duration::from_millis(80);
/// The journal's word counts after so long without the output that belongs to it, if
/// the line is up: a loss of power, or a program, can take output that the journal tells of.
const MISSING: Duration = Duration::from_secs(5);
/// More output than this is not gathered, in bytes: there may be many such events on their way.
const MOST_AT_ONCE: usize = 1 << 16;
/// More than this is not held back until the journal says which step it belongs to.
const MOST_WAITING: usize = 1 << 20;

/// What is known of an attempt by now.
#[derive(Debug)]
pub struct Attempt {
    /// Counts from 1.
    pub number: u32,
    /// The step that it begins with.
    pub first: usize,
    /// The step that is started again, after a reboot.
    pub again: Option<usize>,
    /// Which boot of the host it belongs to.
    pub boot: String,
    /// Where the journal stands.
    pub journal: Journal,
    /// Which step runs, as far as it was reported.
    current: Option<usize>,
    /// Which one ran last.
    last: Option<usize>,
    /// With `--plan`.
    pub asks_only: bool,
    /// How many steps changed something.
    pub changed: usize,
    /// With `--plan`: for each step whether it is in place.
    pub answers: Vec<Option<bool>>,
    /// Why a step failed.
    pub failure: Option<Failure>,
    /// How it ended, if that is known.
    pub end: Option<End>,
    /// Bytes of the journal that were taken, whole lines.
    journal_offset: u64,
    /// The beginning of a line.
    partial: Vec<u8>,
    /// Lines whose output has not arrived yet.
    lines: VecDeque<Line>,
    output: Output,
    /// False for a run whose secrets we can't know: its output is not shown.
    show_output: bool,
}

impl Attempt {
    /// An attempt that starts at step `first`, in this boot of the host. `secrets` are
    /// masked in its output; None where the plan has some and they are not known here.
    pub fn new<'s>(
        number: u32,
        outline: &Outline,
        first: usize,
        boot: &str,
        secrets: Option<impl Iterator<Item = &'s str>>,
    ) -> Self {
        let show_output = secrets.is_some();
        Self {
            number,
            first,
            again: None,
            boot: boot.to_owned(),
            journal: Journal::new(outline.steps.len(), outline.handlers.len(), first),
            current: None,
            last: None,
            asks_only: false,
            changed: 0,
            answers: vec![None; outline.steps.len()],
            failure: None,
            end: None,
            journal_offset: 0,
            partial: Vec::new(),
            lines: VecDeque::new(),
            output: Output::new(secrets.into_iter().flatten()),
            show_output,
        }
    }

    /// The attempt after this one, which begins with step `first`; `again` is the step
    /// that is started again after a reboot, if one is.
    pub fn next<'s>(
        &self,
        outline: &Outline,
        first: usize,
        again: Option<usize>,
        boot: &str,
        secrets: impl Iterator<Item = &'s str>,
    ) -> Self {
        Self {
            again: again.filter(|step| *step == first),
            asks_only: self.asks_only,
            changed: self.changed,
            answers: self.answers.clone(),
            ..Self::new(self.number + 1, outline, first, boot, Some(secrets))
        }
    }

    /// The same attempt, as the host began it: with this step, in this boot.
    pub fn as_on_host<'s>(
        &self,
        outline: &Outline,
        first: usize,
        boot: &str,
        secrets: impl Iterator<Item = &'s str>,
    ) -> Self {
        Self {
            again: self.again.filter(|step| *step == first),
            asks_only: self.asks_only,
            changed: self.changed,
            ..Self::new(self.number, outline, first, boot, Some(secrets))
        }
    }

    /// The last attempt of a run as it stood when somebody else followed it; these are
    /// all attempts that are known of it. None if there are none.
    ///
    /// # Errors
    /// Fails if what was kept is no journal of this plan.
    pub fn restore(
        records: &[AttemptRecord],
        outline: &Outline,
        secrets: &[String],
    ) -> Result<Option<Self>, Illegal> {
        let mut restored: Option<Self> = None;
        for record in records {
            let secrets = || secrets.iter().map(String::as_str);
            let mut attempt = Self {
                again: record.again,
                changed: restored.as_ref().map_or(0, |former| former.changed),
                output: Output::resume(secrets(), record.output, record.lost),
                ..Self::new(record.number, outline, record.first, &record.boot, Some(secrets()))
            };
            for line in record.journal.lines() {
                let line = attempt.journal.take(line.as_bytes())?;
                attempt.effect(&line.what, outline);
            }
            attempt.journal_offset = record.journal.len() as u64;
            restored = Some(attempt);
        }
        Ok(restored)
    }

    /// How far it was followed, with no lines of the journal.
    pub fn record(&self) -> AttemptRecord {
        AttemptRecord {
            number: self.number,
            first: self.first,
            again: self.again,
            boot: self.boot.clone(),
            journal: String::new(),
            output: self.output.taken(),
            lost: self.output.lost(),
        }
    }

    fn take_journal(&mut self, bytes: &[u8]) -> Result<(), Illegal> {
        // NUL is the heartbeat, and never part of a line.
        self.partial.extend(bytes.iter().filter(|&&byte| byte != 0));
        while let Some(end) = self.partial.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            self.lines.push_back(self.journal.take(&line[..end])?);
            self.journal_offset += line.len() as u64;
        }
        if self.partial.len() > MAX_LINE {
            self.journal.take(&self.partial.clone())?;
        }
        Ok(())
    }

    async fn report_output(&mut self, end: u64, whole: bool, outline: &Outline, to: &Reporter) {
        // What comes between two steps is shown with the next one, if it is not too much.
        let full = self.output.waiting() > MOST_WAITING;
        let number = self.current.or(if full { self.last.or(Some(1)) } else { None });
        let Some(step) = number.and_then(|number| outline.step(number)) else { return };
        if let Some((offset, output)) = self.output.take(end, whole) {
            to.taken(self.output.taken(), self.output.lost(), None);
            if self.show_output {
                to.now(Happening::StepOutput { step: step.clone(), offset, output }).await;
            }
        }
    }

    /// Reports the lines whose output has all arrived, or is not waited for any
    /// more. Gives the end, if that is among them.
    async fn report_lines(&mut self, wait: bool, outline: &Outline, to: &Reporter) -> Option<End> {
        while let Some(line) = self.lines.front() {
            let offset = line.offset;
            if wait && self.output.received() < offset {
                return None;
            }
            self.report_output(offset, true, outline, to).await;
            self.output.skip_to(offset);
            if let Some(line) = self.lines.pop_front()
                && let Some(end) = self.report_line(&line, outline, to).await
            {
                return Some(end);
            }
        }
        None
    }

    async fn report_line(&mut self, line: &Line, outline: &Outline, to: &Reporter) -> Option<End> {
        if let What::End(_) = line.what {
            // What a process in the background printed after the last step.
            self.current = self.current.or(self.last);
            self.report_output(u64::MAX, true, outline, to).await;
        }
        to.taken(self.output.taken(), self.output.lost(), Some(&line.text));
        if let Some(happening) = self.effect(&line.what, outline) {
            to.at(line.time, happening).await;
        }
        self.end
    }

    /// Takes in what a line says, and tells it.
    fn effect(&mut self, what: &What, outline: &Outline) -> Option<Happening> {
        let named = |number: usize| {
            // The journal let only numbers of the plan pass.
            outline.step(number).cloned().unwrap_or_else(|| StepRef {
                job: String::new(),
                step: number.to_string(),
                title: String::new(),
            })
        };
        match *what {
            What::Begin => None,
            What::End(end) => {
                // It went down between the failure and the end.
                let failed = self.failure.is_some() && end != End::Cancelled;
                self.end = Some(if failed { End::Failed } else { end });
                None
            }
            What::Start(number) => {
                (self.current, self.last) = (Some(number), Some(number));
                let attempt = if self.again == Some(number) { 2 } else { 1 };
                Some(Happening::StepStarted { step: named(number), attempt })
            }
            What::InPlace(number) | What::WouldRun(number) => {
                self.current = None;
                let in_place = matches!(what, What::InPlace(_));
                if let Some(answer) = self.answers.get_mut(number - 1) {
                    *answer = Some(in_place);
                }
                // With `--plan`, all answers come together at the end.
                (!self.asks_only)
                    .then(|| Happening::StepCompleted { step: named(number), changed: false })
            }
            What::Changed(number) => {
                self.current = None;
                self.changed += usize::from(number <= outline.steps.len());
                Some(Happening::StepCompleted { step: named(number), changed: true })
            }
            What::Failed { step, exit, reason } => {
                self.current = None;
                let step = named(step);
                let (kind, error) = step_failure(&step, exit, reason);
                self.failure = Some(Failure::new(kind, error.clone()));
                Some(Happening::StepFailed { step, exit_code: exit, error })
            }
        }
    }
}

/// Follows the attempt of a run on this channel until its end. If the host is in another
/// `boot` than at its start, a loss of power may have taken the end of its journal.
///
/// # Errors
/// `Unreachable` if the line is cut: to be tried again with another channel. Any
/// other kind is final: the host lies, or knows nothing of what it told before.
pub async fn follow(
    channel: &mut Channel,
    attempt: &mut Attempt,
    outline: &Outline,
    boot: &str,
    to: &Reporter,
) -> Result<End, Failure> {
    if let Some(end) = attempt.end {
        return Ok(end);
    }
    let mark = mark();
    attempt.partial.clear();
    let (number, journal, out) =
        (attempt.number, attempt.journal_offset, attempt.output.position());
    let answer =
        channel.ask(&format!("follow {} {number} {journal} {out} {mark}", to.run), &[]).await?;
    match answer.as_str() {
        "following" => {}
        "short" if attempt.boot != boot => return Ok(End::Interrupted),
        "short" => {
            return Err(Failure::new(
                FailureKind::RunnerLost,
                "the host has lost a part of what it had written about the run. \
                 Try again: it begins with the checks",
            ));
        }
        other => return Err(cut(&format!("an unexpected answer: {other}"))),
    }
    channel.skip_error_to(&mark).await?;
    let rest = std::mem::take(&mut channel.rest);
    let illegal = |illegal: Illegal| {
        Failure::new(
            FailureKind::IllegalJournal,
            format!(
                "the host says what this run can't do, so it is not believed: {illegal}. Look into that host"
            ),
        )
    };
    attempt.take_journal(&rest).map_err(illegal)?;

    let mut heard = Instant::now();
    let mut flush_at: Option<Instant> = None;
    let mut missing_at: Option<Instant> = None;
    let (mut journal_buffer, mut output_buffer) = (vec![0; 8192], vec![0; 65536]);
    loop {
        let now = Instant::now();
        let wait = missing_at.is_none_or(|at| heard < at);
        if let Some(end) = attempt.report_lines(wait, outline, to).await {
            return Ok(end);
        }
        // Output that came before its step's line has waited for that, and waits no more.
        if attempt.lines.is_empty() && attempt.current.is_some() && attempt.output.waiting() > 0 {
            flush_at.get_or_insert(now + SETTLE);
        }
        missing_at =
            if attempt.lines.is_empty() { None } else { missing_at.or(Some(now + MISSING)) };
        if attempt.output.waiting() > MOST_AT_ONCE {
            attempt.report_output(u64::MAX, false, outline, to).await;
        }
        tokio::select! {
            // What arrived comes first: a slow reader of ours is no dead line.
            biased;
            read = channel.stdout.read(&mut journal_buffer) => match read {
                Ok(0) => return Err(cut("the connection was closed")),
                Ok(n) => {
                    heard = Instant::now();
                    attempt.take_journal(&journal_buffer[..n]).map_err(illegal)?;
                }
                Err(error) => return Err(cut(&error.to_string())),
            },
            read = channel.stderr.read(&mut output_buffer) => match read {
                Ok(0) => return Err(cut("the connection was closed")),
                Ok(n) => {
                    heard = Instant::now();
                    missing_at = missing_at.map(|_| heard + MISSING);
                    attempt.output.push(&output_buffer[..n]);
                }
                Err(error) => return Err(cut(&error.to_string())),
            },
            () = sleep_until(flush_at.unwrap_or(now)), if flush_at.is_some() => {
                flush_at = None;
                // With a line waiting, its offset cuts the output.
                if attempt.lines.is_empty() {
                    attempt.report_output(u64::MAX, false, outline, to).await;
                }
            }
            () = sleep_until(heard + SILENCE) => {
                return Err(cut(&format!("nothing was heard for {} s", SILENCE.as_secs())));
            }
        }
    }
}
