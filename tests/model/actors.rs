//! Who acts: two workers, the sweeper, an operator, and time. Here is what each may do next,
//! in the order in which the drivers of `src/worker` and `src/remote` do it.

use std::fmt;

use serde::Serialize;

use crate::tables::{Columns, LATER, Row};
use crate::world::World;

/// How large the world is.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    pub servers: i64,
    /// So many runs are asked for, the servers in turn.
    pub runs: i64,
    pub steps: usize,
    /// No worker begins more attempts of a run.
    pub attempts: u32,
    /// So often the operator cancels, retries or abandons.
    pub wishes: u32,
}

/// One call of the store, or time that passes. Workers are 0 and 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Call {
    Claim(usize, String),
    ClaimNext(usize),
    Drive {
        worker: usize,
        step: Move,
        answer_lost: bool,
    },
    Renew(usize),
    HandBack(usize),
    /// The host is busy; with this run, if it is one of ours.
    Postpone(usize, Option<String>),
    /// The host was away for too long.
    GiveUp(usize),
    CancelRun(usize),
    /// A run that has ended makes those due that wait for it.
    Wake(String),
    Unannounced,
    Announced(i64, i64),
    Ask(i64),
    RequestCancel(String),
    Retry(String, Option<i64>),
    Abandon(String),
    /// The lease ends, and its holder has not noticed.
    LeaseEnds(String),
    /// What was put off is due.
    IsDue(String),
}

/// What a worker records of a run that it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Move {
    Attempt {
        number: u32,
        first: usize,
        again: Option<usize>,
    },
    Start(usize),
    Complete(usize),
    Fail(usize),
    CompleteRun,
    /// The host says that it has failed: at this step.
    FailRun(usize),
}

/// A worker that believes to hold a run, and how far it has followed it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Hold {
    pub run: String,
    pub epoch: i64,
    /// 0: none yet.
    pub attempt: u32,
    pub first: usize,
    pub again: Option<usize>,
    pub lines: Vec<String>,
    /// An attempt after this one was asked for, from this step.
    pub retry: Option<(u32, Option<usize>)>,
    /// The answer to this was lost: it is asked again.
    pub unanswered: Option<Move>,
}

impl Hold {
    /// What the host may say next. The first is where all goes well.
    pub fn moves(&self, steps: usize) -> Vec<Move> {
        if let Some(again) = self.unanswered {
            return vec![again];
        }
        let number = self.attempt + 1;
        let last = self.lines.last().map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let word = words.next().expect("a word");
            (word, words.next().expect("a step").parse::<usize>().expect("a number"))
        });
        match last {
            None if self.attempt == 0 => vec![Move::Attempt { number, first: 1, again: None }],
            None => vec![Move::Start(self.first)],
            Some(("start", step)) => {
                let mut moves = vec![Move::Complete(step), Move::Fail(step), Move::FailRun(step)];
                if self.again != Some(step) {
                    // It reboots in the middle of it.
                    moves.push(Move::Attempt { number, first: step, again: Some(step) });
                }
                moves
            }
            Some(("ok", step)) if step < steps => vec![Move::Start(step + 1)],
            Some(("ok", _)) => vec![Move::CompleteRun],
            Some((_, step)) => match self.retry {
                Some((after, from)) if self.attempt <= after => {
                    vec![Move::Attempt { number, first: from.unwrap_or(step), again: None }]
                }
                _ => vec![Move::FailRun(step)],
            },
        }
    }

    /// The journal's line that comes with it.
    pub fn line(&self, step: Move) -> Option<String> {
        let number = self.lines.len() + 1;
        let ended = self.lines.last().is_some_and(|line| line.contains("end"));
        match step {
            Move::Start(step) => Some(format!("{number} start {step}\n")),
            Move::Complete(step) => Some(format!("{number} ok {step}\n")),
            Move::Fail(step) => Some(format!("{number} bad {step}\n")),
            Move::CompleteRun => Some(format!("{number} end 0\n")),
            Move::FailRun(step) if !ended => Some(format!("{number} end {step}\n")),
            Move::FailRun(_) | Move::Attempt { .. } => None,
        }
    }

    /// The move was recorded. None: the run has ended.
    pub fn moved(mut self, step: Move) -> Option<Self> {
        let line = self.line(step);
        self.unanswered = None;
        match step {
            Move::CompleteRun | Move::FailRun(_) => return None,
            Move::Attempt { number, first, again } => {
                let again = again.or(self.again.filter(|_| self.retry.is_none()));
                self = Self { attempt: number, first, again, lines: vec![], ..self };
            }
            _ => self.lines.extend(line),
        }
        Some(self)
    }
}

