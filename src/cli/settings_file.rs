//! The settings of an installed package: its file says what the environment doesn't.
//!
//! A line is `NAME=value`, or begins with `#`; of two lines with one name, the last one counts.
//! A value with blanks or any of `#$"\` in it stands in single quotes.

use std::io::ErrorKind;
use std::{env, fs};

use thiserror::Error;

/// Only the command that the package has installed reads the package's settings: what is tried
/// in a build folder must not meet the installation of the machine.
const COMMAND: &str = "/usr/bin/groundcrew";
const FILE: &str = "/etc/groundcrew/groundcrew.env";

/// Why the settings can't be used.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// They are not for this user.
    #[error(
        "the settings of this machine's installation, {FILE}, are for the user groundcrew alone, and so are \
         its files; run it as that user: sudo -u groundcrew groundcrew …"
    )]
    OtherUser,
    /// The file can't be read at all.
    #[error("{FILE} can't be read; mend that, or reinstall the package")]
    Unreadable(#[source] std::io::Error),
    /// A line is none. Never shown: it may hold a password.
    #[error(
        "line {0} of {FILE} is not understood; it should be NAME=value, in single quotes if the value has \
         blanks or any of # $ \" \\ in it"
    )]
    Line(usize),
}

/// Fills the environment with what it has not. To be called before there is another thread.
///
/// # Errors
/// Says who may read the file, or which line is wrong. What needs no installation may go on.
pub fn read() -> Result<(), SettingsError> {
    if env::current_exe().ok().is_none_or(|path| path != *COMMAND) {
        return Ok(());
    }
    let text = match fs::read_to_string(FILE) {
        Ok(_) if names_another() => return Ok(()),
        // What root would write, the roles could not read.
        Ok(_) if rustix::process::geteuid().is_root() => return Err(SettingsError::OtherUser),
        Ok(text) => text,
        Err(error) => match error.kind() {
            ErrorKind::NotFound => return Ok(()),
            // Who names an installation of their own needs none of it.
            ErrorKind::PermissionDenied if names_another() => return Ok(()),
            ErrorKind::PermissionDenied => return Err(SettingsError::OtherUser),
            _ => return Err(SettingsError::Unreadable(error)),
        },
    };
    fill(&text)
}

fn fill(text: &str) -> Result<(), SettingsError> {
    for (index, line) in text.lines().enumerate() {
        if dotenvy::from_read_iter(line.as_bytes()).any(|setting| setting.is_err()) {
            return Err(SettingsError::Line(index + 1));
        }
    }
    // It takes the first of two, and we want the last.
    let last_first: Vec<&str> = text.lines().rev().collect();
    dotenvy::from_read(last_first.join("\n").as_bytes())
        .map_err(|error| SettingsError::Unreadable(std::io::Error::other(error)))
}

fn names_another() -> bool {
    ["DATABASE_URL", "GROUNDCREW_DATA"].iter().any(|name| env::var_os(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_name_counts_and_the_environment_before_it() {
        let text = "# said twice\nGC_TEST_URL=postgres://a:b@h/n?x=1&y=2\nGC_TEST_SLOTS=3\n\n\
            GC_TEST_URL=redis://:pw@127.0.0.1\nGC_TEST_QUOTED='a b#c$d\"e'\nPATH=/none\n";
        fill(text).expect("good lines");
        assert_eq!(env::var("GC_TEST_URL").as_deref(), Ok("redis://:pw@127.0.0.1"));
        assert_eq!(env::var("GC_TEST_SLOTS").as_deref(), Ok("3"));
        assert_eq!(env::var("GC_TEST_QUOTED").as_deref(), Ok("a b#c$d\"e"));
        assert_ne!(env::var("PATH").as_deref(), Ok("/none"));
    }

    #[test]
    fn a_line_that_is_none_is_named_by_its_number_and_not_shown() {
        let text = "GC_TEST_FIRST=1\nGC_TEST_SECRET=correct horse\n";
        let said = fill(text).expect_err("blanks").to_string();
        assert!(said.starts_with("line 2 of") && !said.contains("horse"), "{said}");
        assert!(env::var("GC_TEST_FIRST").is_err(), "all or nothing");
    }
}
