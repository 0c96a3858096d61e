//! Makes what a host printed safe to show, whatever it printed: complete
//! lines of text, with colours at most.
//!
//! A host can print escape sequences that set the title, fill the clipboard,
//! move the cursor over what we wrote, or (with bidirectional overrides) make
//! text read as something else. All of that is removed. Colours and the like
//! can be kept. Output arrives in chunks that end anywhere, also inside of a
//! sequence, so the filter remembers where it is.

use anstyle::{Ansi256Color, Color, Effects, RgbColor, Style};
use console::measure_text_width;
use vte::{Params, Parser, Perform};

/// An escape sequence that goes on for longer than this is given up, so that
/// one without an end can't swallow all that follows.
const LONGEST_SEQUENCE: usize = 4096;

/// A line that goes on for longer than this is broken, so that output without
/// line ends is shown, and held in bounded memory.
const LONGEST_LINE: usize = 64 * 1024;

const RESET: &str = "\x1b[0m";

/// Turns chunks of a host's output into lines that are safe to show.
pub(super) struct Sanitizer {
    parser: Parser,
    page: Page,
    /// Bytes since the parser last said something: it is inside of a sequence.
    silent: usize,
}

impl Sanitizer {
    /// With `colours`, colours and emphasis are kept; each line then sets what
    /// it needs by itself and resets it at its end.
    pub(super) fn new(colours: bool) -> Self {
        let page = Page {
            colours,
            lines: Vec::new(),
            line: String::new(),
            erasable: 0,
            returned: false,
            style: Style::new(),
            written: Style::new(),
            heard: false,
        };
        Sanitizer { parser: Parser::new(), page, silent: 0 }
    }

    /// Takes a chunk and answers with the lines that it completed.
    pub(super) fn feed(&mut self, text: &str) -> Vec<String> {
        for line in text.split_inclusive('\n') {
            let (body, ends) = line.strip_suffix('\n').map_or((line, false), |body| (body, true));
            // Small pieces, because `silent` counts whole ones.
            for piece in body.as_bytes().chunks(256) {
                self.page.heard = false;
                self.parser.advance(&mut self.page, piece);
                self.silent = if self.page.heard { 0 } else { self.silent + piece.len() };
                if self.silent > LONGEST_SEQUENCE {
                    self.leave_sequence();
                }
            }
            if ends {
                // No sequence that we would keep spans lines, so an unfinished one ends here.
                self.leave_sequence();
                self.page.end_line();
            }
        }
        std::mem::take(&mut self.page.lines)
    }

    /// The line that has no end yet.
    pub(super) fn partial(&self) -> Option<String> {
        (!self.page.line.is_empty()).then(|| self.page.closed_line())
    }

    /// Ends the output: what [`Sanitizer::partial`] says is the last line.
    pub(super) fn end(&mut self) -> Option<String> {
        let last = self.partial();
        *self = Sanitizer::new(self.page.colours);
        last
    }

    fn leave_sequence(&mut self) {
        self.parser = Parser::new();
        self.silent = 0;
    }
}

/// A short text from elsewhere, such as an error, without anything but text and line ends.
pub(in crate::cli) fn plain(text: &str) -> String {
    let mut sanitizer = Sanitizer::new(false);
    let mut lines = sanitizer.feed(text);
    lines.extend(sanitizer.end());
    lines.join("\n")
}

/// What the parser writes to.
struct Page {
    colours: bool,
    /// Lines that are complete and were not asked for yet.
    lines: Vec<String>,
    line: String,
    /// Where the text after the line's last colour begins: a backspace erases up to here.
    erasable: usize,
    /// The cursor is back at the begin of the line; the next character overwrites it.
    returned: bool,
    /// The style that the host set last, and the one that `line` ends in.
    style: Style,
    written: Style,
    heard: bool,
}

impl Page {
    fn end_line(&mut self) {
        self.lines.push(self.closed_line());
        self.clear_line();
    }

    fn closed_line(&self) -> String {
        let reset = if self.written.is_plain() { "" } else { RESET };
        format!("{}{reset}", self.line)
    }

    fn clear_line(&mut self) {
        self.line.clear();
        self.erasable = 0;
        self.returned = false;
        self.written = Style::new();
    }

    fn write(&mut self, c: char) {
        if self.returned || self.line.len() >= LONGEST_LINE {
            // A progress bar redraws its whole line: only its last state counts.
            if !self.returned {
                self.lines.push(self.closed_line());
            }
            self.clear_line();
        }
        if self.style != self.written {
            if !self.written.is_plain() {
                self.line.push_str(RESET);
            }
            self.line.push_str(&self.style.render().to_string());
            self.written = self.style;
            self.erasable = self.line.len();
        }
        self.line.push(c);
    }
}

