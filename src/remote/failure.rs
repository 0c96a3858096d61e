//! Why something could not be done on a host: a kind for programs, and the
//! cause with the next step for people.

use std::fmt;

use crate::model::FailureKind;

/// A failure of a run, as it is shown and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The cause, as a word.
    pub kind: FailureKind,
    /// The cause and the next step, in a sentence or two.
    pub message: String,
}

impl Failure {
    /// A failure of this kind, told in these words.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Something failed on this side.
    pub fn internal(what: &str, error: impl std::error::Error + Send + Sync + 'static) -> Self {
        let error = anyhow::Error::new(error).context(what.to_owned());
        Self::new(FailureKind::Internal, format!("{error:#}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
