//! Asks the person at the terminal, also where standard input and output are
//! pipes. While a question stands, the display is hidden
//! ([`Display::hide`](super::display::Display::hide)).

use std::fs::File;
use std::io::{self, Write};

use console::{Key, Style, Term};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// How the terminal was set before a question, for who can't wait for its answer:
/// reading keys changes it, and only an answer changes it back.
pub struct Modes(Option<(File, Termios)>);

impl Modes {
    /// As they are now.
    pub fn save() -> Self {
        let tty = File::options().read(true).write(true).open("/dev/tty").ok();
        Self(tty.and_then(|tty| tcgetattr(&tty).ok().map(|modes| (tty, modes))))
    }

    /// Sets them so again, on a line of its own.
    pub fn restore(self) -> io::Result<()> {
        let Some((mut tty, modes)) = self.0 else { return Ok(()) };
        // A terminal that is gone needs nothing.
        if tcsetattr(&tty, OptionalActions::Now, &modes).is_ok() {
            let _ = tty.write_all(b"\n\n");
        }
        Ok(())
    }
}

/// Asks for one of several answers, each given by its key: `('y', "accept it")`.
/// Enter takes the default; so do Escape, Ctrl-C, Ctrl-D and a terminal that is
/// gone, so the default should be what changes least. None: there is no
/// terminal to ask at.
pub fn choose(question: &str, options: &[(char, &str)], default: char) -> io::Result<Option<char>> {
    let Ok(tty) = File::options().read(true).write(true).open("/dev/tty") else {
        return Ok(None);
    };
    let mut out = tty.try_clone()?;
    let keyboard = Term::read_write_pair(tty.try_clone()?, tty);
    out.write_all(prompt(question, options, default).as_bytes())?;
    let answer = loop {
        match keyboard.read_key_raw() {
            Ok(key) => {
                if let Some(answer) = answer(key, options, default) {
                    break answer;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break default,
            Err(error) => return Err(error),
        }
    };
    writeln!(out, "{answer}\n")?;
    Ok(Some(answer))
}

/// The question, a line for each answer, and where the answer goes.
fn prompt(question: &str, options: &[(char, &str)], default: char) -> String {
    let key = Style::new().for_stderr().bold();
    let mut text = format!("\n{question}\n");
    for (option, meaning) in options {
        let mark = if *option == default { " (Enter)" } else { "" };
        text.push_str(&format!("  {}  {meaning}{mark}\n", key.apply_to(option)));
    }
    let keys: Vec<String> = options.iter().map(|(option, _)| option.to_string()).collect();
    text + &format!("Your answer [{}]: ", keys.join("/"))
}

/// What a key answers; None for a key that means nothing here.
fn answer(key: Key, options: &[(char, &str)], default: char) -> Option<char> {
    match key {
        Key::Enter | Key::Escape | Key::CtrlC | Key::Char('\x04') => Some(default),
        Key::Char(typed) => {
            let typed = typed.to_ascii_lowercase();
            options.iter().map(|(option, _)| *option).find(|option| *option == typed)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: [(char, &str); 2] = [('c', "cancel it"), ('l', "leave it")];

    #[test]
    fn the_question_shows_keys_and_default() {
        let shown = console::strip_ansi_codes(&prompt("What now?", &OPTIONS, 'l')).into_owned();
        assert_eq!(
            shown,
            "\nWhat now?\n  c  cancel it\n  l  leave it (Enter)\nYour answer [c/l]: "
        );
    }

    #[test]
    fn keys_are_answers_or_mean_nothing() {
        let answer = |key| answer(key, &OPTIONS, 'l');
        assert_eq!(answer(Key::Char('c')), Some('c'));
        assert_eq!(answer(Key::Char('C')), Some('c'));
        assert_eq!(answer(Key::Char('x')), None);
        assert_eq!(answer(Key::ArrowUp), None);
        for key in [Key::Enter, Key::Escape, Key::CtrlC, Key::Char('\x04')] {
            assert_eq!(answer(key), Some('l'));
        }
    }
}
