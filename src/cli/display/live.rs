//! The moving lines at the bottom of a terminal, and the lines that are
//! printed above them for good.
//!
//! Why not indicatif: it remembers how many rows it drew, and a terminal that
//! is made narrower breaks lines anew, so that its next frame leaves rests of
//! the former one behind. This keeps the width of each line, counts rows as
//! they are when the next frame comes, and writes each frame at once.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use console::{Term, measure_text_width};

use super::paint::fit;

/// A step that prints a lot does not redraw the screen for each chunk.
const FRAME: Duration = Duration::from_millis(50);

/// A terminal's size in rows and columns.
pub(super) type Size = (usize, usize);

/// Draws frames at the bottom of a terminal.
pub(super) struct Live {
    out: Box<dyn Write + Send>,
    size: Box<dyn Fn() -> Size + Send>,
    /// Widths of the lines that are on the screen now; the cursor is below them.
    drawn: Vec<usize>,
    /// To be printed above the next frame.
    above: String,
    hidden: bool,
    last: Option<Instant>,
}

impl Live {
    /// On standard output.
    pub(super) fn stdout() -> Self {
        let term = Term::stdout();
        Live::new(Box::new(io::stdout()), move || {
            let (rows, columns) = term.size();
            (rows.into(), columns.into())
        })
    }

    pub(super) fn new(
        out: Box<dyn Write + Send>,
        size: impl Fn() -> Size + Send + 'static,
    ) -> Self {
        Live {
            out,
            size: Box::new(size),
            drawn: Vec::new(),
            above: String::new(),
            hidden: false,
            last: None,
        }
    }

    pub(super) fn size(&self) -> Size {
        (self.size)()
    }

    /// Puts a line into the terminal's history with the next frame.
    pub(super) fn print(&mut self, line: &str) {
        self.above.push_str(line);
        self.above.push('\n');
    }

    /// Whether a frame should be drawn now; if not, one with the next tick will do.
    pub(super) fn due(&self) -> bool {
        !self.above.is_empty() || self.last.is_none_or(|last| last.elapsed() >= FRAME)
    }

    /// Replaces the moving lines. Of more than the terminal has rows, the first are left out.
    pub(super) fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        if self.hidden {
            return Ok(());
        }
        let (rows, columns) = self.size();
        // As one update, where the terminal knows how to: nobody sees it half done.
        let mut frame = format!("\x1b[?2026h{}", self.erase(rows, columns));
        frame.push_str(&std::mem::take(&mut self.above));
        self.drawn.clear();
        // Without automatic wrapping: a character that is wider than we think
        // is cut off at the margin then, and can't spoil the count of rows.
        frame.push_str("\x1b[?7l");
        for line in &lines[lines.len().saturating_sub(rows.saturating_sub(1))..] {
            let line = fit(line, columns);
            self.drawn.push(measure_text_width(&line));
            frame.push_str(&line);
            frame.push('\n');
        }
        frame.push_str("\x1b[?7h\x1b[?2026l");
        self.last = Some(Instant::now());
        self.out.write_all(frame.as_bytes())?;
        self.out.flush()
    }

    /// Clears the moving lines and draws none until [`Live::show`].
    pub(super) fn hide(&mut self) -> io::Result<()> {
        self.draw(&[])?;
        self.hidden = true;
        Ok(())
    }

    pub(super) fn show(&mut self) {
        self.hidden = false;
    }

    /// Clears the drawn lines, and what was typed below them, and leaves the
    /// cursor where the first one was.
    fn erase(&self, rows: usize, columns: usize) -> String {
        let drawn: usize =
            self.drawn.iter().map(|width| width.div_ceil(columns.max(1)).max(1)).sum();
        match drawn.min(rows.saturating_sub(1)) {
            0 => String::new(),
            // Row by row: asked to clear from the top of the screen to its end,
            // tmux moves what was there to its history.
            up => format!("\r\x1b[2K{}", "\x1b[1A\x1b[2K".repeat(up)),
        }
    }
}
