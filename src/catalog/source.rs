//! The text of a job file, and the way back from a value to its place in it.

use std::ops::Range;

use super::mistake::{Mistake, Place};

/// A job file as it was read.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name for people.
    pub file: String,
    /// Its content.
    pub text: String,
}

/// A string of a job file, which knows where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The string.
    pub value: String,
    /// Its bytes in the file, with its quotes.
    pub span: Range<usize>,
}

impl std::ops::Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.value
    }
}

impl Source {
    /// A mistake at these bytes of the file; only their first line is shown.
    pub fn mistake(&self, span: Range<usize>, message: impl Into<String>) -> Mistake {
        let start = self.boundary(span.start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let line = self.text[line_start..line_end].trim_end_matches('\r');
        let end = self.boundary(span.end.clamp(start, start.max(line_start + line.len())));
        let place = Place {
            line: self.text[..line_start].matches('\n').count() + 1,
            column: self.text[line_start..start].chars().count() + 1,
            text: line.to_owned(),
            width: self.text[start..end].chars().count().max(1),
        };
        Mistake { place: Some(place), ..Mistake::of_file(&self.file, message) }
    }

    /// The start of the character at this byte.
    fn boundary(&self, at: usize) -> usize {
        (0..=at.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
    }

    /// Where in the file these bytes of a string stand: exactly, unless escapes
    /// come before them; then it is the whole string.
    pub fn within(&self, text: &Text, part: Range<usize>) -> Range<usize> {
        let raw = &self.text[text.span.clone()];
        let quotes = raw.len() - raw.trim_start_matches(['"', '\'']).len();
        // An empty string is all quotes; TOML drops the first line break after three.
        let quotes = quotes.min(if quotes >= 3 { 3 } else { 1 });
        let body = &raw[quotes..];
        let skipped = match (quotes, body) {
            (3, b) if b.starts_with("\r\n") => 2,
            (3, b) if b.starts_with('\n') => 1,
            _ => 0,
        };
        let start = text.span.start + quotes + skipped;
        match text.value.get(..part.end) {
            Some(before) if self.text[start..].starts_with(before) => {
                start + part.start..start + part.end
            }
            _ => text.span.clone(),
        }
    }
}
