//! Reads the journal that a host keeps of an attempt (format: `host/common.sh`).
//!
//! Promise: a host is not trusted to be honest. Only whole lines of at most
//! [`MAX_LINE`] bytes that are legal for the plan are taken.

use jiff::Timestamp;
use thiserror::Error;

/// The longest line that is taken, in bytes.
pub const MAX_LINE: usize = 4096;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When, by the host's clock.
    pub time: Timestamp,
    /// How many bytes of output there were.
    pub offset: u64,
    /// What happened.
    pub what: What,
    /// The line itself, without its newline.
    pub text: String,
}

/// What a line says. Steps and handlers count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The runner has the host.
    Begin,
    /// A step starts.
    Start(usize),
    /// It was in place already.
    InPlace(usize),
    /// It was put in place.
    Changed(usize),
    /// With `--plan`: it is not in place.
    WouldRun(usize),
    /// It failed.
    Failed {
        /// Which one.
        step: usize,
        /// Exit code of the script, where there was one.
        exit: Option<i32>,
        /// What exactly.
        reason: Reason,
    },
    /// The attempt is over.
    End(End),
}

/// Why a step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// `check` answered neither 0 nor 1.
    Check,
    /// `run` failed.
    Run,
    /// `run` went well, and `check` still answers 1.
    Recheck,
    /// An `assert` does not hold.
    Assert,
    /// The time limit was over.
    Timeout,
    /// A script failed while the disk was full.
    DiskFull,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All steps are in place (or, with `--plan`, were asked).
    Completed,
    /// A step failed.
    Failed,
    /// Cancelled, and nothing of it is left.
    Cancelled,
    /// The host went down.
    Interrupted,
    /// Something else than a cancel or a shutdown told the runner to stop.
    Stopped,
    /// The runner vanished without a word.
    Lost,
    /// The runner vanished before it began.
    Unstarted,
    /// Another runner had the host.
    Busy,
}

/// A line that the plan or the format does not allow.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("journal line {number}: {problem}: {line:?}")]
pub struct Illegal {
    /// Which line, from 1.
    pub number: u64,
    /// What is wrong with it.
    pub problem: &'static str,
    /// Its beginning.
    pub line: String,
}

/// Takes the lines of one attempt in order, and refuses what can't be.
#[derive(Debug, Clone)]
pub struct Journal {
    steps: usize,
    handlers: usize,
    lines: u64,
    offset: u64,
    /// The step to start next.
    next: usize,
    current: Option<usize>,
    failed: Option<usize>,
    ended: bool,
}

impl Journal {
    /// The journal of an attempt at a plan of so many steps and handlers, from
    /// step `first` on (1 but for an attempt after a reboot).
    pub fn new(steps: usize, handlers: usize, first: usize) -> Self {
        let (lines, offset, current, failed, ended) = (0, 0, None, None, false);
        Self { steps, handlers, lines, offset, next: first, current, failed, ended }
    }

    /// The step to go on with in a new attempt: the one that was interrupted, or that failed,
    /// or the next.
    pub fn resume_at(&self) -> usize {
        self.current.or(self.failed).unwrap_or(self.next)
    }

    /// The step that was started and has not ended.
    pub fn current(&self) -> Option<usize> {
        self.current
    }

    /// Takes the next line, without its newline.
    ///
    /// # Errors
    /// [`Illegal`] if the line is not one that this plan's journal can have here.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Line, Illegal> {
        let number = self.lines + 1;
        let illegal = |problem| Illegal {
            number,
            problem,
            line: String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned(),
        };
        if bytes.len() > MAX_LINE {
            return Err(illegal("longer than a line may be"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| illegal("not text"))?;
        let (sequence, mut line) =
            parse(text).ok_or_else(|| illegal("not a line of the format"))?;
        if sequence != number {
            return Err(illegal("out of sequence"));
        }
        if line.offset < self.offset {
            // Power loss may have taken output; only the end says how much is left.
            match line.what {
                What::End(_) => line.offset = self.offset,
                _ => return Err(illegal("the output shrank")),
            }
        }
        self.check(&line.what).map_err(illegal)?;
        self.offset = line.offset;
        self.lines = number;
        Ok(line)
    }

    fn check(&mut self, what: &What) -> Result<(), &'static str> {
        if self.ended {
            return Err("after the end");
        }
        let begun = self.lines > 0;
        match *what {
            What::Begin if begun => Err("a second beginning"),
            What::Begin => Ok(()),
            What::End(End::Unstarted | End::Busy) if begun => Err("no beginning was expected"),
            What::End(end) => self.end(end),
            _ if !begun => Err("no beginning"),
            _ if self.failed.is_some() => Err("after a failure"),
            What::Start(step) => self.start(step),
            What::InPlace(step) | What::Changed(step) | What::WouldRun(step) => self.finish(step),
            What::Failed { step, .. } => {
                self.finish(step)?;
                self.failed = Some(step);
                Ok(())
            }
        }
    }

