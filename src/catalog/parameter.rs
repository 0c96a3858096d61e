//! Typed parameters: what a job wants to know, and whether a value will do.

/// The longest value, in bytes. Linux hands a process at most 128 KB in one variable.
const LONGEST: usize = 64 * 1024;

/// The shortest secret, in characters: a shorter one can't be masked, as it
/// would be found in half of all words.
const SHORTEST_SECRET: usize = 4;

/// What a job wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, as in `app_user`.
    pub name: String,
    /// What people read.
    pub title: Option<String>,
    /// A longer explanation.
    pub description: Option<String>,
    /// Its type.
    pub kind: Kind,
    /// The value where none is given; without a default one must be given.
    pub default: Option<String>,
}

impl Parameter {
    /// The environment variable that steps read, as in `APP_USER`.
    pub fn variable(&self) -> String {
        self.name.to_ascii_uppercase()
    }
}

/// The type of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    String,
    /// A whole number of 64 bits.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A TCP or UDP port.
    Port,
    /// A host name, as in `example.org`.
    Domain,
    /// An absolute path without `..`.
    Path,
    /// The name of a user on the host.
    UnixUser,
    /// One of these words.
    Choice(Vec<String>),
    /// Any text of four characters or more; never shown.
    Secret,
}

impl Kind {
    /// The types that have nothing but a name, as files spell them.
    const PLAIN: [(&str, Self); 8] = [
        ("string", Self::String),
        ("integer", Self::Integer),
        ("boolean", Self::Boolean),
        ("port", Self::Port),
        ("domain", Self::Domain),
        ("path", Self::Path),
        ("unix_user", Self::UnixUser),
        ("secret", Self::Secret),
    ];

    /// All types, as files spell them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::PLAIN.iter().map(|(name, _)| *name).chain(["choice"])
    }

    /// The type that files spell this way; a choice needs its choices.
    pub fn named(name: &str) -> Option<Self> {
        Self::PLAIN.into_iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
    }

    /// How files spell it.
    pub fn name(&self) -> &'static str {
        Self::PLAIN.iter().find(|(_, kind)| kind == self).map_or("choice", |(name, _)| name)
    }

    /// Whether its values must never be shown.
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Secret)
    }

    /// What a value must be, as the end of a sentence.
    pub fn wanted(&self) -> String {
        match self {
            Self::String => "text".into(),
            Self::Integer => "a whole number, as in 3 or -3".into(),
            Self::Boolean => "true or false".into(),
            Self::Port => "a port from 1 to 65535".into(),
            Self::Domain => "a domain, as in example.org (an international one as xn--…)".into(),
            Self::Path => "an absolute path without `..` and line breaks, as in /srv/data".into(),
            Self::UnixUser => "a user name of a-z, 0-9, _ and -, beginning with a letter or _, \
                               of at most 32 characters"
                .into(),
            Self::Choice(choices) => format!("one of {}", choices.join(", ")),
            Self::Secret => format!("a secret of at least {SHORTEST_SECRET} characters"),
        }
    }

    /// The value as steps get it, or the rest of a sentence that begins with
    /// the parameter's name. A secret's value is not part of it.
    pub fn check(&self, value: &str) -> Result<String, String> {
        if value.contains('\0') {
            return Err("must not contain a NUL byte".into());
        }
        if value.len() > LONGEST {
            let size = value.len();
            return Err(format!("must be at most {LONGEST} bytes long, not {size}"));
        }
        self.normal(value).ok_or_else(|| match self {
            Self::Secret => {
                format!("must be {}: a shorter one can't be masked in the output", self.wanted())
            }
            _ => format!("must be {}, not {}", self.wanted(), shown(value)),
        })
    }

    fn normal(&self, value: &str) -> Option<String> {
        let same = |fits: bool| fits.then(|| value.to_owned());
        match self {
            Self::String => same(true),
            Self::Integer => value.parse::<i64>().ok().map(|number| number.to_string()),
            Self::Boolean => same(matches!(value, "true" | "false")),
            Self::Port => value.parse::<u16>().ok().filter(|p| *p != 0).map(|p| p.to_string()),
            Self::Domain => same(is_domain(value)).map(|domain| domain.to_ascii_lowercase()),
            Self::Path => same(is_path(value)),
            Self::UnixUser => same(is_unix_user(value)),
            Self::Choice(choices) => same(choices.iter().any(|choice| choice == value)),
            Self::Secret => same(value.chars().count() >= SHORTEST_SECRET),
        }
    }
}

