//! Many hosts on a terminal, a line each. A host that has ended is printed for
//! good, a failed one with its output and error; the lines that move are those
//! of the hosts that are at work, so they fit any terminal.

use std::io;
use std::time::Instant;

use super::{
    Display,
    live::Live,
    paint::{Paint, pad, spinner, time},
    progress::{End, Progress, State},
    report,
};
use crate::model::{Event, Happening, Plan};

/// A host's name takes no more columns than this.
const WIDEST_HOST: usize = 30;

/// The display of many hosts.
pub(super) struct Fleet {
    live: Live,
    paint: Paint,
    hosts: Vec<Progress>,
    /// The column of the hosts' names.
    width: usize,
    plan_only: bool,
    began: Instant,
    /// The last thing that was printed ends in an empty line.
    spaced: bool,
}

impl Fleet {
    pub(super) fn new(
        mut live: Live,
        paint: Paint,
        hosts: &[String],
        plan: &Plan,
        plan_only: bool,
    ) -> Self {
        let target = format!("{} hosts", hosts.len());
        live.print(&report::heading(paint, plan, &target, plan_only));
        live.print("");
        let hosts: Vec<Progress> =
            hosts.iter().map(|host| Progress::new(host, paint.colours)).collect();
        let width = report::widest(hosts.iter().map(|h| h.host.as_str())).min(WIDEST_HOST);
        Fleet { live, paint, hosts, width, plan_only, began: Instant::now(), spaced: true }
    }

    fn draw(&mut self) -> io::Result<()> {
        let (rows, columns) = self.live.size();
        let lines = self.view(rows, columns);
        self.live.draw(&lines)
    }

    fn view(&self, rows: usize, columns: usize) -> Vec<String> {
        let ended = self.hosts.iter().filter(|host| host.end.is_some()).count();
        if ended == self.hosts.len() {
            return Vec::new();
        }
        let bar = self.paint.bar(ended, self.hosts.len(), columns.saturating_sub(34).clamp(5, 30));
        let elapsed = self.paint.dim(time(self.began.elapsed()));
        let foot = format!("  {bar}  {ended}/{} hosts  {elapsed}", self.hosts.len());

        // Rows for the foot, the empty line above it and the cursor.
        let room = rows.saturating_sub(3);
        let (begun, waiting): (Vec<_>, Vec<_>) =
            self.hosts.iter().filter(|host| host.end.is_none()).partition(|host| host.begun());
        let active: Vec<&Progress> = begun.into_iter().chain(waiting).collect();
        let shown = if active.len() > room { room.saturating_sub(1) } else { active.len() };
        let mut lines: Vec<String> =
            active[..shown].iter().map(|host| self.host_line(host)).collect();
        if shown < active.len() && room > 0 {
            lines.push(self.paint.dim(format!("    … and {} more", active.len() - shown)));
        }
        lines.extend([String::new(), foot]);
        lines
    }

    /// The moving line of a host that has not ended.
    fn host_line(&self, host: &Progress) -> String {
        let name = pad(&host.host, self.width);
        if !host.begun() {
            return self.paint.dim(format!("  · {name}  waiting"));
        }
        let (done, total) = (host.done(), host.steps.len());
        let doing = match host.running() {
            Some(index) => host.steps[index].name.title.as_str(),
            None if host.started => "",
            None if self.plan_only => "checking",
            None => "connecting",
        };
        format!(
            "  {} {name}  {}  {:>5}  {}  {doing}",
            self.paint.cyan(spinner(self.began.elapsed())),
            self.paint.bar(done, total, 10),
            format!("{done}/{total}"),
            self.paint.dim(format!("{:>8}", time(host.elapsed()))),
        )
    }

    /// Prints how a host ended.
    fn print_end(&mut self, index: usize) {
        let (paint, host) = (self.paint, &self.hosts[index]);
        let name = pad(&host.host, self.width);
        let outcome = match host.end {
            Some(End::Completed | End::Planned) if host.changed() == 0 => paint.dim(host.outcome()),
            _ => host.outcome(),
        };
        let elapsed = paint.dim(time(host.elapsed()));
        let sign = report::sign(paint, host.end);
        self.live.print(&format!("  {sign} {name}  {outcome}  {elapsed}"));
        for step in host.steps.iter().filter(|step| step.state == State::WouldRun) {
            self.live.print(&format!("    {} {}", paint.yellow("○"), step.name.title));
        }
        let failure = report::failure(paint, host);
        self.spaced = !failure.is_empty();
        for line in &failure {
            self.live.print(line);
        }
        if self.spaced {
            self.live.print("");
        }
    }

    fn print_note(&mut self, index: usize, text: &str) {
        let text = format!("{}: {text}", self.hosts[index].host);
        self.live.print(&report::note(self.paint, &text));
        self.spaced = false;
    }
}

impl Display for Fleet {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let Some(index) = self.hosts.iter().position(|host| host.name == event.host) else {
            return Ok(());
        };
        let host = &mut self.hosts[index];
        let was_ended = host.end.is_some();
        host.record(event);
        match &event.what {
            Happening::StepStarted { step, attempt, .. } if *attempt > 1 => {
                let text = format!("{} is started again (attempt {attempt}).", step.title);
                self.print_note(index, &text);
            }
            Happening::RunStarted { followed: true } => self.print_note(index, report::FOLLOWED),
            Happening::Note { text } => self.print_note(index, text),
            _ => {}
        }
        if !was_ended && self.hosts[index].end.is_some() {
            self.print_end(index);
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
        if !self.spaced {
            self.live.print("");
        }
        self.live.print(&report::total(self.paint, &self.hosts, self.began.elapsed()));
        self.live.draw(&[])
    }
}