impl Perform for Page {
    fn print(&mut self, c: char) {
        self.heard = true;
        if !c.is_control() && !reorders_or_hides(c) {
            self.write(c);
        }
    }

    fn execute(&mut self, byte: u8) {
        self.heard = true;
        match byte {
            b'\r' => self.returned = true,
            b'\t' => {
                // In a line that is wider than any terminal, columns mean nothing,
                // and to measure it for each tab would take long.
                let column = match self.line.len() {
                    _ if self.returned => 0,
                    0..1000 => measure_text_width(&self.line),
                    _ => 7,
                };
                for _ in column % 8..8 {
                    self.write(' ');
                }
            }
            b'\x08' if self.line.len() > self.erasable => {
                self.line.pop();
            }
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _: bool, action: char) {
        self.heard = true;
        if self.colours && action == 'm' && intermediates.is_empty() {
            self.style = restyle(self.style, params);
        }
    }

    fn esc_dispatch(&mut self, _: &[u8], _: bool, _: u8) {
        self.heard = true;
    }

    fn osc_dispatch(&mut self, _: &[&[u8]], _: bool) {
        self.heard = true;
    }
}

/// Characters that are not seen themselves but change how others are: bidirectional
/// controls, line separators, zero-width and tag characters. Joiners stay, for emoji.
fn reorders_or_hides(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// A style after an SGR sequence. Blinking and concealed text are not for logs.
fn restyle(mut style: Style, params: &Params) -> Style {
    let mut params = params.iter();
    while let Some(param) = params.next() {
        let code = param.first().copied().unwrap_or(0);
        let on = |effect| style.effects(style.get_effects() | effect);
        let off = |effect| style.effects(style.get_effects() - effect);
        style = match code {
            0 => Style::new(),
            1 => on(Effects::BOLD),
            2 => on(Effects::DIMMED),
            3 => on(Effects::ITALIC),
            4 => on(Effects::UNDERLINE),
            7 => on(Effects::INVERT),
            9 => on(Effects::STRIKETHROUGH),
            22 => off(Effects::BOLD | Effects::DIMMED),
            23 => off(Effects::ITALIC),
            24 => off(Effects::UNDERLINE),
            27 => off(Effects::INVERT),
            29 => off(Effects::STRIKETHROUGH),
            30..=37 => style.fg_color(basic(code - 30)),
            90..=97 => style.fg_color(basic(code - 90 + 8)),
            40..=47 => style.bg_color(basic(code - 40)),
            100..=107 => style.bg_color(basic(code - 100 + 8)),
            39 => style.fg_color(None),
            49 => style.bg_color(None),
            38 | 48 => {
                // Either `38;5;n`, parameters of their own, or `38:5:n`, one parameter.
                let colour = match param {
                    [_] => extended(&mut params.by_ref().filter_map(|p| p.first().copied())),
                    [_, 2, _space, rgb @ ..] if rgb.len() >= 3 => {
                        extended(&mut [2].into_iter().chain(rgb.iter().copied()))
                    }
                    [_, rest @ ..] => extended(&mut rest.iter().copied()),
                    [] => None,
                };
                match (code, colour) {
                    (_, None) => style,
                    (38, colour) => style.fg_color(colour),
                    (_, colour) => style.bg_color(colour),
                }
            }
            _ => style,
        };
    }
    style
}

fn basic(code: u16) -> Option<Color> {
    u8::try_from(code).ok().and_then(|code| Ansi256Color(code).into_ansi()).map(Color::Ansi)
}

/// A colour as `5;n` or `2;r;g;b`; takes no more of `params` than that.
fn extended(params: &mut dyn Iterator<Item = u16>) -> Option<Color> {
    let kind = params.next()?;
    let mut byte = || params.next().and_then(|n| u8::try_from(n).ok());
    match kind {
        5 => Some(Color::Ansi256(Ansi256Color(byte()?))),
        2 => Some(Color::Rgb(RgbColor(byte()?, byte()?, byte()?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(colours: bool, chunks: &[&str]) -> Vec<String> {
        let mut sanitizer = Sanitizer::new(colours);
        let mut lines: Vec<String> =
            chunks.iter().flat_map(|chunk| sanitizer.feed(chunk)).collect();
        lines.extend(sanitizer.end());
        lines
    }

    #[test]
    fn text_is_kept_and_joined_to_lines() {
        assert_eq!(
            lines(true, &["a", "b\nc", "\n", "\n", "日本 é 👩‍🔧"]),
            ["ab", "c", "", "日本 é 👩‍🔧"]
        );
    }

    #[test]
    fn colours_are_kept_or_stripped() {
        let text = ["\x1b[1;31mred\x1b[m plain \x1b[38;5;208mo\x1b[48;2;1;2;3mx\x1b[39;49my"];
        assert_eq!(
            lines(true, &text),
            [
                "\x1b[1m\x1b[31mred\x1b[0m plain \x1b[38;5;208mo\x1b[0m\x1b[38;5;208m\x1b[48;2;1;2;3mx\x1b[0my"
            ]
        );
        assert_eq!(lines(false, &text), ["red plain oxy"]);
        assert_eq!(
            lines(true, &["\x1b[38:2::9:8:7ma\x1b[94mb"]),
            ["\x1b[38;2;9;8;7ma\x1b[0m\x1b[94mb\x1b[0m"]
        );
    }

    #[test]
    fn a_colour_that_spans_lines_is_set_on_each() {
        assert_eq!(
            lines(true, &["\x1b[32ma\nb\x1b[0m\nc"]),
            ["\x1b[32ma\x1b[0m", "\x1b[32mb\x1b[0m", "c"]
        );
    }

    #[test]
    fn sequences_may_be_split_anywhere() {
        let text = "a\x1b[31mb\x1b]0;title\x07c\x1b[2Jd\x1b[0me";
        let whole = lines(true, &[text]);
        assert_eq!(whole, ["a\x1b[31mbcd\x1b[0me"]);
        for at in 1..text.len() {
            let (head, tail) = text.split_at(at);
            assert_eq!(lines(true, &[head, tail]), whole, "split at {at}");
        }
    }

    #[test]
    fn everything_else_is_removed() {
        for bad in [
            "\x1b]52;c;cm0gLXJmIC8=\x07",        // fills the clipboard
            "\x1b]0;title\x1b\\",                // sets the title
            "\x1b]8;;https://example.org\x1b\\", // makes a link
            "\x1b[2J\x1b[H\x1b[5A\x1b[1K",       // moves and erases
            "\x1b[?1049h\x1b[?25l\x1b[6n",       // other screen, no cursor, asks for an answer
            "\x1b[5m\x1b[8m",                    // blinks, conceals
            "\x1bc\x1b(0\x0e\x1b#8",             // resets, changes the character set
            "\x1bPq#0;2;0;0;0\x1b\\",            // draws a picture
            "\x1b_payload\x1b\\\x1b^x\x1b\\",    // application and privacy messages
            "\u{9b}\u{9d}\u{85}\u{90}",          // 8-bit controls
            "\x00\x07\x0b\x0c\x7f",              // other controls
            "\u{202e}\u{2066}\u{200f}\u{61c}\u{2028}\u{feff}\u{200b}\u{e0041}",
        ] {
            for colours in [true, false] {
                assert_eq!(lines(colours, &["a", bad, "b"]), ["ab"], "{bad:?}");
            }
        }
    }

    #[test]
    fn a_progress_bar_is_its_last_state() {
        assert_eq!(lines(true, &["10 %\r50 %", "\r100 %\r\nnext\r\n"]), ["100 %", "next"]);
        assert_eq!(lines(true, &["|\x08/\x08-\x08done"]), ["done"]);
    }

    #[test]
    fn tabs_become_spaces() {
        assert_eq!(lines(true, &["a\tb\t日\tc"]), ["a       b       日      c"]);
    }

    #[test]
    fn an_unterminated_sequence_ends_with_its_line_or_its_length() {
        assert_eq!(lines(true, &["a\x1b]0;never", " ends\nb"]), ["a", "b"]);
        assert_eq!(lines(true, &["a\x1b[31\nb"]), ["a", "b"]);
        let endless = format!("\x1b]52;c;{}the end", "A".repeat(10_000));
        let shown = lines(true, &[&endless]).concat();
        assert!(shown.ends_with("the end"));
        assert!(shown.len() < 10_000 - LONGEST_SEQUENCE + 300);
    }

    #[test]
    fn a_line_without_end_is_broken() {
        let shown = lines(true, &[&"x".repeat(LONGEST_LINE * 2 + 1)]);
        assert_eq!(
            shown.iter().map(String::len).collect::<Vec<_>>(),
            [LONGEST_LINE, LONGEST_LINE, 1]
        );
    }

    #[test]
    fn short_texts_keep_their_lines() {
        assert_eq!(plain("cause\x1b[31m\nnext\u{202e} step\n"), "cause\nnext step");
    }
}
