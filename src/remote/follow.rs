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
use crate::model::{FailureKind, Happening, Outline, StepRef};

/// The host says that the line is up every 2 s; after this long it is not.
const SILENCE: Duration = Duration::from_secs(10);
/// Output waits so long for the journal's word which step it belongs to.
const SETTLE: Duration = Duration::from_millis(80);
/// The journal's word counts after so long without the output that belongs to it:
/// a loss of power can take output that the journal tells of.
const MISSING: Duration = Duration::from_secs(5);
/// More output than this is not held back, in bytes.
const MOST_WAITING: usize = 1 << 20;

/// What is known of an attempt by now.
#[derive(Debug)]
pub struct Attempt {
    /// Counts from 1.
    pub number: u32,
    /// The step that is started again, after a reboot.
    pub again: Option<usize>,
    /// Where the journal stands.
    pub journal: Journal,
    /// Which step runs.
    pub current: Option<usize>,
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
    /// An attempt that starts at step `first`. `secrets` are masked in its output;
    /// None where the plan has some and they are not known here.
    pub fn new<'s>(
        number: u32,
        outline: &Outline,
        first: usize,
        secrets: Option<impl Iterator<Item = &'s str>>,
    ) -> Self {
        let show_output = secrets.is_some();
        Self {
            number,
            again: None,
            journal: Journal::new(outline.steps.len(), outline.handlers.len(), first),
            current: None,
            last: None,
            asks_only: false,
            changed: 0,
            answers: vec![None; outline.steps.len()],
            failure: None,
            journal_offset: 0,
            partial: Vec::new(),
            lines: VecDeque::new(),
            output: Output::new(secrets.into_iter().flatten()),
            show_output,
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
        // What comes between two steps is shown with the next one.
        let Some(step) = self.current.and_then(|number| outline.step(number)) else {
            if self.output.waiting() > MOST_WAITING {
                self.output.take(end, true);
            }
            return;
        };
        if let Some((offset, output)) = self.output.take(end, whole)
            && self.show_output
        {
            to.now(Happening::StepOutput { step: step.clone(), offset, output }).await;
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
            if let Some(line) = self.lines.pop_front()
                && let Some(end) = self.report_line(&line, outline, to).await
            {
                return Some(end);
            }
        }
        None
    }

    async fn report_line(&mut self, line: &Line, outline: &Outline, to: &Reporter) -> Option<End> {
        let named = |number: usize| {
            // The journal let only numbers of the plan pass.
            outline.step(number).cloned().unwrap_or_else(|| StepRef {
                job: String::new(),
                step: number.to_string(),
                title: String::new(),
            })
        };
        let what = match line.what {
            What::Begin => return None,
            What::End(end) => {
                // What a process in the background printed after the last step.
                self.current = self.current.or(self.last);
                self.report_output(u64::MAX, true, outline, to).await;
                return Some(end);
            }
            What::Start(number) => {
                (self.current, self.last) = (Some(number), Some(number));
                let attempt = if self.again == Some(number) { self.number } else { 1 };
                Happening::StepStarted { step: named(number), attempt }
            }
            What::InPlace(number) | What::WouldRun(number) => {
                self.current = None;
                let in_place = matches!(line.what, What::InPlace(_));
                if let Some(answer) = self.answers.get_mut(number - 1) {
                    *answer = Some(in_place);
                }
                // With `--plan`, all answers come together at the end.
                if self.asks_only {
                    return None;
                }
                Happening::StepCompleted { step: named(number), changed: false }
            }
            What::Changed(number) => {
                self.current = None;
                self.changed += usize::from(number <= outline.steps.len());
                Happening::StepCompleted { step: named(number), changed: true }
            }
            What::Failed { step, exit, reason } => {
                self.current = None;
                let step = named(step);
                let (kind, error) = step_failure(&step, exit, reason);
                self.failure = Some(Failure::new(kind, error.clone()));
                Happening::StepFailed { step, exit_code: exit, error }
            }
        };
        to.at(line.time, what).await;
        None
    }
}

/// Follows the attempt of a run on this channel until its end.
///
/// # Errors
/// `Unreachable` if the line is cut: to be tried again with another channel. Any
/// other kind is final: the host lies, or knows nothing of what it told before.
pub async fn follow(
    channel: &mut Channel,
    attempt: &mut Attempt,
    outline: &Outline,
    to: &Reporter,
) -> Result<End, Failure> {
    let mark = mark();
    attempt.partial.clear();
    let (number, journal, out) =
        (attempt.number, attempt.journal_offset, attempt.output.received());
    let answer =
        channel.ask(&format!("follow {} {number} {journal} {out} {mark}", to.run), &[]).await?;
    match answer.as_str() {
        "following" => {}
        "short" => {
            return Err(Failure::new(
                FailureKind::RunnerLost,
                "the host lost a part of what it had written about the run (a loss of power?). \
                 Apply again: it begins with the checks",
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

    let mut line_dead = Instant::now() + SILENCE;
    let mut flush_at: Option<Instant> = None;
    let mut missing_at: Option<Instant> = None;
    let mut output_open = true;
    let (mut journal_buffer, mut output_buffer) = (vec![0; 8192], vec![0; 65536]);
    loop {
        let now = Instant::now();
        let wait = output_open && missing_at.is_none_or(|at| at > now);
        if let Some(end) = attempt.report_lines(wait, outline, to).await {
            return Ok(end);
        }
        missing_at =
            if attempt.lines.is_empty() { None } else { missing_at.or(Some(now + MISSING)) };
        if attempt.output.waiting() > MOST_WAITING {
            attempt.report_output(u64::MAX, false, outline, to).await;
        }
        let later = now + SILENCE;
        tokio::select! {
            // What arrived comes first: a slow reader of ours is no dead line.
            biased;
            read = channel.stdout.read(&mut journal_buffer) => match read {
                Ok(0) => return Err(cut("the connection was closed")),
                Ok(n) => {
                    line_dead = Instant::now() + SILENCE;
                    attempt.take_journal(&journal_buffer[..n]).map_err(illegal)?;
                }
                Err(error) => return Err(cut(&error.to_string())),
            },
            read = channel.stderr.read(&mut output_buffer), if output_open => match read {
                Ok(0) => output_open = false,
                Ok(n) => {
                    let now = Instant::now();
                    line_dead = now + SILENCE;
                    flush_at.get_or_insert(now + SETTLE);
                    missing_at = missing_at.map(|_| now + MISSING);
                    attempt.output.push(&output_buffer[..n]);
                }
                Err(error) => return Err(cut(&error.to_string())),
            },
            () = sleep_until(flush_at.unwrap_or(later)), if flush_at.is_some() => {
                flush_at = None;
                // With a line waiting, its offset cuts the output.
                if attempt.lines.is_empty() {
                    attempt.report_output(u64::MAX, false, outline, to).await;
                }
            }
            () = sleep_until(missing_at.unwrap_or(later)), if missing_at.is_some() => {}
            () = sleep_until(line_dead) => return Err(cut("nothing was heard for 10 s")),
        }
    }
}