    fn start(&mut self, step: usize) -> Result<(), &'static str> {
        // Handlers that nothing asked for are passed over.
        let expected = if self.next > self.steps {
            self.next..=self.steps + self.handlers
        } else {
            self.next..=self.next
        };
        if self.current.is_some() {
            return Err("the step before it has not ended");
        }
        if !expected.contains(&step) {
            return Err("not the plan's next step");
        }
        self.current = Some(step);
        Ok(())
    }

    fn finish(&mut self, step: usize) -> Result<(), &'static str> {
        if self.current != Some(step) {
            return Err("the step was not started");
        }
        self.current = None;
        self.next = step + 1;
        Ok(())
    }

    fn end(&mut self, end: End) -> Result<(), &'static str> {
        let all_done = self.current.is_none() && self.next > self.steps && self.failed.is_none();
        match end {
            End::Completed if !all_done => return Err("completed, but not all steps are"),
            End::Failed if self.failed.is_none() => return Err("failed, but no step is"),
            _ => {}
        }
        self.ended = true;
        Ok(())
    }
}

/// `SEQUENCE TIME WHAT STEP EXIT OFFSET [DETAIL]`
fn parse(text: &str) -> Option<(u64, Line)> {
    let words: Vec<&str> = text.split(' ').collect();
    let (sequence, time, what, step, exit, offset, detail) = match words[..] {
        [a, b, c, d, e, f] => (a, b, c, d, e, f, ""),
        [a, b, c, d, e, f, g] => (a, b, c, d, e, f, g),
        _ => return None,
    };
    let step = || step.parse::<usize>().ok();
    let what = match what {
        "begin" => What::Begin,
        "start" => What::Start(step()?),
        "in_place" => What::InPlace(step()?),
        "changed" => What::Changed(step()?),
        "would_run" => What::WouldRun(step()?),
        "failed" => What::Failed {
            step: step()?,
            exit: if exit == "-" { None } else { Some(exit.parse().ok()?) },
            reason: match detail {
                "check" => Reason::Check,
                "run" => Reason::Run,
                "recheck" => Reason::Recheck,
                "assert" => Reason::Assert,
                "timeout" => Reason::Timeout,
                "disk_full" => Reason::DiskFull,
                _ => return None,
            },
        },
        "end" => What::End(match detail {
            "completed" => End::Completed,
            "failed" => End::Failed,
            "cancelled" => End::Cancelled,
            "interrupted" => End::Interrupted,
            "stopped" => End::Stopped,
            "lost" => End::Lost,
            "unstarted" => End::Unstarted,
            "busy" => End::Busy,
            _ => return None,
        }),
        _ => return None,
    };
    let time = Timestamp::from_millisecond(time.parse().ok()?).ok()?;
    let offset = offset.parse().ok()?;
    Some((sequence.parse().ok()?, Line { time, offset, what, text: text.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Vec<What>, &'static str> {
        let mut journal = Journal::new(2, 1, 1);
        lines
            .iter()
            .map(|line| journal.take(line.as_bytes()).map(|l| l.what).map_err(|i| i.problem))
            .collect()
    }

    #[test]
    fn takes_a_whole_run() {
        let read = read(&[
            "1 1700000000000 begin - - 0",
            "2 1700000000010 start 1 - 0",
            "3 1700000000020 in_place 1 0 5",
            "4 1700000000030 start 2 - 5",
            "5 1700000000040 changed 2 0 90",
            "6 1700000000050 start 3 - 90",
            "7 1700000000060 changed 3 0 91",
            "8 1700000000070 end - - 91 completed",
        ]);
        assert_eq!(read.expect("legal").last(), Some(&What::End(End::Completed)));
    }

    #[test]
    fn refuses_what_the_plan_does_not_allow() {
        let begin = "1 1700000000000 begin - - 9";
        for (lines, problem) in [
            (vec!["1 1700000000000 start 1 - 0"], "no beginning"),
            (vec!["2 1700000000000 begin - - 0"], "out of sequence"),
            (vec![begin, "2 1700000000000 start 2 - 9"], "not the plan's next step"),
            (vec![begin, "2 1700000000000 start 7 - 9"], "not the plan's next step"),
            (vec![begin, "2 1700000000000 changed 1 0 9"], "the step was not started"),
            (vec![begin, "2 1700000000000 start 1 - 8"], "the output shrank"),
            (
                vec![begin, "2 1700000000000 end - - 9 completed"],
                "completed, but not all steps are",
            ),
            (vec![begin, "2 1700000000000 end - - 9 failed"], "failed, but no step is"),
            (vec![begin, "2 1700000000000 end - - 9 fine"], "not a line of the format"),
            (vec![begin, "2 later start 1 - 9"], "not a line of the format"),
            (vec![begin, begin], "out of sequence"),
            (vec![begin, "2 1700000000000 begin - - 9"], "a second beginning"),
            (
                vec![begin, "2 1700000000000 end - - 9 lost", "3 1700000000000 start 1 - 9"],
                "after the end",
            ),
        ] {
            assert_eq!(read(&lines), Err(problem), "{lines:?}");
        }
    }

    #[test]
    fn refuses_a_line_that_is_too_long() {
        let mut journal = Journal::new(1, 0, 1);
        assert!(journal.take(&vec![b'1'; MAX_LINE + 1]).is_err());
    }
}
