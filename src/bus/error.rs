//! Why the bus can't be used, and what to check.

use std::time::Duration;

use fred::error::{Error, ErrorKind};

/// Why the bus can't be used. Names the server, never the password.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The URL is none of a Redis.
    #[error(
        "REDIS_URL is not the address of a Redis ({0}). Write it as \
         redis://[user:password@]host[:port][/database], with rediss:// for TLS"
    )]
    Address(Error),
    /// Redis can't be reached, or answered with an error.
    #[error("the bus's Redis at {place}: {}. {}", said(cause), next_step(cause))]
    Redis {
        /// Host and port.
        place: String,
        /// What went wrong.
        cause: Error,
    },
    /// Redis accepts connections, or not even that, and says nothing.
    #[error(
        "the bus's Redis at {place} did not answer within {} s. Is it overloaded or stopped, \
         does a firewall drop the packets, does it expect TLS (rediss://)?",
        limit.as_secs()
    )]
    Silent {
        /// Host and port.
        place: String,
        /// How long we waited.
        limit: Duration,
    },
}

/// In one line; what another protocol answered is of no use to anybody.
fn said(error: &Error) -> &str {
    let details = error.details().trim_end_matches('.');
    if matches!(error.kind(), ErrorKind::Protocol | ErrorKind::Parse) {
        return "it gave no answer of a Redis";
    }
    // fred keeps errors of the system only as what `{:?}` makes of them.
    let quoted = ["message: \"", "error: \""].iter().find_map(|before| details.split_once(before));
    quoted.and_then(|(_, rest)| rest.split('"').next()).unwrap_or(details)
}

/// What a person can do about it.
fn next_step(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Auth => "Check user and password in REDIS_URL",
        ErrorKind::Protocol | ErrorKind::Parse => {
            "What listens there does not speak Redis' protocol: check host and port in REDIS_URL"
        }
        ErrorKind::Tls => "Check its certificate, and whether it speaks TLS at all",
        _ => "Is it running there? Check REDIS_URL",
    }
}
