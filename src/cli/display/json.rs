//! Events for programs: one JSON object a line on standard output, and
//! nothing else there.

use std::io::{self, Write};

use super::{Display, sanitize};
use crate::model::{Event, Happening};

/// Writes events as JSON lines, and what only people want to know to standard error.
pub(super) struct Json {
    out: Box<dyn Write + Send>,
    notes: Box<dyn Write + Send>,
}

impl Json {
    pub(super) fn new() -> Self {
        Json { out: Box::new(io::stdout()), notes: Box::new(io::stderr()) }
    }
}

impl Display for Json {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Happening::Note { text } = &event.what {
            return writeln!(self.notes, "{}: {}", event.host, sanitize::plain(text));
        }
        // One write a line: a reader that follows the stream never sees half of one.
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.out.write_all(&line)?;
        self.out.flush()
    }
}
