//! Names and values of a span or an event.

use std::error::Error;
use std::fmt::Debug;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};

/// In the order in which they were given.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    /// Adds those of what is around; what is said further inside counts.
    pub(super) fn add(&mut self, outer: &Self) {
        for (name, value) in &outer.0 {
            if self.0.iter().all(|(known, _)| known != name) {
                self.0.push((name, value.clone()));
            }
        }
    }

    /// What the event says, and all other fields.
    pub(super) fn apart(self) -> (String, Vec<(&'static str, Value)>) {
        let (message, fields): (Vec<_>, Vec<_>) =
            self.0.into_iter().partition(|(name, _)| *name == "message");
        let message = message.into_iter().next().map(|(_, message)| message);
        (message.map_or_else(String::new, |message| shown(&message)), fields)
    }

    /// The same as an object.
    pub(super) fn into_json(self) -> Map<String, Value> {
        self.0.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn set(&mut self, field: &Field, value: Value) {
        self.0.retain(|(name, _)| *name != field.name());
        self.0.push((field.name(), value));
    }
}

/// A text without quotes.
pub(super) fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.set(field, value.to_string().into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field, format!("{value:?}").into());
    }
}
