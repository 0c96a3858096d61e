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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::display::testing::{Run, Screen, step};

    #[test]
    fn each_event_is_a_line_and_notes_are_apart() -> io::Result<()> {
        let (out, notes) = (Screen::new(24, 80), Screen::new(24, 80));
        let mut json = Json { out: Box::new(out.clone()), notes: Box::new(notes.clone()) };
        let mut run = Run::on("edge-1");
        let install = step("nginx", "Install");
        json.event(&run.output(&install, "\x1b[31ma\n"))?;
        json.event(&run.event(Happening::Note { text: "Cut.".to_owned() }))?;
        json.event(&run.completed(&install, true))?;
        assert_eq!(
            out.raw(),
            r#"{"run":"1","host":"edge-1","time":"1970-01-01T00:00:00.5Z","event":"step.output","job":"nginx","step":"install","title":"Install","offset":0,"output":"\u001b[31ma\n"}
{"run":"1","host":"edge-1","time":"1970-01-01T00:00:01.5Z","event":"step.completed","job":"nginx","step":"install","title":"Install","changed":true}
"#
        );
        assert_eq!(notes.raw(), "edge-1: Cut.\n");
        Ok(())
    }

    #[test]
    fn a_reader_that_has_had_enough_is_a_broken_pipe() -> io::Result<()> {
        let (reader, writer) = io::pipe()?;
        drop(reader);
        let mut json = Json { out: Box::new(writer), notes: Box::new(io::sink()) };
        let result = json.event(&Run::on("edge-1").started());
        assert_eq!(result.map_err(|error| error.kind()), Err(io::ErrorKind::BrokenPipe));
        Ok(())
    }
}
