//! Files are rendered on our side: a value becomes part of a file's content,
//! and never of a command (promise 10).

use std::collections::BTreeMap;
use std::ops::Range;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

use super::nearest::did_you_mean;
use super::parameter::{Kind, Parameter};
use super::reader::Report;
use super::source::{Source, Text};

/// The values of a run's parameters, as templates see them.
pub type Values = BTreeMap<String, Value>;

/// A checked value as templates see it: `{% if flag %}` needs a boolean, not the text "false".
pub fn value(kind: &Kind, text: &str) -> Value {
    match kind {
        Kind::Boolean => Value::from(text == "true"),
        Kind::Integer | Kind::Port => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        _ => Value::from(text),
    }
}

/// Whether there is anything to render in a string.
pub fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| text.contains(open))
}

/// Reports mistakes of syntax, and names that are no parameter of the job.
pub fn check(report: &Report<'_>, text: &Text, parameters: &[Parameter]) {
    let environment = environment();
    let template = match environment.template_from_str(text) {
        Ok(template) => template,
        Err(error) => return report.add(place(report.source, text, &error), reason(&error)),
    };
    let names = || parameters.iter().map(|parameter| parameter.name.as_str());
    let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    unknown.retain(|name| {
        !names().any(|known| known == name)
            && !environment.globals().any(|(known, _)| known == name)
    });
    unknown.sort();
    for name in &unknown {
        let help = did_you_mean(name, names())
            .unwrap_or_else(|| format!("declare it as `[params.{name}]`"));
        let span = report.source.within(text, use_of(name, text).unwrap_or(0..text.len()));
        report.add_with(span, format!("the job has no parameter `{name}`"), help);
    }
    // A filter that does not exist shows only when the template is rendered.
    let sample = parameters.iter().map(|p| (p.name.clone(), sample(p))).collect::<Values>();
    if let Err(error) = template.render(sample)
        && matches!(
            error.kind(),
            ErrorKind::UnknownFilter
                | ErrorKind::UnknownFunction
                | ErrorKind::UnknownTest
                | ErrorKind::UnknownMethod
        )
    {
        report.add(place(report.source, text, &error), reason(&error));
    }
}

/// Whether a template uses one of the job's secrets.
pub fn uses_secret(text: &str, parameters: &[Parameter]) -> bool {
    let environment = environment();
    environment.template_from_str(text).is_ok_and(|template| {
        let used = template.undeclared_variables(false);
        parameters.iter().any(|p| p.kind.is_secret() && used.contains(&p.name))
    })
}

/// The text with every value filled in.
pub fn render(text: &str, values: &Values) -> Result<String, Error> {
    environment().render_str(text, values)
}

/// Why a template does not work, for people.
pub fn reason(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

/// Where in the file an error of a template is.
pub fn place(source: &Source, text: &Text, error: &Error) -> Range<usize> {
    source.within(text, error.range().unwrap_or(0..text.len()))
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // A line of its own for `{% if … %}` leaves no empty line in the file.
    let mut syntax = SyntaxConfig::builder();
    syntax.keep_trailing_newline(true).trim_blocks(true).lstrip_blocks(true);
    environment.set_syntax(syntax.build().expect("the usual delimiters are sound"));
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // Errors say which bytes they mean.
    environment.set_debug(true);
    environment
}

fn sample(parameter: &Parameter) -> Value {
    let text = match (&parameter.default, &parameter.kind) {
        (Some(default), _) => default,
        (None, Kind::Integer | Kind::Port) => "1",
        (None, Kind::Boolean) => "true",
        (None, _) => "sample",
    };
    value(&parameter.kind, text)
}

/// The first use of a name between `{{` and `}}`, or `{%` and `%}`.
fn use_of(name: &str, text: &str) -> Option<Range<usize>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).map(|(at, _)| at..at + name.len()).find(|range| {
        let (before, after) = (&text[..range.start], &text[range.end..]);
        let open = before.rfind("{{").max(before.rfind("{%"));
        let closed = before.rfind("}}").max(before.rfind("%}"));
        open.is_some() && open > closed && !before.ends_with(is_word) && !after.starts_with(is_word)
    })
}
