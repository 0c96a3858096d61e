//! What the display's tests share: a terminal in memory, and runs to show on it.

use std::io::{self, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::live::Live;
use crate::model::{Event, Happening, Plan, PlannedJob, PlannedStep, StepRef};

/// A terminal in memory, with its history, and all that was written to it.
#[derive(Clone)]
pub(super) struct Screen(Arc<Mutex<Inner>>);

struct Inner {
    terminal: vt100::Parser,
    raw: String,
}

impl Screen {
    pub(super) fn new(rows: u16, columns: u16) -> Self {
        let terminal = terminal(rows, columns);
        Screen(Arc::new(Mutex::new(Inner { terminal, raw: String::new() })))
    }

    pub(super) fn live(&self) -> Live {
        let screen = self.clone();
        Live::new(Box::new(self.clone()), move || {
            let (rows, columns) = screen.inner().terminal.screen().size();
            (rows.get().into(), columns.get().into())
        })
    }

    /// What can be seen now.
    pub(super) fn visible(&self) -> String {
        self.inner().terminal.screen().contents()
    }

    /// What scrolled away, a row each, and what can be seen now.
    pub(super) fn all(&self) -> String {
        let mut inner = self.inner();
        let screen = inner.terminal.screen_mut();
        let columns = screen.size().1.get();
        let mut text = String::new();
        for back in (1..=screen.scrollback_len()).rev() {
            screen.set_scrollback(back);
            text.extend(screen.rows(0, columns).next());
            text.push('\n');
        }
        screen.set_scrollback(0);
        text + &screen.contents()
    }

    /// Everything that was written, with its escape sequences.
    pub(super) fn raw(&self) -> String {
        self.inner().raw.clone()
    }

    /// Makes the terminal as wide as this; its lines are broken anew.
    pub(super) fn resize(&self, columns: u16) {
        let mut inner = self.inner();
        let rows = inner.terminal.screen().size().0.get();
        let lines = inner.terminal.screen().contents().replace('\n', "\r\n");
        inner.terminal = terminal(rows, columns);
        inner.terminal.process(lines.as_bytes());
        inner.terminal.process(b"\r\n");
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let mut inner = self.inner();
        inner.raw.push_str(&text);
        // As the terminal's driver in the kernel does.
        inner.terminal.process(text.replace('\n', "\r\n").as_bytes());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn terminal(rows: u16, columns: u16) -> vt100::Parser {
    let size = |n| NonZeroU16::new(n).unwrap_or(NonZeroU16::MIN);
    vt100::Parser::new(size(rows), size(columns), 100_000)
}

/// A plan of these jobs; its steps come with [`Run::planned`].
pub(super) fn plan(jobs: &[&str]) -> Plan {
    let job = |title: &&str| PlannedJob {
        name: title.to_lowercase(),
        title: title.to_string(),
        systems: Vec::new(),
    };
    Plan {
        jobs: jobs.iter().map(job).collect(),
        steps: Vec::new(),
        handlers: Vec::new(),
        values: Vec::new(),
    }
}

/// A step, by its job and title.
pub(super) fn step(job: &str, title: &str) -> StepRef {
    StepRef { job: job.to_owned(), step: title.to_lowercase(), title: title.to_owned() }
}

/// A run on one host: each event comes half a second after the one before.
pub(super) struct Run {
    host: String,
    time: Timestamp,
}

impl Run {
    pub(super) fn on(host: &str) -> Self {
        Run { host: host.to_owned(), time: Timestamp::UNIX_EPOCH }
    }

    pub(super) fn event(&mut self, what: Happening) -> Event {
        self.time += SignedDuration::from_millis(500);
        Event { run: "1".to_owned(), host: self.host.clone(), time: self.time, what, at: None }
    }

    pub(super) fn planned(&mut self, steps: &[StepRef], in_place: Option<&[bool]>) -> Event {
        let step = |(i, step): (usize, &StepRef)| PlannedStep {
            step: step.clone(),
            in_place: in_place.map(|answers| answers[i]),
        };
        let steps = steps.iter().enumerate().map(step).collect();
        self.event(Happening::RunPlanned { jobs: Vec::new(), steps })
    }

    pub(super) fn started(&mut self) -> Event {
        self.event(Happening::RunStarted { followed: false })
    }

    pub(super) fn step_started(&mut self, step: &StepRef) -> Event {
        self.event(Happening::StepStarted { step: step.clone(), attempt: 1 })
    }

    pub(super) fn output(&mut self, step: &StepRef, output: &str) -> Event {
        let output = output.as_bytes().to_vec();
        self.event(Happening::StepOutput { step: step.clone(), offset: 0, output })
    }

    pub(super) fn completed(&mut self, step: &StepRef, changed: bool) -> Event {
        self.event(Happening::StepCompleted { step: step.clone(), changed })
    }

    /// The step fails, and the run with it.
    pub(super) fn failed(&mut self, step: &StepRef, error: &str) -> [Event; 2] {
        let error = error.to_owned();
        let kind = crate::model::FailureKind::StepFailed;
        [
            self.event(Happening::StepFailed {
                step: step.clone(),
                exit_code: Some(100),
                error: error.clone(),
            }),
            self.event(Happening::RunFailed { kind, error }),
        ]
    }

    /// All events of a run in which each step changes something, or none does.
    pub(super) fn whole(&mut self, steps: &[StepRef], changed: bool) -> Vec<Event> {
        let mut events = vec![self.planned(steps, None), self.started()];
        for step in steps {
            events.extend([self.step_started(step), self.completed(step, changed)]);
        }
        let changed = if changed { steps.len() } else { 0 };
        events.push(self.event(Happening::RunCompleted { changed }));
        events
    }
}
