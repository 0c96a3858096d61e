//! How far the run on one host is: the sum of its events, for every form of
//! the display to show.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{output::Output, paint::count, sanitize};
use crate::model::{Event, FailureKind, Happening, PlannedStep, StepRef};

/// The run on one host as far as it is known.
pub(super) struct Progress {
    /// The host as events name it, and as it is shown.
    pub(super) name: String,
    pub(super) host: String,
    pub(super) steps: Vec<Step>,
    /// What the running (or failed) step printed.
    pub(super) output: Output,
    /// Whether the host has accepted the run.
    pub(super) started: bool,
    pub(super) end: Option<End>,
    /// Why the run failed.
    pub(super) failure: Option<Failure>,
    colours: bool,
    followed: bool,
    /// When the first event came, and the last one.
    span: Option<(Instant, Instant)>,
}

/// One step and how it stands.
pub(super) struct Step {
    pub(super) name: StepRef,
    /// Not in the plan: a handler, which only runs if a step asks for it.
    pub(super) handler: bool,
    pub(super) state: State,
}

/// How a step stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum State {
    Pending,
    /// Since when by the host's clock, and by ours.
    Running(Timestamp, Instant),
    /// It was in place. How long the check took, where the start was seen.
    InPlace(Option<Duration>),
    Changed(Option<Duration>),
    Failed(Option<Duration>),
    /// The run ended, or was left, while it ran.
    Unfinished(Option<Duration>),
    /// The answer to `--plan` for a step that is not in place.
    WouldRun,
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum End {
    /// With `--plan`: all checks answered.
    Planned,
    Completed,
    Failed(FailureKind),
    Cancelled,
}

/// Why a run failed, for people.
pub(super) struct Failure {
    /// What the step printed tells more.
    pub(super) in_step: bool,
    pub(super) exit_code: Option<i32>,
    /// The cause and the next step.
    pub(super) error: String,
}

impl Progress {
    pub(super) fn new(host: &str, colours: bool) -> Self {
        Progress {
            name: host.to_owned(),
            host: sanitize::plain(host),
            steps: Vec::new(),
            output: Output::new(colours),
            started: false,
            end: None,
            failure: None,
            colours,
            followed: false,
            span: None,
        }
    }

    /// Takes an event in, and answers with the index of its step, where it has one.
    pub(super) fn record(&mut self, event: &Event) -> Option<usize> {
        let now = Instant::now();
        self.span = Some((self.span.map_or(now, |(first, _)| first), now));
        match &event.what {
            Happening::RunPlanned { steps, .. } => self.plan(steps),
            Happening::RunStarted { followed } => {
                self.started = true;
                self.followed = *followed;
            }
            Happening::RunCompleted { .. } => self.end = Some(End::Completed),
            Happening::RunFailed { kind, error } => {
                self.end = Some(End::Failed(*kind));
                let unfinished = self.stop(event.time);
                // Where a step failed, its error is the cause; the run's only repeats it.
                self.failure.get_or_insert_with(|| Failure {
                    in_step: unfinished.is_some() && *kind != FailureKind::Left,
                    exit_code: None,
                    error: sanitize::plain(error),
                });
                return unfinished;
            }
            Happening::RunCancelled => {
                self.end = Some(End::Cancelled);
                return self.stop(event.time);
            }
            Happening::PlanFound { .. }
            | Happening::Note { .. }
            | Happening::HostAway { .. }
            | Happening::HostBack => {}
            Happening::StepStarted { step, .. } => {
                let index = self.find(step);
                // Of a run that is followed, events may be long past. That the host's
                // clock is right is assumed only there.
                let age = if self.followed { since(event.time, Timestamp::now()) } else { None };
                let began = age.and_then(|age| now.checked_sub(age)).unwrap_or(now);
                self.steps[index].state = State::Running(event.time, began);
                self.output = Output::new(self.colours);
                return Some(index);
            }
            Happening::StepOutput { step, output, .. } => {
                self.output.push(&String::from_utf8_lossy(output));
                return Some(self.find(step));
            }
            Happening::StepCompleted { step, changed } => {
                let state: Settled = if *changed { State::Changed } else { State::InPlace };
                return Some(self.settle(step, event.time, state));
            }
            Happening::StepFailed { step, exit_code, error } => {
                self.failure = Some(Failure {
                    in_step: true,
                    exit_code: *exit_code,
                    error: sanitize::plain(error),
                });
                return Some(self.settle(step, event.time, State::Failed));
            }
        }
        None
    }

