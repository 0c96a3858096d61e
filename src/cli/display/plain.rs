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
            State::Failed(took) => {
                let code = self.hosts[host].failure.as_ref().and_then(|f| f.exit_code);
                let code = code.map_or(String::new(), |code| format!(" with exit code {code}"));
                (self.paint.red(format!("failed{code}")), took)
            }
            State::Unfinished(took) => (self.paint.yellow("unfinished"), took),
            State::WouldRun => (self.paint.yellow("would run"), None),
            State::Pending | State::Running(..) => return Ok(()),
        };
        let took = took.map_or(String::new(), |took| format!(", {}", time(took)));
        self.line(host, &format!("{}: {word}{took}", self.step(host, step)))
    }

    /// Says how the run on a host ended.
    fn end(&mut self, host: usize) -> io::Result<()> {
        let error: Vec<String> = report::error(self.paint, &self.hosts[host]).collect();
        for line in error {
            self.line(host, &line)?;
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
                let lines = self.feeds[host].lines.feed(&String::from_utf8_lossy(output));
                self.output(host, lines)?;
            }
            (Happening::Note { text }, _) => {
                for line in sanitize::plain(text).lines() {
                    self.line(host, line)?;
                }
            }
            // Completed, failed, or the run's end left it unfinished.
            (_, Some(step)) => self.ended(host, step)?,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::display::testing::{Run, Screen, plan, step};
    use crate::model::{FailureKind, StepRef};

    fn written(hosts: &[&str], plan_only: bool, events: &[Event]) -> io::Result<String> {
        let screen = Screen::new(24, 80);
        let hosts: Vec<String> = hosts.iter().map(|host| host.to_string()).collect();
        let (out, plan) = (Box::new(screen.clone()), plan(&["Nginx"]));
        let mut plain = Plain::new(out, Paint::new(false), &hosts, &plan, plan_only);
        events.iter().try_for_each(|event| plain.event(event))?;
        plain.tick()?;
        plain.finish()?;
        Ok(screen.raw())
    }

    fn steps() -> [StepRef; 2] {
        ["Prepare", "Install"].map(|title| step("nginx", title))
    }

    #[test]
    fn output_is_indented_clean_and_in_whole_lines() -> io::Result<()> {
        let [prepare, install] = steps();
        let mut run = Run::on("edge-1");
        let mut events = vec![
            run.planned(&steps(), None),
            run.step_started(&prepare),
            run.completed(&prepare, false),
            run.step_started(&install),
            run.output(&install, "10 %\r50"),
            run.output(&install, " %\r100 %\n\n\x1b]52;c;aGk"),
            run.output(&install, "=\x07\x1b[31mla"),
            run.output(&install, "st\x1b[0m"),
        ];
        events.extend(run.failed(&install, "No package.\nLook at the sources."));
        assert_eq!(
            written(&["edge-1"], false, &events)?,
            "Nginx on edge-1
[1/2] Prepare: in place, 0.5 s
[2/2] Install
  | 100 %
  |
  | last
[2/2] Install: failed with exit code 100, 2.5 s
Error: No package.
Look at the sources.
edge-1: failed at step 2 of 2, Install, 0.0 s
"
        );
        Ok(())
    }

    #[test]
    fn with_several_hosts_each_line_names_its_own() -> io::Result<()> {
        let (mut a, mut b) = (Run::on("a"), Run::on("b"));
        let [prepare, _] = steps();
        let kind = FailureKind::Unreachable;
        let events = [
            a.planned(&steps()[..1], None),
            b.event(Happening::RunFailed { kind, error: "No route.".to_owned() }),
            a.step_started(&prepare),
            a.output(&prepare, "half a li"),
            a.event(Happening::Note { text: "The line was cut.".to_owned() }),
            a.completed(&prepare, true),
            a.event(Happening::RunCompleted { changed: 1 }),
        ];
        assert_eq!(
            written(&["a", "b"], false, &events)?,
            "Nginx on 2 hosts
b: Error: No route.
b: failed before the first step, 0.0 s
a: The line was cut.
a: [1/1] Prepare
a:   | half a li
a: [1/1] Prepare: changed, 1.5 s
a: 1 changed, 0 in place, 0.0 s
1 completed (1 changed, 0 unchanged); 1 failed: b; 0.0 s
"
        );
        Ok(())
    }

    #[test]
    fn plan_says_what_would_run() -> io::Result<()> {
        let events = [Run::on("edge-1").planned(&steps(), Some(&[true, false]))];
        assert_eq!(
            written(&["edge-1"], true, &events)?,
            "Nginx on edge-1, checks only
[1/2] Prepare: in place
[2/2] Install: would run
edge-1: 1 of 2 steps would run, 0.0 s
"
        );
        Ok(())
    }
}
