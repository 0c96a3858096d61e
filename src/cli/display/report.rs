//! Sentences and blocks of lines that the forms of the display share.

use std::time::Duration;

use console::measure_text_width;

use super::{
    paint::{Paint, count, time},
    progress::{End, Progress},
    sanitize,
};
use crate::model::{FailureKind, Plan};

/// What is done to whom.
pub(super) fn heading(paint: Paint, plan: &Plan, target: &str, plan_only: bool) -> String {
    let jobs: Vec<&str> = plan.jobs.iter().map(|job| job.title.as_str()).collect();
    let only = if plan_only { ", checks only" } else { "" };
    let heading = paint.bold(format!("{} on {}", jobs.join(", "), sanitize::plain(target)));
    format!("{heading}{}", paint.dim(only))
}

/// Said where `apply` finds a run that an earlier one has started.
pub(super) const FOLLOWED: &str =
    "This run was already going on there: following it from its start.";

/// Something that a person wants to know and that is no state of the run.
pub(super) fn note(paint: Paint, text: &str) -> String {
    format!("  {} {}", paint.yellow("!"), sanitize::plain(text).replace('\n', "\n    "))
}

/// Why a run failed: the failed step's whole output, then the cause and what
/// a person can do.
pub(super) fn failure(paint: Paint, progress: &Progress) -> Vec<String> {
    let Some(failure) = &progress.failure else { return Vec::new() };
    let mut lines = Vec::new();
    if failure.in_step {
        let bar = paint.dim("│");
        lines.extend(progress.output.all().map(|line| format!("    {bar} {line}")));
    }
    if let Some(code) = failure.exit_code {
        lines.push(paint.dim(format!("    ╰ exit code {code}")));
    }
    if progress.last_step().is_some() {
        lines.push(String::new());
    }
    lines.extend(error(paint, progress).map(|line| format!("    {line}")));
    lines
}

/// The lines of the cause and the next step.
pub(super) fn error(paint: Paint, progress: &Progress) -> impl Iterator<Item = String> {
    // To leave a run to itself is what a person chose: no error.
    let label = match progress.end {
        Some(End::Failed(FailureKind::Left)) => String::new(),
        _ => format!("{} ", paint.red("Error:")),
    };
    let text = progress.failure.as_ref().map_or("", |failure| &failure.error);
    text.lines().enumerate().map(move |(i, line)| match i {
        0 => format!("{label}{line}"),
        _ => line.to_owned(),
    })
}

/// How the run on a host ended, and in what time.
pub(super) fn summary(paint: Paint, progress: &Progress, elapsed: Duration) -> String {
    let sign = sign(paint, progress.end);
    let time = paint.dim(format!(", {}", time(elapsed)));
    format!("{sign} {}: {}{time}", paint.bold(&progress.host), progress.outcome())
}

/// A sign for how a run ended.
pub(super) fn sign(paint: Paint, end: Option<End>) -> String {
    match end {
        Some(End::Completed | End::Planned) => paint.green("✓"),
        Some(End::Failed(FailureKind::Left) | End::Cancelled) | None => paint.yellow("!"),
        Some(End::Failed(_)) => paint.red("✗"),
    }
}

/// How the runs on many hosts ended: "18 completed (12 changed, 6 unchanged), 2 failed: a, b".
pub(super) fn total(paint: Paint, hosts: &[Progress], elapsed: Duration) -> String {
    let named = |what: &str, ends: &dyn Fn(Option<End>) -> bool| {
        let names: Vec<&str> =
            hosts.iter().filter(|h| ends(h.end)).map(|h| h.host.as_str()).collect();
        (!names.is_empty()).then(|| format!("{} {what}: {}", names.len(), names.join(", ")))
    };
    let is_left = |end| end == Some(End::Failed(FailureKind::Left));
    let completed: Vec<&Progress> =
        hosts.iter().filter(|h| h.end == Some(End::Completed)).collect();
    let changed = completed.iter().filter(|h| h.changed() > 0).count();
    let planned = hosts.iter().filter(|h| h.end == Some(End::Planned)).count();
    let parts = [
        (planned > 0).then(|| format!("{} checked", count(planned, "host"))),
        (!completed.is_empty()).then(|| {
            let unchanged = completed.len() - changed;
            let details = format!("({changed} changed, {unchanged} unchanged)");
            format!("{} completed {}", completed.len(), paint.dim(details))
        }),
        named("failed", &|end| matches!(end, Some(End::Failed(_))) && !is_left(end))
            .map(|part| paint.red(part)),
        named("cancelled", &|end| end == Some(End::Cancelled)).map(|part| paint.yellow(part)),
        named("left to itself", &is_left).map(|part| paint.yellow(part)),
        named("not followed to its end", &|end| end.is_none()).map(|part| paint.yellow(part)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("{}{}", parts.join("; "), paint.dim(format!("; {}", time(elapsed))))
}

/// The width of the widest of these texts.
pub(super) fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(measure_text_width).max().unwrap_or(0)
}