    /// The step that runs now.
    pub(super) fn running(&self) -> Option<usize> {
        self.steps.iter().position(|step| matches!(step.state, State::Running(..)))
    }

    /// How many steps are in place, by themselves or by this run.
    pub(super) fn done(&self) -> usize {
        self.in_place() + self.changed()
    }

    pub(super) fn changed(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.state, State::Changed(_))).count()
    }

    /// Time from the first event to the last one, or to now.
    pub(super) fn elapsed(&self) -> Duration {
        let Some((first, last)) = self.span else { return Duration::ZERO };
        if self.end.is_some() { last - first } else { first.elapsed() }
    }

    /// Whether anything was heard of this host.
    pub(super) fn begun(&self) -> bool {
        self.span.is_some()
    }

    /// How the run ended, as half a sentence.
    pub(super) fn outcome(&self) -> String {
        let (changed, in_place, total) = (self.changed(), self.in_place(), self.steps.len());
        let at = match self.last_step() {
            Some(index) => {
                let title = &self.steps[index].name.title;
                format!("at step {} of {total}, {title}", index + 1)
            }
            None => "before the first step".to_owned(),
        };
        match self.end {
            Some(End::Planned) => {
                let would = self.steps.iter().filter(|s| s.state == State::WouldRun).count();
                match would {
                    0 => format!("{} in place, nothing would run", count(total, "step")),
                    1 => format!("1 of {} would run", count(total, "step")),
                    _ => format!("{would} of {} would run", count(total, "step")),
                }
            }
            Some(End::Completed) if changed == 0 => {
                format!("{} in place, nothing changed", count(in_place, "step"))
            }
            Some(End::Completed) => format!("{changed} changed, {in_place} in place"),
            Some(End::Failed(FailureKind::Left)) if !self.started => {
                "left before anything was started".to_owned()
            }
            Some(End::Failed(FailureKind::Left)) => {
                format!("left to itself {at}; the host may still be executing it")
            }
            Some(End::Failed(_)) => format!("failed {at}"),
            Some(End::Cancelled) => format!("cancelled {at}"),
            None => format!("not followed to its end, {at}"),
        }
    }

    fn in_place(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.state, State::InPlace(_))).count()
    }

    /// The step that the run is at or came to.
    pub(super) fn last_step(&self) -> Option<usize> {
        self.steps.iter().rposition(|step| step.state != State::Pending)
    }

    fn plan(&mut self, steps: &[PlannedStep]) {
        let answered = steps.iter().any(|step| step.in_place.is_some());
        self.end = answered.then_some(End::Planned);
        self.steps = steps
            .iter()
            .map(|PlannedStep { step, in_place }| Step {
                name: clean(step),
                handler: false,
                state: match in_place {
                    Some(true) => State::InPlace(None),
                    Some(false) => State::WouldRun,
                    None => State::Pending,
                },
            })
            .collect();
    }

    /// The step's index; one that was not planned is a handler and comes last.
    fn find(&mut self, step: &StepRef) -> usize {
        let same = |known: &Step| known.name.job == step.job && known.name.step == step.step;
        self.steps.iter().position(same).unwrap_or_else(|| {
            self.steps.push(Step { name: clean(step), handler: true, state: State::Pending });
            self.steps.len() - 1
        })
    }

    /// Gives a step the state that it ends in.
    fn settle(&mut self, step: &StepRef, time: Timestamp, state: Settled) -> usize {
        let index = self.find(step);
        let took = match self.steps[index].state {
            State::Running(started, _) => since(started, time),
            _ => None,
        };
        self.steps[index].state = state(took);
        index
    }

    /// The run ended: a step that still ran will not be heard of again.
    fn stop(&mut self, time: Timestamp) -> Option<usize> {
        let step = self.steps[self.running()?].name.clone();
        Some(self.settle(&step, time, State::Unfinished))
    }
}

type Settled = fn(Option<Duration>) -> State;

fn clean(step: &StepRef) -> StepRef {
    StepRef { title: sanitize::plain(&step.title).replace('\n', " "), ..step.clone() }
}

fn since(start: Timestamp, end: Timestamp) -> Option<Duration> {
    end.duration_since(start).try_into().ok()
}