impl World {
    /// All that may happen next.
    pub fn calls(&self, setup: Setup) -> Vec<Call> {
        let mut calls = self.of_time();
        for worker in 0..self.workers.len() {
            // Two that are alike: what one may do, the other need not try.
            if worker == 0 || self.workers[0] != self.workers[1] {
                calls.extend(self.of_worker(worker, setup));
            }
        }
        calls.push(Call::Unannounced);
        calls
            .extend(self.found.iter().map(|&(server, revision)| Call::Announced(server, revision)));
        let runs = self.tables.runs();
        let asked = runs.len() as i64;
        calls.extend((asked < setup.runs).then_some(Call::Ask(asked + 1)));
        if self.wishes > 0 {
            for run in runs {
                let id = || run.text("id").to_owned();
                calls.extend([
                    Call::RequestCancel(id()),
                    Call::Retry(id(), None),
                    Call::Retry(id(), Some(1)),
                    Call::Abandon(id()),
                ]);
            }
        }
        calls
    }

    fn of_time(&self) -> Vec<Call> {
        let ends = |run: &Row| run.has("lease_until") && run.int("lease_until") == LATER;
        let due = |run: &Row| run.text("status") == "pending" && run.int("due_at") == LATER;
        let waited_for = |run: &Row| {
            run.has("finished_at")
                && self.tables.runs().iter().any(|other| other.text("waits_for") == run.text("id"))
        };
        let mut calls = vec![];
        for run in self.tables.runs() {
            let id = || run.text("id").to_owned();
            calls.extend(ends(run).then(|| Call::LeaseEnds(id())));
            calls.extend(due(run).then(|| Call::IsDue(id())));
            calls.extend(waited_for(run).then(|| Call::Wake(id())));
        }
        calls
    }

    fn of_worker(&self, worker: usize, setup: Setup) -> Vec<Call> {
        let Some(hold) = &self.workers[worker] else {
            let open = self.tables.runs().iter().filter(|run| !run.has("finished_at"));
            let claims = open.map(|run| Call::Claim(worker, run.text("id").to_owned()));
            return claims.chain([Call::ClaimNext(worker)]).collect();
        };
        let mut calls = vec![Call::Renew(worker), Call::HandBack(worker), Call::GiveUp(worker)];
        for step in hold.moves(setup.steps) {
            if matches!(step, Move::Attempt { number, .. } if number > setup.attempts) {
                continue;
            }
            calls.push(Call::Drive { worker, step, answer_lost: false });
            // The ends of a run are not asked again: the lease has gone with them.
            if hold.unanswered.is_none() && !matches!(step, Move::CompleteRun | Move::FailRun(_)) {
                calls.push(Call::Drive { worker, step, answer_lost: true });
            }
            if matches!(step, Move::Attempt { .. }) && hold.unanswered.is_none() {
                let runs = self.tables.runs().iter();
                let mut others =
                    runs.filter(|run| run.text("id") != hold.run && run.has("lease_until"));
                let other = others.next().map(|run| run.text("id").to_owned());
                calls.push(Call::Postpone(worker, other));
            }
        }
        if self.tables.run(&hold.run).has("cancel_requested_at") {
            calls.push(Call::CancelRun(worker));
        }
        calls
    }
}

impl Call {
    /// The kind of call, and who makes it.
    pub fn kind(&self) -> String {
        let text = match self {
            Self::Drive { step, .. } => format!("{step:?}"),
            call => format!("{call:?}"),
        };
        text.split(['(', ' ']).next().unwrap_or_default().to_owned()
    }

    pub fn worker(&self) -> Option<usize> {
        match self {
            Self::Claim(worker, _)
            | Self::ClaimNext(worker)
            | Self::Drive { worker, .. }
            | Self::Renew(worker)
            | Self::HandBack(worker)
            | Self::Postpone(worker, _)
            | Self::GiveUp(worker)
            | Self::CancelRun(worker) => Some(*worker),
            _ => None,
        }
    }

    /// Whether no call of the store is made: time passes.
    pub fn is_time(&self) -> bool {
        matches!(self, Self::LeaseEnds(_) | Self::IsDue(_))
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(worker) = self.worker() {
            write!(f, "{}: ", ["A", "B"][worker])?;
        }
        match self {
            Self::Drive { step, answer_lost: true, .. } => {
                write!(f, "{step:?}, its answer is lost")
            }
            Self::Drive { step, .. } => write!(f, "{step:?}"),
            call => write!(f, "{call:?}"),
        }
    }
}
