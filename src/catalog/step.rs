//! A step as a job file describes it: parameters are not filled in yet.

use std::time::Duration;

use jiff::SignedDuration;

use super::lint;
use super::nearest::did_you_mean;
use super::parameter::{Parameter, is_path, is_unix_user};
use super::reader::{Report, Table};
use super::source::Text;
use super::template;

/// How long a step may take that does not say.
const USUAL_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// The longest limit that makes sense.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// A step of a job file.
#[derive(Debug, Clone)]
pub struct JobStep {
    /// Its name, unique within the job.
    pub name: String,
    /// What people read.
    pub title: String,
    /// What it does.
    pub action: JobAction,
    /// How long each of its scripts may take.
    pub timeout: Duration,
    /// A command to run once after the steps if this one changed something.
    pub on_change: Option<Text>,
}

/// What a step of a job file does.
#[derive(Debug, Clone)]
pub enum JobAction {
    /// Asks whether it is in place, and puts it in place.
    Command {
        /// Answers 0 or 1.
        check: Text,
        /// Puts it in place.
        run: Text,
    },
    /// Writes a file.
    File(FileTemplate),
    /// Asks whether something holds.
    Assert {
        /// Must answer 0.
        assert: Text,
    },
}

/// A file with templates in it.
#[derive(Debug, Clone)]
pub struct FileTemplate {
    /// Template of the path.
    pub path: Text,
    /// Template of the owner's name.
    pub owner: Text,
    /// Template of the group's name.
    pub group: Text,
    /// Four octal digits.
    pub mode: String,
    /// Template of the content.
    pub content: Text,
}

impl JobStep {
    /// The scripts of the step, each with its key in the file.
    pub fn scripts(&self) -> impl Iterator<Item = (&'static str, &Text)> {
        let scripts = match &self.action {
            JobAction::Command { check, run } => vec![("check", check), ("run", run)],
            JobAction::Assert { assert } => vec![("assert", assert)],
            JobAction::File(_) => Vec::new(),
        };
        scripts.into_iter().chain(self.on_change.iter().map(|command| ("on_change", command)))
    }

    /// Reads a `[[steps]]` table; none where a mistake was reported.
    pub(super) fn read(table: Table<'_>, parameters: &[Parameter]) -> Option<Self> {
        let report = table.report;
        let name = table
            .text("name")
            .inspect(|name| check_name(report, "step", name))
            .or_else(|| table.missing("name", "name = \"install_software\""));
        let title =
            table.line("title").or_else(|| table.missing("title", "title = \"Installing …\""));
        let timeout = table.text("timeout").map_or(Some(USUAL_TIMEOUT), |t| timeout(report, &t));
        let on_change = table.line("on_change");
        let action = read_action(&table, parameters);
        if let Some(command) = &on_change {
            lint::script(report, "on_change", command);
            if matches!(action, Some(JobAction::Assert { .. })) {
                report.add(command.span.clone(), "an `assert` changes nothing: no `on_change`");
            }
        }
        table.finish();
        Some(Self {
            name: name?.value,
            title: title?.value,
            action: action?,
            timeout: timeout?,
            on_change,
        })
    }
}

/// Reports a name that is no lower-case word.
pub(super) fn check_name(report: &Report<'_>, what: &str, name: &Text) {
    let is_word = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && name.len() <= 64;
    if !is_word {
        report.add_with(
            name.span.clone(),
            format!("`{}` can't be the name of a {what}", name.value),
            "use a-z, 0-9 and _, beginning with a letter, at most 64",
        );
    }
}

fn timeout(report: &Report<'_>, text: &Text) -> Option<Duration> {
    let limit = text.parse::<SignedDuration>().ok().and_then(|d| Duration::try_from(d).ok());
    let limit = limit.filter(|d| d.subsec_nanos() == 0 && *d <= LONGEST_TIMEOUT && !d.is_zero());
    if limit.is_none() {
        report.add_with(
            text.span.clone(),
            "`timeout` must be a time of whole seconds, at most a day",
            "as in \"90s\", \"10m\" or \"1h 30m\"",
        );
    }
    limit
}

