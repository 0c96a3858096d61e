//! One event as one line.

use anstyle::{AnsiColor, Color, Style};
use jiff::Timestamp;
use serde_json::Value;
use tracing::{Level, Metadata};

use super::fields::{Fields, shown};

/// How lines look.
#[derive(Debug, Clone, Copy)]
pub(super) enum Format {
    /// Time, level, message, `name=value`.
    Text {
        /// For a terminal that shows them.
        colors: bool,
        /// Whether it is said which part speaks.
        target: bool,
    },
    /// One object.
    Json,
}

impl Format {
    /// With its end.
    pub(super) fn line(self, metadata: &Metadata<'_>, fields: Fields) -> String {
        let time = format!("{:.6}", Timestamp::now());
        match self {
            Self::Json => {
                let mut all = fields.into_json();
                for (name, value) in [
                    ("timestamp", time.as_str()),
                    ("level", metadata.level().as_str()),
                    ("target", metadata.target()),
                ] {
                    all.insert(name.to_owned(), value.into());
                }
                Value::Object(all).to_string() + "\n"
            }
            Self::Text { colors, target } => {
                let paint = |text: &str, style: Style| match colors {
                    true => format!("{style}{text}{style:#}"),
                    false => text.to_owned(),
                };
                let dim = Style::new().dimmed();
                let (message, fields) = fields.apart();
                let level =
                    paint(&format!("{:>5}", metadata.level().as_str()), color(metadata.level()));
                let mut line = format!("{} {level} ", paint(&time, dim));
                if target {
                    line += &paint(&format!("{}: ", metadata.target()), dim);
                }
                line += &printable(&message);
                for (name, value) in fields {
                    line +=
                        &format!(" {}{}", paint(&format!("{name}="), dim), quoted(&shown(&value)));
                }
                line + "\n"
            }
        }
    }
}

fn color(level: &Level) -> Style {
    let color = match *level {
        Level::ERROR => AnsiColor::Red,
        Level::WARN => AnsiColor::Yellow,
        Level::INFO => AnsiColor::Green,
        Level::DEBUG => AnsiColor::Blue,
        Level::TRACE => AnsiColor::Magenta,
    };
    Style::new().fg_color(Some(Color::Ansi(color)))
}

/// So that it can be told from what comes next.
fn quoted(text: &str) -> String {
    let is_word =
        !text.is_empty() && text.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != '"');
    if is_word { text.to_owned() } else { format!("{text:?}") }
}

/// What comes from elsewhere must not speak to the terminal.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // No line of a text can be taken for one of ours.
            '\n' => shown.push_str("\n    "),
            '\t' => shown.push(c),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_they_end() {
        assert_eq!(quoted("edge-1"), "edge-1");
        assert_eq!(quoted("127.0.0.1:80"), "127.0.0.1:80");
        assert_eq!(quoted(""), "\"\"");
        assert_eq!(quoted("a b\n"), "\"a b\\n\"");
    }

    #[test]
    fn no_event_speaks_to_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\n    c");
    }
}
