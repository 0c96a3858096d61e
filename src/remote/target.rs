//! `USER@HOST[:PORT]`, as a person writes it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The longest name of a host (RFC 1035), in bytes.
const LONGEST: usize = 253;

/// A host to reach over SSH. What is not given, ssh's own configuration decides.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// The user to log in as.
    pub user: Option<String>,
    /// A name, an address, or an alias of `~/.ssh/config`.
    pub host: String,
    /// The port of its sshd.
    pub port: Option<u16>,
}

/// Why a text names no host.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TargetError {
    /// There is no host.
    #[error("{0:?} names no host; write USER@HOST or USER@HOST:PORT, as root@203.0.113.24")]
    Empty(String),
    /// It could be read as an option of ssh.
    #[error(
        "{0:?} begins with `-`, which ssh would read as an option; write the host's name or address"
    )]
    Dash(String),
    /// Something stands in it that no name has.
    #[error("{0:?} has a character that no host or user has: {1:?}")]
    Character(String, char),
    /// The part after the colon is no port.
    #[error(
        "{0:?}: {1:?} is no port (1 to 65535); an IPv6 address goes in brackets, as root@[2001:db8::1]:22"
    )]
    Port(String, String),
}

impl Target {
    /// A target of parts that were entered one by one.
    ///
    /// # Errors
    /// Fails where a part could not be one, or could be read as an option of ssh.
    pub fn new(user: Option<&str>, host: &str, port: Option<u16>) -> Result<Self, TargetError> {
        for part in [user.unwrap_or("root"), host] {
            check_characters(part)?;
            if part.is_empty() || part.len() > LONGEST {
                return Err(TargetError::Empty(part.chars().take(LONGEST).collect()));
            }
            if part.starts_with('-') {
                return Err(TargetError::Dash(part.to_owned()));
            }
        }
        let odd = host.chars().find(|c| "@[]/%".contains(*c));
        if let Some(odd) = odd.or_else(|| user?.chars().find(|c| "@[]:/%".contains(*c))) {
            return Err(TargetError::Character(host.to_owned(), odd));
        }
        if port == Some(0) {
            return Err(TargetError::Port(host.to_owned(), "0".to_owned()));
        }
        Ok(Self { user: user.map(str::to_owned), host: host.to_owned(), port })
    }
}

fn check_characters(text: &str) -> Result<(), TargetError> {
    let is_odd =
        |c: &char| c.is_whitespace() || c.is_control() || "\"'`$;&|<>\\(){}*?!#,".contains(*c);
    match text.chars().find(is_odd) {
        Some(odd) => Err(TargetError::Character(text.to_owned(), odd)),
        None => Ok(()),
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let whole = || text.to_owned();
        check_characters(text)?;
        let (user, rest) = match text.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, text),
        };
        let (host, port) = match rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
            Some((host, after)) => {
                (host, after.strip_prefix(':').or((!after.is_empty()).then_some(after)))
            }
            // More than one colon is an IPv6 address without brackets.
            None if rest.matches(':').count() > 1 => (rest, None),
            None => match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        if host.is_empty() || user == Some("") {
            return Err(TargetError::Empty(whole()));
        }
        if host.starts_with('-') || user.is_some_and(|u| u.starts_with('-')) {
            return Err(TargetError::Dash(whole()));
        }
        let port = port
            .map(|p| match p.parse() {
                Ok(number) if number > 0 => Ok(number),
                _ => Err(TargetError::Port(whole(), p.into())),
            })
            .transpose()?;
        Ok(Self { user: user.map(str::to_owned), host: host.to_owned(), port })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match (self.host.contains(':'), self.port) {
            (true, Some(port)) => write!(f, "[{}]:{port}", self.host),
            (true, None) => write!(f, "[{}]", self.host),
            (false, Some(port)) => write!(f, "{}:{port}", self.host),
            (false, None) => f.write_str(&self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, user, host, port) in [
            ("root@203.0.113.24", Some("root"), "203.0.113.24", None),
            ("root@edge-1:2222", Some("root"), "edge-1", Some(2222)),
            ("edge-1", None, "edge-1", None),
            ("root@[2001:db8::1]:22", Some("root"), "2001:db8::1", Some(22)),
            ("root@[2001:db8::1]", Some("root"), "2001:db8::1", None),
            ("2001:db8::1", None, "2001:db8::1", None),
        ] {
            let target: Target = text.parse().expect(text);
            assert_eq!(
                (target.user.as_deref(), target.host.as_str(), target.port),
                (user, host, port)
            );
        }
    }

    #[test]
    fn refuses_what_is_no_host() {
        for text in [
            "",
            "root@",
            "@host",
            "-oProxyCommand=x",
            "root@-host",
            "a b",
            "host:0",
            "host:ssh",
            "h;id",
            "root@[::1]x",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
