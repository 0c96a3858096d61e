//! Colours, signs and numbers, the same in every form of the display.

use std::fmt::Display;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use console::{AnsiCodeIterator, measure_text_width, truncate_str};

/// Colours text, or does not.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    /// Whether colours are wanted; also those of the host's output.
    pub(super) colours: bool,
}

impl Paint {
    pub(super) fn new(colours: bool) -> Self {
        Paint { colours }
    }

    pub(super) fn bold(self, text: impl Display) -> String {
        self.styled(Style::new().bold(), text)
    }

    pub(super) fn dim(self, text: impl Display) -> String {
        self.styled(Style::new().dimmed(), text)
    }

    pub(super) fn green(self, text: impl Display) -> String {
        self.styled(AnsiColor::Green.on_default(), text)
    }

    pub(super) fn red(self, text: impl Display) -> String {
        self.styled(AnsiColor::Red.on_default(), text)
    }

    pub(super) fn yellow(self, text: impl Display) -> String {
        self.styled(AnsiColor::Yellow.on_default(), text)
    }

    pub(super) fn cyan(self, text: impl Display) -> String {
        self.styled(AnsiColor::Cyan.on_default(), text)
    }

    /// Dims a line of a host's output, which may have colours of its own.
    pub(super) fn dim_output(self, line: &str) -> String {
        if !self.colours {
            return line.to_owned();
        }
        let dim = Style::new().dimmed();
        let mut text = dim.render().to_string();
        for (part, is_code) in AnsiCodeIterator::new(line) {
            text.push_str(part);
            if is_code {
                text.push_str(&dim.render().to_string());
            }
        }
        text + &dim.render_reset().to_string()
    }

    /// How far something is, `width` columns wide.
    pub(super) fn bar(self, done: usize, total: usize, width: usize) -> String {
        let halves = (done * width * 2).checked_div(total).unwrap_or(0).min(width * 2);
        let (full, half) = (halves / 2, halves % 2);
        let filled = "━".repeat(full) + if half == 1 { "╸" } else { "" };
        let rest = if self.colours { "━" } else { "─" }.repeat(width - full - half);
        format!("{}{}", self.cyan(filled), self.dim(rest))
    }

    fn styled(self, style: Style, text: impl Display) -> String {
        let text = text.to_string();
        if self.colours && !text.is_empty() { format!("{style}{text}{style:#}") } else { text }
    }
}

/// The spinner as it looks after this time.
pub(super) fn spinner(elapsed: Duration) -> char {
    const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
    FRAMES[(elapsed.as_millis() / 100 % 10) as usize]
}

/// A time as people read it.
pub(super) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", duration.as_millis() as f64 / 1e3),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// "1 step", "2 steps".
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Fills up with spaces to this width; wide characters count as what they take.
pub(super) fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(measure_text_width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// Cuts to this width; wide characters count as what they take.
pub(super) fn fit(text: &str, width: usize) -> String {
    truncate_str(text, width, "…").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let shown = |ms| time(Duration::from_millis(ms));
        assert_eq!(shown(0), "0.0 s");
        assert_eq!(shown(12_340), "12.3 s");
        assert_eq!(shown(125_000), "2 min 05 s");
        assert_eq!(shown(3_725_000), "1 h 02 min");
    }

    #[test]
    fn bars_keep_their_width() {
        let plain = Paint::new(false);
        assert_eq!(plain.bar(0, 10, 4), "────");
        assert_eq!(plain.bar(4, 10, 4), "━╸──");
        assert_eq!(plain.bar(10, 10, 4), "━━━━");
        assert_eq!(plain.bar(0, 0, 4), "────");
        assert_eq!(measure_text_width(&Paint::new(true).bar(3, 7, 9)), 9);
    }

    #[test]
    fn a_dimmed_line_stays_dim_after_a_colour() {
        let line = Paint::new(true).dim_output("a\x1b[31mb\x1b[0mc");
        assert_eq!(line, "\x1b[2ma\x1b[31m\x1b[2mb\x1b[0m\x1b[2mc\x1b[0m");
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(fit("日本語日本語", 7), "日本語…");
        assert_eq!(pad("日本", 6), "日本  ");
    }
}
