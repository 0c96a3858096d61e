//! What is wrong in a job file, and where: file, line, column, the line itself
//! and a caret, so that the author needs no search.

use std::fmt;

use serde::Serialize;

/// One mistake in a job file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The file, as the operator wrote its folder; built-in ones are `jobs/NAME.toml`.
    pub file: String,
    /// Where in the file; none where the file itself can't be read.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// A place in a job file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The whole line.
    #[serde(skip)]
    pub text: String,
    /// How many characters are meant.
    #[serde(skip)]
    pub width: usize,
}

impl Mistake {
    /// A mistake of the file as a whole.
    pub fn of_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), place: None, message: message.into(), help: None }
    }

    /// The same with what to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let help = self.help.as_deref().unwrap_or_default();
        let Some(Place { line, column, text, width }) = &self.place else {
            write!(f, "{}: {}", self.file, self.message)?;
            return if help.is_empty() { Ok(()) } else { write!(f, "\n  {help}") };
        };
        let margin = " ".repeat(line.to_string().len());
        // Tabs stay tabs in front of the caret, so that it stands right at any tab width.
        let indent: String =
            text.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        writeln!(f, "{}:{line}:{column}: {}", self.file, self.message)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{line} | {text}")?;
        write!(f, "{}", format!("{margin} | {indent}{} {help}", "^".repeat(*width)).trim_end())
    }
}

/// Everything that is wrong with a catalog; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.0 {
            writeln!(f, "{mistake}\n")?;
        }
        match self.0.len() {
            1 => write!(f, "The catalog has a mistake."),
            n => write!(f, "The catalog has {n} mistakes."),
        }
    }
}

impl std::error::Error for Mistakes {}