/// A value in a message: quoted, and not longer than a line.
fn shown(value: &str) -> String {
    let start: String = value.chars().take(60).collect();
    let dots = if start.len() < value.len() { "…" } else { "" };
    format!("{start:?}{dots}")
}

fn is_domain(value: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A last label of digits alone is an IP address.
    value.len() <= 253
        && value.split('.').all(is_label)
        && value.rsplit('.').next().is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()))
}

/// An absolute path that stays below what it names.
pub(super) fn is_path(value: &str) -> bool {
    value.starts_with('/')
        && value.len() < 4096
        && !value.chars().any(char::is_control)
        && !value.split('/').any(|part| part == "..")
}

/// What Debian's `useradd` accepts.
pub(super) fn is_unix_user(value: &str) -> bool {
    (1..=32).contains(&value.len())
        && value.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && value
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each type takes what it should, and refuses its neighbours.
    #[test]
    fn values_are_checked_by_type() {
        let choice = Kind::Choice(vec!["small".into(), "big".into()]);
        let cases: [(&Kind, &[&str], &[&str]); 9] = [
            (&Kind::String, &["", "$(touch pwned); \"'\n`x` && ü\t"], &["a\0b"]),
            (&Kind::Integer, &["0", "-3", "9223372036854775807"], &["", "1.5", "9e9", "3 "]),
            (&Kind::Boolean, &["true", "false"], &["True", "1", "yes", ""]),
            (&Kind::Port, &["1", "65535"], &["0", "65536", "-1", "http", ""]),
            (
                &Kind::Domain,
                &["a.example.org", "localhost", "xn--bcher-kva.example"],
                &[
                    "",
                    "-a.org",
                    "a..org",
                    "a.org.",
                    "10.0.0.1",
                    "a b.org",
                    "bücher.example",
                    "*.org",
                    "a.org\n",
                ],
            ),
            (&Kind::Path, &["/", "/srv/da ta"], &["", "srv", "/a/../b", "/a\nb", "~/x"]),
            (&Kind::UnixUser, &["deploy", "_apt", "www-data"], &["", "Deploy", "1x", "-x", "a b"]),
            (&choice, &["small", "big"], &["", "Small", "smal"]),
            (&Kind::Secret, &["1234", "pass word\n"], &["", "123"]),
        ];
        for (kind, good, bad) in cases {
            for value in good {
                assert_eq!(kind.check(value).as_deref(), Ok(*value), "{kind:?}");
            }
            for value in bad {
                assert!(kind.check(value).is_err(), "{kind:?} took {value:?}");
            }
        }
        assert_eq!(Kind::Domain.check("Example.ORG").as_deref(), Ok("example.org"));
        assert_eq!(Kind::Integer.check("+007").as_deref(), Ok("7"));
    }

    /// 64 KB is the limit, to the byte.
    #[test]
    fn long_values_are_refused() {
        assert!(Kind::String.check(&"x".repeat(LONGEST)).is_ok());
        let refusal = Kind::String.check(&"x".repeat(LONGEST + 1)).expect_err("too long");
        assert_eq!(refusal, "must be at most 65536 bytes long, not 65537");
    }

    /// Promise 8: a secret that is refused is not in the refusal.
    #[test]
    fn a_refused_secret_is_not_shown() {
        let refusal = Kind::Secret.check("q7z").expect_err("too short");
        assert!(!refusal.contains("q7z"), "{refusal}");
    }
}
