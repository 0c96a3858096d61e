//! Asks the person at the terminal, also where standard input and output are
//! pipes. While a question stands, the display is hidden
//! ([`Display::hide`](super::display::Display::hide)).

use std::fs::File;
use std::io::{self, Write};

use console::{Key, Style, Term};

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
    writeln!(out, "{answer}")?;
    Ok(Some(answer))
}

/// The question, a line for each answer, and where the answer goes.
fn prompt(question: &str, options: &[(char, &str)], default: char) -> String {
    let key = Style::new().for_stderr().bold();
    let mut text = format!("{question}\n");
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
