//! Plain lines for pipes, log files and terminals that can't move their
//! cursor. Nothing is ever taken back, so a line is written when it is true
//! for good.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use super::{
    Display,
    paint::{Paint, time},
    progress::{End, Progress, State},
    report,
    sanitize::{self, Sanitizer},
};
use crate::model::{Event, Happening, Plan};

/// A step that is over sooner than this, and prints nothing, gets one line, not two.
const SOON: Duration = Duration::from_secs(1);

/// The display for pipes.
pub(super) struct Plain {
    out: Box<dyn Write + Send>,
    paint: Paint,
    /// Written before the first line, then taken.
    heading: Option<String>,
    hosts: Vec<Progress>,
    feeds: Vec<Feed>,
    began: Instant,
}

/// What is under way on one host and not written yet.
struct Feed {
    /// Makes lines of the running step's output.
    lines: Sanitizer,
    /// The running step, while no line says yet that it started.
    unsaid: Option<(usize, Instant)>,
}

impl Plain {
    pub(super) fn new(
        out: Box<dyn Write + Send>,
        paint: Paint,
        hosts: &[String],
        plan: &Plan,
        plan_only: bool,
    ) -> Self {
        let target = match hosts {
            [host] => host.clone(),
            _ => format!("{} hosts", hosts.len()),
        };
        let feed = |_: &String| Feed { lines: Sanitizer::new(paint.colours), unsaid: None };
        Plain {
            out,
            paint,
            heading: Some(report::heading(paint, plan, &target, plan_only)),
            feeds: hosts.iter().map(feed).collect(),
            hosts: hosts.iter().map(|host| Progress::new(host, paint.colours)).collect(),
            began: Instant::now(),
        }
    }

    /// Writes a line, after the host's name where there are several.
    fn line(&mut self, host: usize, line: &str) -> io::Result<()> {
        if let Some(heading) = self.heading.take() {
            writeln!(self.out, "{heading}")?;
        }
        if self.hosts.len() > 1 {
            write!(self.out, "{}: ", self.hosts[host].host)?;
        }
        writeln!(self.out, "{line}")
    }

    /// Says that the running step started, if that was not said yet.
    fn say_started(&mut self, host: usize) -> io::Result<()> {
        match self.feeds[host].unsaid.take() {
            Some((step, _)) => self.line(host, &self.step(host, step)),
            None => Ok(()),
        }
    }

    fn output(&mut self, host: usize, lines: impl IntoIterator<Item = String>) -> io::Result<()> {
        for line in lines {
            self.say_started(host)?;
            self.line(host, format!("  | {line}").trim_end())?;
        }
        Ok(())
    }

    /// A step with its number: "[3/10] Install Nginx".
    fn step(&self, host: usize, step: usize) -> String {
        let steps = &self.hosts[host].steps;
        format!("[{}/{}] {}", step + 1, steps.len(), steps[step].name.title)
    }

    /// Says how a step ended.
    fn ended(&mut self, host: usize, step: usize) -> io::Result<()> {
        let rest = self.feeds[host].lines.end();
        self.output(host, rest)?;
        self.feeds[host].unsaid = None;
        let (word, took) = match self.hosts[host].steps[step].state {
            State::InPlace(took) => ("in place".to_owned(), took),
            State::Changed(took) => (self.paint.green("changed"), took),
            State::Failed(took) => (self.paint.red("failed"), took),
            State::WouldRun => (self.paint.yellow("would run"), None),
            State::Pending | State::Running(..) => return Ok(()),
        };
        let took = took.map_or(String::new(), |took| format!(", {}", time(took)));
        self.line(host, &format!("{}: {word}{took}", self.step(host, step)))
    }

    /// Says how the run on a host ended.
    fn end(&mut self, host: usize) -> io::Result<()> {
        if let Some(failure) = &self.hosts[host].failure {
            let code = failure.exit_code.map(|code| format!("The exit code is {code}."));
            let error = format!("{} {}", self.paint.red("Error:"), failure.error);
            for line in code.iter().map(String::as_str).chain(error.lines()) {
                self.line(host, line)?;
            }
        }
        let progress = &self.hosts[host];
        let outcome = format!("{}, {}", progress.outcome(), time(progress.elapsed()));
        // With several hosts, each line begins with the name.
        let name = if self.hosts.len() > 1 { "" } else { &format!("{}: ", progress.host) };
        self.line(host, &format!("{name}{outcome}"))
    }
}

impl Display for Plain {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let Some(host) = self.hosts.iter().position(|host| host.name == event.host) else {
            return Ok(());
        };
        let was_ended = self.hosts[host].end.is_some();
        let step = self.hosts[host].record(event);
        match (&event.what, step) {
            (Happening::RunPlanned { .. }, _) if self.hosts[host].end == Some(End::Planned) => {
                for step in 0..self.hosts[host].steps.len() {
                    self.ended(host, step)?;
                }
            }
            (Happening::RunStarted { followed: true }, _) => self.line(host, report::FOLLOWED)?,
            (Happening::StepStarted { attempt, .. }, Some(step)) => {
                if *attempt > 1 {
                    let text = format!("Started again, attempt {attempt}:");
                    self.line(host, &text)?;
                }
                self.feeds[host].lines.end();
                self.feeds[host].unsaid = Some((step, Instant::now()));
            }
            (Happening::StepOutput { output, .. }, _) => {
                let lines = self.feeds[host].lines.feed(output);
                self.output(host, lines)?;
            }
            (Happening::StepCompleted { .. } | Happening::StepFailed { .. }, Some(step)) => {
                self.ended(host, step)?;
            }
            (Happening::Note { text }, _) => {
                for line in sanitize::plain(text).lines() {
                    self.line(host, line)?;
                }
            }
            _ => {}
        }
        if !was_ended && self.hosts[host].end.is_some() {
            self.end(host)?;
        }
        self.out.flush()
    }

    fn tick(&mut self) -> io::Result<()> {
        for host in 0..self.hosts.len() {
            if self.feeds[host].unsaid.is_some_and(|(_, since)| since.elapsed() >= SOON) {
                self.say_started(host)?;
            }
        }
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.hosts.len() > 1 {
            let total = report::total(self.paint, &self.hosts, self.began.elapsed());
            writeln!(self.out, "{total}")?;
        }
        self.out.flush()
    }
}
