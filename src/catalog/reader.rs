//! Reads the tables of a job file and collects every mistake with its place,
//! instead of stopping at the first one.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::Mistake;
use super::nearest::did_you_mean;
use super::source::{Source, Text};

/// The mistakes found in one file so far.
pub struct Report<'a> {
    /// The file.
    pub source: &'a Source,
    mistakes: RefCell<Vec<Mistake>>,
}

impl<'a> Report<'a> {
    /// An empty one.
    pub fn new(source: &'a Source) -> Self {
        Self { source, mistakes: RefCell::default() }
    }

    /// Adds a mistake.
    pub fn add(&self, span: Range<usize>, message: impl Into<String>) {
        self.push(self.source.mistake(span, message));
    }

    /// Adds a mistake with what to write instead.
    pub fn add_with(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(self.source.mistake(span, message).help(help));
    }

    fn push(&self, mistake: Mistake) {
        self.mistakes.borrow_mut().push(mistake);
    }

    /// All mistakes, from the top of the file to its end.
    pub fn into_mistakes(self) -> Vec<Mistake> {
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort_by_key(|m| m.place.as_ref().map(|p| (p.line, p.column)));
        mistakes.dedup();
        mistakes
    }
}

/// A table of the file. What was not asked for when [`Table::finish`] is called
/// is an unknown key.
pub struct Table<'a> {
    /// Its place; for `[a.table]` that of its header.
    pub span: Range<usize>,
    /// Where mistakes go.
    pub report: &'a Report<'a>,
    entries: &'a DeTable<'a>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Table<'a> {
    /// The table with these entries.
    pub fn new(report: &'a Report<'a>, span: Range<usize>, entries: &'a DeTable<'a>) -> Self {
        Self { span, report, entries, asked: RefCell::default() }
    }

    /// The place of a key of this table, where it has it.
    pub fn key(&self, key: &str) -> Option<Range<usize>> {
        self.entries.get_key_value(key).map(|(key, _)| key.span())
    }

    /// The place of a value of this table, or of the table itself.
    pub fn value_span(&self, key: &str) -> Range<usize> {
        self.entries.get(key).map_or(self.span.clone(), Spanned::span)
    }

    fn get(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().push(key);
        self.entries.get(key)
    }

    fn wrong_type(&self, key: &str, wanted: &str, found: &Spanned<DeValue<'_>>) {
        let found_type = match found.get_ref().type_str() {
            kind if kind.starts_with(['a', 'i']) => format!("an {kind}"),
            kind => format!("a {kind}"),
        };
        self.report.add(found.span(), format!("`{key}` must be {wanted}, not {found_type}"));
    }

    /// Reports a key that is not there, and answers none. A misspelt one is
    /// told as that, by [`Table::finish`].
    pub fn missing(&self, key: &str, example: &str) -> Option<Text> {
        let misspelt = |other: &str| did_you_mean(other, [key].into_iter()).is_some();
        if !self.entries.iter().any(|(other, _)| misspelt(other.get_ref())) {
            let message = format!("`{key}` is missing");
            self.report.add_with(self.span.clone(), message, format!("add `{example}`"));
        }
        None
    }

    /// A string, of any characters.
    pub fn text(&self, key: &'static str) -> Option<Text> {
        let value = self.get(key)?;
        let DeValue::String(text) = value.get_ref() else {
            self.wrong_type(key, "a string", value);
            return None;
        };
        Some(Text { value: text.clone().into_owned(), span: value.span() })
    }

    /// A string for people: one line, not empty.
    pub fn line(&self, key: &'static str) -> Option<Text> {
        let text = self.text(key)?;
        if text.trim().is_empty() {
            self.report.add(text.span.clone(), format!("`{key}` is empty"));
        } else if text.chars().any(char::is_control) {
            let message = format!("`{key}` must be one line without control characters");
            self.report.add(text.span.clone(), message);
        }
        Some(text)
    }

    /// A string, integer or boolean, as text.
    pub fn scalar(&self, key: &'static str) -> Option<Text> {
        let value = self.get(key)?;
        let text = match value.get_ref() {
            DeValue::String(text) => text.clone().into_owned(),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| number.to_string(), |number| number.to_string()),
            DeValue::Boolean(answer) => answer.to_string(),
            _ => {
                self.wrong_type(key, "a string, an integer or a boolean", value);
                return None;
            }
        };
        Some(Text { value: text, span: value.span() })
    }

    /// A list of strings; none where the key is not there.
    pub fn texts(&self, key: &'static str) -> Option<Vec<Text>> {
        let value = self.get(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, "a list of strings", value);
            return None;
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) => {
                    texts.push(Text { value: text.clone().into_owned(), span: item.span() });
                }
                _ => self.wrong_type(key, "a list of strings", item),
            }
        }
        Some(texts)
    }

    /// A table, as in `file = { … }` or `[steps.file]`.
    pub fn table(&self, key: &'static str) -> Option<Table<'a>> {
        let value = self.get(key)?;
        let DeValue::Table(entries) = value.get_ref() else {
            self.wrong_type(key, "a table", value);
            return None;
        };
        Some(Table::new(self.report, value.span(), entries))
    }

    /// The tables of `[key.NAME]`, in the order of the file, each with its name.
    pub fn named_tables(&self, key: &'static str) -> Vec<(Text, Table<'a>)> {
        let Some(table) = self.table(key) else { return Vec::new() };
        let mut named = Vec::new();
        for (name, value) in table.entries {
            let DeValue::Table(entries) = value.get_ref() else {
                self.wrong_type(&format!("{key}.{}", name.get_ref()), "a table", value);
                continue;
            };
            let name = Text { value: name.get_ref().clone().into_owned(), span: name.span() };
            named.push((name, Table::new(self.report, value.span(), entries)));
        }
        named.sort_by_key(|(name, _)| name.span.start);
        named
    }

    /// The tables of `[[key]]`.
    pub fn tables(&self, key: &'static str) -> Vec<Table<'a>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let wanted = format!("a list of tables; write each as `[[{key}]]`");
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, &wanted, value);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::Table(entries) => {
                    tables.push(Table::new(self.report, item.span(), entries));
                }
                _ => self.wrong_type(key, &wanted, item),
            }
        }
        tables
    }

    /// Reports the keys that nobody asked for.
    pub fn finish(self) {
        let known = self.asked.into_inner();
        for (key, _) in self.entries {
            if !known.contains(&key.get_ref().as_ref()) {
                let help = did_you_mean(key.get_ref(), known.iter().copied())
                    .unwrap_or_else(|| format!("known here: {}", known.join(", ")));
                self.report.add_with(key.span(), format!("unknown key `{}`", key.get_ref()), help);
            }
        }
    }
}
