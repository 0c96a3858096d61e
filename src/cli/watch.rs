//! Follows a run from the store to its end: a notification says that it changed, and
//! then all of it is read anew and shown with `apply`'s display.

use std::collections::VecDeque;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use super::display::{self, Display, TICK};
use super::runs::waits;
use crate::bus::Listener;
use crate::installation::Installation;
use crate::model::{
    Chunk, Event, Happening, Plan, PlannedStep, RunResource, RunStep, Status, StepRef,
};
use crate::store::StoreError;

/// Output is no change that is announced: it is read so often, and with it whether an
/// embedded database was written to.
const READ: Duration = Duration::from_millis(200);
/// Nobody announces what nobody could: all of it is read at least so often.
const AT_LEAST: u32 = 25;
/// So much output is read at once, in bytes.
const MOST: i64 = 1 << 20;
/// A run that no worker has taken by then is told of.
const PATIENCE: Duration = Duration::from_secs(5);

/// Shows the run until it has ended, or the person has seen enough. Exit code 0 if it completed.
///
/// # Errors
/// Fails if the store can't be read any more, or nothing can be shown.
pub async fn watch(
    installation: &Installation,
    mut listener: Option<Listener>,
    run: &str,
    server: &str,
    plan: &Plan,
    json: bool,
) -> Result<ExitCode> {
    let mut display = display::choose(json, &[server.to_owned()], plan, false);
    let mut seen = Seen::default();
    let (mut tick, mut read) = (interval(TICK), interval(READ));
    for timer in [&mut tick, &mut read] {
        timer.set_missed_tick_behavior(MissedTickBehavior::Skip);
    }
    let mut signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
        .map(signal)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let (mut reads, mut version) = (0, None);
    loop {
        let [interrupt, terminate, hang_up] = &mut signals[..] else {
            unreachable!("there are three")
        };
        let news = tokio::select! {
            _ = heard(&mut listener) => News::All,
            _ = read.tick() => {
                reads += 1;
                let now = installation.store.data_version().await.unwrap_or(None);
                let written = now.is_some() && now != version;
                version = now;
                match now {
                    _ if written || reads % AT_LEAST == 1 => News::All,
                    Some(_) => continue,
                    None => News::Output,
                }
            }
            _ = tick.tick() => {
                display.tick()?;
                continue;
            }
            _ = interrupt.recv() => return leave(&mut *display, run),
            _ = terminate.recv() => return leave(&mut *display, run),
            _ = hang_up.recv() => return leave(&mut *display, run),
        };
        let resource = match seen.fetch(installation, run, news).await {
            Ok(resource) => resource,
            // It may be back before the run has ended, and the run goes on without it.
            Err(error) if error.is_temporary() => {
                seen.show_away(server, error, &mut *display)?;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        seen.away = false;
        let Some(resource) = resource else {
            seen.show_output(server, &mut *display)?;
            continue;
        };
        if seen.show(&resource, &mut *display)? {
            display.finish()?;
            let completed = resource.run.status == Status::Completed;
            return Ok(if completed { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
}

async fn heard(listener: &mut Option<Listener>) {
    match listener {
        Some(listener) => drop(listener.next().await),
        None => std::future::pending().await,
    }
}

fn leave(display: &mut dyn Display, run: &str) -> Result<ExitCode> {
    display.hide()?;
    eprintln!("\nThe run goes on. See it with `groundcrew runs show {run}`.");
    Ok(ExitCode::FAILURE)
}

/// What may be new.
enum News {
    Output,
    All,
}

/// What was shown of a run.
#[derive(Default)]
struct Seen {
    run: String,
    planned: bool,
    started: bool,
    waiting: Option<String>,
    /// For each step: where it stood, and how often it had been started.
    steps: Vec<(Status, i64)>,
    names: Vec<StepRef>,
    note: i64,
    /// Attempt and offset up to which output was read.
    output: (u32, u64),
    /// Output that was read and not shown yet.
    chunks: VecDeque<Chunk>,
    /// Whether it was told that the store does not answer.
    away: bool,
}

impl Seen {
    /// Reads output that is new, and the run if that may be new, too.
    async fn fetch(
        &mut self,
        installation: &Installation,
        run: &str,
        news: News,
    ) -> Result<Option<RunResource>, StoreError> {
        self.run = run.to_owned();
        let resource = match news {
            News::Output => None,
            News::All => {
                let resource = installation.store.run(run).await?;
                Some(resource.ok_or(StoreError::UnknownServer)?)
            }
        };
        // After the run, so that all output of a step that has ended is there.
        while self.read_output(installation, run).await? {}
        Ok(resource)
    }

    /// Says once that the store does not answer.
    fn show_away(
        &mut self,
        host: &str,
        error: StoreError,
        display: &mut dyn Display,
    ) -> Result<()> {
        if std::mem::replace(&mut self.away, true) {
            return Ok(());
        }
        let text = format!("{:#}. The run goes on; trying again.", anyhow::Error::new(error));
        self.event(host, Timestamp::now(), Happening::Note { text }, display)
    }

    /// Reads output that is new; false if there was none.
    async fn read_output(
        &mut self,
        installation: &Installation,
        run: &str,
    ) -> Result<bool, StoreError> {
        let chunks = installation.store.output(run, self.output, MOST).await?;
        if let Some(last) = chunks.last() {
            self.output = (last.attempt, last.offset + last.bytes.len() as u64);
        }
        let some = !chunks.is_empty();
        self.chunks.extend(chunks);
        Ok(some)
    }

    /// Shows what is new; true if the run has ended.
    fn show(&mut self, resource: &RunResource, display: &mut dyn Display) -> Result<bool> {
        let run = &resource.run;
        let host = resource.server.as_str();
        if !self.planned {
            self.planned = true;
            let steps = resource.steps.iter().filter(|step| !step.handler);
            let steps = steps.map(|step| PlannedStep { step: reference(step), in_place: None });
            let what = Happening::RunPlanned { jobs: run.jobs.clone(), steps: steps.collect() };
            self.event(host, run.created_at, what, display)?;
        }
        self.steps.resize(resource.steps.len(), (Status::Pending, 0));
        self.names = resource.steps.iter().map(reference).collect();
        self.show_waiting(resource, display)?;
        if !self.started && resource.steps.iter().any(|step| step.status != Status::Pending) {
            self.started = true;
            let what = Happening::RunStarted { followed: false };
            self.event(host, run.started_at.unwrap_or(run.created_at), what, display)?;
        }
        for note in resource.notes.iter().filter(|note| note.id > self.note) {
            self.event(host, note.time, Happening::Note { text: note.text.clone() }, display)?;
        }
        self.note = resource.notes.last().map_or(self.note, |note| note.id);
        for (index, step) in resource.steps.iter().enumerate() {
            self.show_step(host, index, step, display)?;
        }
        self.show_output(host, display)?;
        let time = run.finished_at.unwrap_or(run.created_at);
        let end = match run.status {
            Status::Completed => Happening::RunCompleted {
                changed: usize::try_from(run.changed.unwrap_or(0)).unwrap_or(0),
            },
            Status::Failed => Happening::RunFailed {
                kind: run.error_kind.unwrap_or(crate::model::FailureKind::Internal),
                error: run.error.clone().unwrap_or_default(),
            },
            Status::Cancelled => Happening::RunCancelled,
            Status::Pending | Status::Installing => return Ok(false),
        };
        self.event(host, time, end, display)?;
        Ok(true)
    }

    /// Says why it does not begin, or can't go on for now.
    fn show_waiting(&mut self, resource: &RunResource, display: &mut dyn Display) -> Result<()> {
        let run = &resource.run;
        let age = Timestamp::now().duration_since(run.created_at).unsigned_abs();
        let waiting = match (&run.unreachable_since, &run.unreachable) {
            (Some(since), Some(why)) => {
                Some(format!("The host can't be reached since {since:.0}: {why}"))
            }
            // One that is about to be taken is not worth a word.
            _ if run.waiting.is_some() || age > PATIENCE => {
                waits(resource).map(|why| format!("Waiting: {why}"))
            }
            _ => None,
        };
        if waiting != self.waiting {
            if let Some(text) = waiting.clone() {
                self.event(&resource.server, Timestamp::now(), Happening::Note { text }, display)?;
            } else if run.status == Status::Installing && self.started {
                let text = "The host can be reached again.".to_owned();
                self.event(&resource.server, Timestamp::now(), Happening::Note { text }, display)?;
            }
            self.waiting = waiting;
        }
        Ok(())
    }

    fn show_step(
        &mut self,
        host: &str,
        index: usize,
        step: &RunStep,
        display: &mut dyn Display,
    ) -> Result<()> {
        let (status, starts) = self.steps[index];
        self.steps[index] = (step.status, step.starts);
        let started = step.started_at.unwrap_or(Timestamp::UNIX_EPOCH);
        if step.starts > starts {
            let attempt = u32::try_from(step.starts).unwrap_or(u32::MAX);
            let what = Happening::StepStarted { step: reference(step), attempt };
            self.event(host, started, what, display)?;
        }
        if step.status == status {
            return Ok(());
        }
        let finished = step.finished_at.unwrap_or(started);
        let end = match step.status {
            Status::Completed => Happening::StepCompleted {
                step: reference(step),
                changed: step.changed.unwrap_or(false),
            },
            Status::Failed => Happening::StepFailed {
                step: reference(step),
                exit_code: step.exit_code.and_then(|code| i32::try_from(code).ok()),
                error: step.error.clone().unwrap_or_default(),
            },
            _ => return Ok(()),
        };
        self.show_output(host, display)?;
        self.event(host, finished, end, display)
    }

    /// Shows the output of steps that were shown as started.
    fn show_output(&mut self, host: &str, display: &mut dyn Display) -> Result<()> {
        while let Some(chunk) = self.chunks.front() {
            let index = usize::try_from(chunk.step - 1).unwrap_or(usize::MAX);
            if self.steps.get(index).is_none_or(|(_, starts)| *starts == 0) {
                break;
            }
            let step = self.names[index].clone();
            if let Some(chunk) = self.chunks.pop_front() {
                let what =
                    Happening::StepOutput { step, offset: chunk.offset, output: chunk.bytes };
                self.event(host, Timestamp::now(), what, display)?;
            }
        }
        Ok(())
    }

    fn event(
        &self,
        host: &str,
        time: Timestamp,
        what: Happening,
        display: &mut dyn Display,
    ) -> Result<()> {
        let event = Event { run: self.run.clone(), host: host.to_owned(), time, what, at: None };
        display.event(&event).context("showing what happens")
    }
}

fn reference(step: &RunStep) -> StepRef {
    StepRef { job: step.job.clone(), step: step.name.clone(), title: step.title.clone() }
}