fn read_action(table: &Table<'_>, parameters: &[Parameter]) -> Option<JobAction> {
    let report = table.report;
    let script = |key| table.text(key).inspect(|text| lint::script(report, key, text));
    let (check, run, assert) = (script("check"), script("run"), script("assert"));
    let file = table.table("file");
    let has = |key: &str| table.key(key).is_some();
    match (has("check"), has("run"), has("file"), has("assert")) {
        (true, true, false, false) => Some(JobAction::Command { check: check?, run: run? }),
        (false, false, true, false) => Some(JobAction::File(read_file(file?, parameters)?)),
        (false, false, false, true) => Some(JobAction::Assert { assert: assert? }),
        which => {
            let (message, help) = match which {
                (false, true, false, false) => (
                    "a `run` without a `check`",
                    "add a `check` that exits 0 where the step is in place, and 1 where it is not",
                ),
                (true, false, false, false) => (
                    "a `check` without a `run`",
                    "add a `run`, or call it `assert` if it must simply hold",
                ),
                (false, false, false, false) => {
                    ("the step does nothing", "give it `check` and `run`, or `file`, or `assert`")
                }
                _ => (
                    "the step does more than one thing",
                    "it has either `check` and `run`, or `file`, or `assert`",
                ),
            };
            report.add_with(table.span.clone(), message, help);
            None
        }
    }
}

fn read_file(table: Table<'_>, parameters: &[Parameter]) -> Option<FileTemplate> {
    let report = table.report;
    let root = || Text { value: "root".into(), span: table.span.clone() };
    let path = table.line("path").or_else(|| table.missing("path", "path = \"/etc/…\""));
    let owner = table.line("owner").unwrap_or_else(root);
    let group = table.line("group").unwrap_or_else(root);
    let mode = table.text("mode");
    let content =
        table.text("template").or_else(|| table.missing("template", "template = '''…'''"));
    for text in [&path, &Some(owner.clone()), &Some(group.clone()), &content].into_iter().flatten()
    {
        template::check(report, text, parameters);
    }
    for (key, text, fits) in [
        ("path", path.as_ref(), is_file_path as fn(&str) -> bool),
        ("owner", Some(&owner), is_unix_user),
        ("group", Some(&group), is_unix_user),
    ] {
        if let Some(text) = text.filter(|text| !template::is_template(text) && !fits(text)) {
            report.add(text.span.clone(), wrong(key, text));
        }
    }
    if let Some(mode) = &mode
        && !(mode.len() == 4 && mode.bytes().all(|b| (b'0'..=b'7').contains(&b)))
    {
        report.add_with(
            mode.span.clone(),
            "`mode` must be four octal digits",
            did_you_mean(mode, ["0644", "0755", "0600", "0640"].into_iter())
                .unwrap_or_else(|| "as in \"0644\"".into()),
        );
    }
    if let Some(content) = content.as_ref().filter(|_| mode.is_none())
        && template::uses_secret(content, parameters)
    {
        report.add_with(
            table.span.clone(),
            "the file holds a secret, and does not say who may read it",
            "add `mode = \"0600\"`",
        );
    }
    table.finish();
    let mode = mode.map_or_else(|| "0644".into(), |mode| mode.value);
    Some(FileTemplate { path: path?, owner, group, mode, content: content? })
}

/// An absolute path that can be a file's.
pub(super) fn is_file_path(path: &str) -> bool {
    is_path(path) && !path.ends_with('/')
}

/// What is wrong with a path, an owner or a group.
pub(super) fn wrong(key: &str, value: &str) -> String {
    match key {
        "path" => format!("`path` must be an absolute path of a file without `..`, not {value:?}"),
        _ => format!("`{key}` must be a name of a-z, 0-9, _ and -, not {value:?}"),
    }
}
