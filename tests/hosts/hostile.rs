//! What a host prints is text and colours to a terminal, and nothing else: it moves
//! no cursor, fills no clipboard and sets no title; and stops no run.

use crate::harness::Lab;
use crate::job;
use crate::pty::Terminal;

/// Prints what a terminal would act on, and what is no text at all. Between all of it
/// stand words that must be seen.
const HOSTILE: &str = r#"
printf 'one \033]52;c;cm0gLXJmIC8=\007two \033]0;TITLE\033\\three\n'
printf '\033[2J\033[H\033[10A\033[1K\033[?1049h\033[?25l\033[6nfour\n'
printf '\033c\033(0\016\033#8\033P1$r\033\\\033_payload\033\\five\n'
printf '\302\2331m\302\235 \0\013\014\177six\n'
printf ' 10 %%\r 50 %%\r100 %% seven\n'
printf '\033[1;31meight\033[0m \342\200\256nine\n'
printf 'half \342'; sleep 0.3; printf '\202\254 ten \342\202\n'
head -c 70000 /dev/urandom; echo
head -c 30000 /dev/zero; echo
printf '\033]52;c;never ends\neleven\n'
printf 'one long line '; head -c 300000 /dev/zero | tr '\0' x; echo ' twelve'
printf 'no newline at the end, thirteen \033['
"#;

/// The step fails on purpose: then all of its output is shown on a terminal, too.
fn lab(end: &str) -> Lab {
    let lab = Lab::up(1);
    lab.job("hostile", &job::of(&[("one", &format!("{HOSTILE}\n{end}"))]));
    lab
}

/// The words that stand between the attacks, but those in the middle of a long line.
const WORDS: [&str; 10] =
    ["one two three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "thirteen"];

/// Every escape sequence in these bytes: CSI with its end, or whatever else begins with ESC.
fn sequences(raw: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in raw.match_indices('\x1b') {
        let rest = &raw[at + 1..];
        let end = match rest.strip_prefix('[') {
            Some(rest) => {
                rest.find(|c: char| ('@'..='~').contains(&c)).map_or(rest.len(), |n| n + 2)
            }
            None => 1,
        };
        found.push(rest.chars().take(end).collect());
    }
    found.sort();
    found.dedup();
    found
}

/// No control character but those that a line is made of.
#[track_caller]
fn is_clean(text: &str, allowed: &str) {
    let bad = text.char_indices().find(|(_, c)| c.is_control() && !allowed.contains(*c));
    if let Some((at, c)) = bad {
        panic!("{c:?} in {:?}", text[at..].chars().take(40).collect::<String>());
    }
    assert!(!text.contains('\u{202e}'), "text runs from right to left");
}

#[test]
fn a_pipe_gets_lines_of_text() {
    let lab = lab("");
    let output = lab.host(1).apply("hostile").plain();
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(output.status.code(), Some(0), "{text}");
    is_clean(&text, "\n");
    for word in WORDS.iter().chain(&["twelve", "half € ten"]) {
        assert!(text.contains(word), "{word:?} is missing");
    }
    assert!(!text.contains("50 %") && text.contains("100 % seven"), "of progress, the last state");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// Colours are kept; beside them there is only what the display draws itself with.
#[test]
fn a_terminal_gets_text_and_colours() {
    let lab = lab("false");
    let ended = Terminal::start(lab.host(1).apply("hostile")).finish();
    let raw = String::from_utf8(ended.raw).expect("UTF-8");
    assert_eq!(ended.code, 1);
    is_clean(&raw, "\r\n\x1b");
    for sequence in sequences(&raw) {
        let drawn = ["[?2026h", "[?2026l", "[?7l", "[?7h", "[2K", "[1A"].contains(&&*sequence);
        let colour = sequence.starts_with('[') && sequence.ends_with('m');
        assert!(drawn || colour, "{sequence:?} reached the terminal");
    }
    for word in WORDS {
        assert!(raw.contains(word), "{word:?} is missing");
    }
    assert!(raw.contains("\x1b[31meight"), "a colour is kept");
}

/// For programs it is what the step printed: all of it, as text.
#[test]
fn json_has_all_of_it() {
    let lab = lab("");
    let host = lab.host(1);
    let done = host.apply("hostile").json().completed();
    let output = done.output();
    for word in [
        "\u{1b}]52;c;cm0gLXJmIC8=\u{7}two",
        "half € ten \u{fffd}",
        "x twelve\n",
        "thirteen \u{1b}[",
    ] {
        assert!(output.contains(word), "{word:?} is missing");
    }
    assert!(output.contains(&"\0".repeat(30_000)), "binary");
}

/// NO_COLOR: not even colours, of the host's or of ours.
#[test]
fn without_colours_there_are_none() {
    let lab = lab("false");
    let mut apply = lab.host(1).apply("hostile");
    apply.command.env("NO_COLOR", "1");
    let ended = Terminal::start(apply).finish();
    let raw = String::from_utf8(ended.raw).expect("UTF-8");
    for sequence in sequences(&raw) {
        assert!(!sequence.ends_with('m'), "{sequence:?}");
    }
    assert!(raw.contains("eight") && raw.contains("✗"), "{}", ended.screen);
}
