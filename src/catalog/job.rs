//! A job file: title, parameters, steps.

use std::sync::Arc;

use toml::de::DeTable;

use super::mistake::Mistake;
use super::nearest::did_you_mean;
use super::parameter::{Kind, Parameter};
use super::reader::{Report, Table};
use super::reserved;
use super::source::{Source, Text};
use super::step::{JobStep, check_name};

/// A job as its file describes it.
#[derive(Debug, Clone)]
pub struct Job {
    /// The file's name without `.toml`, as in `nginx`.
    pub name: String,
    /// What people read.
    pub title: String,
    /// A longer explanation.
    pub description: Option<String>,
    /// Jobs to run before it, in the same run.
    pub needs: Vec<Text>,
    /// Systems that it was tested on, as `debian 12`. Empty: any system.
    pub systems: Vec<String>,
    /// What it wants to know, in the order of the file.
    pub parameters: Vec<Parameter>,
    /// What it does, in order.
    pub steps: Vec<JobStep>,
    /// The file.
    pub source: Arc<Source>,
}

impl Job {
    /// Reads a job file. There is no job where the file is not even TOML; where
    /// there are mistakes, the job is only good for finding more of them.
    pub(super) fn read(name: &str, source: Source) -> (Option<Self>, Vec<Mistake>) {
        let source = Arc::new(source);
        let (document, errors) = DeTable::parse_recoverable(&source.text);
        // What follows the first error is most often its echo.
        if let Some(error) = errors.iter().min_by_key(|error| error.span().map(|s| s.start)) {
            let message = format!("not TOML: {}", error.message());
            return (None, vec![source.mistake(error.span().unwrap_or(0..0), message)]);
        }
        let report = Report::new(&source);
        let job = read(name, &source, Table::new(&report, 0..0, document.get_ref()));
        (Some(job), report.into_mistakes())
    }
}

fn read(name: &str, source: &Arc<Source>, table: Table<'_>) -> Job {
    let report = table.report;
    let is_word = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
        && name.len() <= 64;
    if !is_word {
        report.add_with(
            0..0,
            format!("`{name}` can't be the name of a job, and so not of its file"),
            "use a-z, 0-9, _ and -, beginning with a letter, at most 64",
        );
    }
    let title = table.line("title").or_else(|| table.missing("title", "title = \"…\""));
    let description = table.text("description").map(|text| text.value);
    let needs = table.texts("needs").unwrap_or_default();
    let systems = table.texts("systems").unwrap_or_default();
    for system in systems.iter().filter(|system| !is_system(system)) {
        report.add_with(
            system.span.clone(),
            format!("`{}` is no system", system.value),
            "write ID and VERSION_ID of its /etc/os-release, as in \"debian 12\"",
        );
    }
    let parameters: Vec<Parameter> = table
        .named_tables("params")
        .into_iter()
        .map(|(name, table)| read_parameter(&name, table))
        .collect();

    let mut steps: Vec<JobStep> = Vec::new();
    let tables = table.tables("steps");
    if tables.is_empty() {
        table.missing("steps", "[[steps]]");
    }
    for table in tables {
        let name = table.value_span("name");
        let Some(step) = JobStep::read(table, &parameters) else { continue };
        if steps.iter().any(|other| other.name == step.name) {
            report.add_with(name, format!("a second step `{}`", step.name), "name it otherwise");
        }
        steps.push(step);
    }
    table.finish();
    let systems = systems.into_iter().map(|system| system.value).collect();
    let (name, source) = (name.to_owned(), source.clone());
    let title = title.map(|title| title.value).unwrap_or_default();
    Job { name, title, description, needs, systems, parameters, steps, source }
}

fn is_system(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    text.split_once(' ').is_some_and(|(id, version)| is_word(id) && is_word(version))
}

fn read_parameter(name: &Text, table: Table<'_>) -> Parameter {
    let report = table.report;
    check_name(report, "parameter", name);
    if let Some(who) = reserved::reader_of(name) {
        report.add_with(
            name.span.clone(),
            format!("a parameter can't be called `{}`", name.value),
            format!("${} is read by {who}; choose another name", name.to_ascii_uppercase()),
        );
    }
    let title = table.line("title").map(|text| text.value);
    let description = table.text("description").map(|text| text.value);
    let kind = read_kind(&table);
    let mut default = table.scalar("default");
    if let (Some(given), Some(kind)) = (&mut default, &kind) {
        match kind.check(given) {
            _ if kind.is_secret() => report.add_with(
                given.span.clone(),
                "a secret with a default is none",
                "remove the default: whoever runs the job gives the secret",
            ),
            Ok(normal) => given.value = normal,
            Err(why) => report.add(given.span.clone(), format!("the default {why}")),
        }
    }
    table.finish();
    // With a mistake in its type, the parameter is still one that templates may name.
    let kind = kind.unwrap_or(Kind::String);
    let default = default.map(|default| default.value);
    Parameter { name: name.value.clone(), title, description, kind, default }
}

fn read_kind(table: &Table<'_>) -> Option<Kind> {
    let report = table.report;
    let choices = table.texts("choices");
    let name = table.text("type").or_else(|| table.missing("type", "type = \"string\""))?;
    if let (Some(key), true) = (table.key("choices"), name.value != "choice") {
        report.add(key, format!("`choices` belong to the type `choice`, not `{}`", name.value));
        return None;
    }
    if name.value != "choice" {
        let kind = Kind::named(&name);
        if kind.is_none() {
            let known = || Kind::names().collect::<Vec<_>>().join(", ");
            let help =
                did_you_mean(&name, Kind::names()).unwrap_or_else(|| format!("types: {}", known()));
            report.add_with(name.span.clone(), format!("unknown type `{}`", name.value), help);
        }
        return kind;
    }
    let Some(choices) = choices.filter(|choices| !choices.is_empty()) else {
        table.missing("choices", "choices = [\"small\", \"big\"]");
        return None;
    };
    for (i, choice) in choices.iter().enumerate() {
        if choice.is_empty() || choice.chars().any(char::is_control) {
            report.add(choice.span.clone(), "a choice must be one line, and not empty");
        } else if choices[..i].iter().any(|other| other.value == choice.value) {
            report.add(choice.span.clone(), format!("`{}` is there twice", choice.value));
        }
    }
    Some(Kind::Choice(choices.into_iter().map(|choice| choice.value).collect()))
}
