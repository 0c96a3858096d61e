//! One host on a terminal: a list of steps that fills up. What is finished is
//! printed for good and scrolls away with the terminal's history; only the
//! running step with its last lines, the steps to come and a bar move.

use std::io;
use std::time::{Duration, Instant};

use super::{
    Display,
    live::Live,
    paint::{Paint, pad, spinner, time},
    progress::{End, Progress, State},
    report,
};
use crate::model::{Event, Happening, Plan};

/// How many lines of the running step's output are shown.
const TAIL: usize = 5;

/// Columns that a step's line takes beside its title.
const BESIDE_TITLE: usize = 26;

/// With less room than this for titles, a step's line is not set in columns.
const NARROWEST_TITLE: usize = 24;

/// The display of one host.
pub(super) struct Terminal {
    live: Live,
    paint: Paint,
    progress: Progress,
    /// Names and titles of the jobs.
    jobs: Vec<(String, String)>,
    /// The job whose heading was printed last.
    job: Option<String>,
    plan_only: bool,
    began: Instant,
}

impl Terminal {
    pub(super) fn new(
        mut live: Live,
        paint: Paint,
        host: &str,
        plan: &Plan,
        plan_only: bool,
    ) -> Self {
        live.print(&report::heading(paint, plan, host, plan_only));
        live.print("");
        Terminal {
            live,
            paint,
            progress: Progress::new(host, paint.colours),
            jobs: plan.jobs.iter().map(|job| (job.name.clone(), job.title.clone())).collect(),
            job: None,
            plan_only,
            began: Instant::now(),
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        let (rows, columns) = self.live.size();
        let lines = self.view(rows, columns);
        self.live.draw(&lines)
    }

    /// Prints the job's heading before its first step, if there are several jobs.
    fn print_heading(&mut self, index: usize) {
        if let Some(heading) = self.heading(index, self.job.as_deref()) {
            if self.job.is_some() {
                self.live.print("");
            }
            self.live.print(&self.paint.bold(heading));
            self.job = Some(self.progress.steps[index].name.job.clone());
        }
    }

    /// The heading that belongs above a step if the one above is of `former`.
    fn heading(&self, index: usize, former: Option<&str>) -> Option<String> {
        let step = &self.progress.steps[index];
        let same = former == Some(step.name.job.as_str());
        if self.jobs.len() < 2 || step.handler || same {
            return None;
        }
        let title = self.jobs.iter().find(|(name, _)| *name == step.name.job);
        Some(format!("  {}", title.map_or(&step.name.job, |(_, title)| title)))
    }

    fn print_step(&mut self, index: usize) {
        self.print_heading(index);
        let line = self.step_line(index, self.live.size().1);
        self.live.print(&line);
    }

    fn step_line(&self, index: usize, columns: usize) -> String {
        let paint = self.paint;
        let step = &self.progress.steps[index];
        let titles = self.progress.steps.iter().map(|step| step.name.title.as_str());
        // In columns, where the terminal is wide enough for them.
        let (width, word_width, time_width) = match columns.checked_sub(BESIDE_TITLE) {
            Some(room) if room >= NARROWEST_TITLE => (report::widest(titles).min(room), 10, 9),
            _ => (0, 0, 0),
        };
        let title = pad(&step.name.title, width);
        let word = |word| pad(word, word_width);
        let clock =
            |took: Option<Duration>| format!(" {:>time_width$}", took.map_or(String::new(), time));
        match step.state {
            State::Pending => paint.dim(format!("  · {}", step.name.title)),
            State::Running(_, since) => format!(
                "  {} {}  {}{}",
                paint.cyan(spinner(self.began.elapsed())),
                paint.bold(title),
                word(""),
                clock(Some(since.elapsed()))
            ),
            State::InPlace(took) => {
                let text = format!("  ✓ {title}  {}{}", word("in place"), clock(took));
                paint.dim(text.trim_end())
            }
            State::Changed(took) => {
                let (sign, word) = (paint.green("✓"), paint.green(word("changed")));
                format!("  {sign} {title}  {word}{}", paint.dim(clock(took)))
            }
            State::Failed(took) => {
                let (sign, word) = (paint.red("✗"), paint.red(word("failed")));
                format!("  {sign} {}  {word}{}", paint.bold(title), paint.dim(clock(took)))
            }
            State::Unfinished(took) => {
                let (sign, word) = (paint.yellow("!"), paint.yellow(word("unfinished")));
                format!("  {sign} {title}  {word}{}", paint.dim(clock(took)))
            }
            State::WouldRun => {
                let (sign, word) = (paint.yellow("○"), paint.yellow("would run"));
                format!("  {sign} {title}  {word}")
            }
        }
    }

    /// The lines that move.
    fn view(&self, rows: usize, columns: usize) -> Vec<String> {
        if self.progress.end.is_some() {
            return Vec::new();
        }
        let mut foot = self.foot(columns);
        // The row below the last line is the cursor's.
        let mut room = rows.saturating_sub(1 + foot.len());
        if room > 6 {
            foot.insert(0, String::new());
            room -= 1;
        }
        let mut lines = self.now(room, columns);
        lines.extend(self.to_come(room.saturating_sub(lines.len()), columns));
        lines.extend(foot);
        lines
    }

    /// What is going on, with the last lines of output.
    fn now(&self, room: usize, columns: usize) -> Vec<String> {
        let Some(index) = self.progress.running() else {
            if self.progress.started {
                return Vec::new();
            }
            let doing = if self.plan_only { "Checking" } else { "Connecting to" };
            let sign = self.paint.cyan(spinner(self.began.elapsed()));
            return vec![format!("  {sign} {doing} {} …", self.progress.host)];
        };
        let mut lines = vec![self.step_line(index, columns)];
        let gutter = self.paint.dim("│");
        for line in self.progress.output.tail(TAIL.min(room.saturating_sub(1))) {
            lines.push(format!("    {gutter} {}", self.paint.dim_output(&line)));
        }
        lines
    }

    /// The steps to come, as many as there is room for.
    fn to_come(&self, room: usize, columns: usize) -> Vec<String> {
        let mut job = self.job.clone();
        let mut lines = Vec::new();
        // For each step, how many lines it takes to show it.
        let mut steps = Vec::new();
        for (index, step) in self.progress.steps.iter().enumerate() {
            if step.state != State::Pending {
                continue;
            }
            if let Some(heading) = self.heading(index, job.as_deref()) {
                if job.is_some() {
                    lines.push(String::new());
                }
                lines.push(self.paint.dim(heading));
                job = Some(step.name.job.clone());
            }
            lines.push(self.step_line(index, columns));
            steps.push(lines.len());
        }
        if lines.len() > room {
            let shown = steps.iter().filter(|end| **end < room).count();
            lines.truncate(if shown == 0 { 0 } else { steps[shown - 1] });
            if room > 0 {
                lines.push(self.paint.dim(format!("    … and {} more", steps.len() - shown)));
            }
        }
        lines
    }

    /// The bar with its numbers.
    fn foot(&self, columns: usize) -> Vec<String> {
        let elapsed = time(self.began.elapsed());
        let (done, total) = (self.progress.done(), self.progress.steps.len());
        if total == 0 || self.plan_only {
            return vec![format!("  {}", self.paint.dim(elapsed))];
        }
        let bar = self.paint.bar(done, total, columns.saturating_sub(24).clamp(5, 30));
        vec![format!("  {bar}  {done}/{total}  {}", self.paint.dim(elapsed))]
    }
}

impl Display for Terminal {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let index = self.progress.record(event);
        match (&event.what, index) {
            (Happening::RunPlanned { .. }, _) if self.progress.end == Some(End::Planned) => {
                for index in 0..self.progress.steps.len() {
                    self.print_step(index);
                }
            }
            (Happening::RunStarted { followed: true }, _) => {
                self.live.print(&report::note(self.paint, report::FOLLOWED));
                self.live.print("");
            }
            (Happening::StepStarted { attempt, .. }, Some(index)) => {
                self.print_heading(index);
                if *attempt > 1 {
                    let title = &self.progress.steps[index].name.title;
                    let text = format!("{title} is started again (attempt {attempt}).");
                    self.live.print(&report::note(self.paint, &text));
                }
            }
            (Happening::StepCompleted { .. }, Some(index)) => self.print_step(index),
            (Happening::StepFailed { .. }, Some(index)) => self.print_step(index),
            (Happening::RunFailed { .. } | Happening::RunCancelled, unfinished) => {
                if let Some(index) = unfinished {
                    self.print_step(index);
                }
                let failure = report::failure(self.paint, &self.progress);
                failure.iter().for_each(|line| self.live.print(line));
            }
            (Happening::Note { text }, _) => self.live.print(&report::note(self.paint, text)),
            _ => {}
        }
        if self.live.due() { self.draw() } else { Ok(()) }
    }

    fn tick(&mut self) -> io::Result<()> {
        self.draw()
    }

    fn hide(&mut self) -> io::Result<()> {
        self.live.hide()
    }

    fn show(&mut self) -> io::Result<()> {
        self.live.show();
        self.draw()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.live.show();
        let summary = report::summary(self.paint, &self.progress, self.began.elapsed());
        self.live.print("");
        self.live.print(&summary);
        self.live.draw(&[])
    }
}
