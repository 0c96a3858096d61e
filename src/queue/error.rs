//! Why the queue can't be used, and what to check.

use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why the queue can't be used. Names the server, never the password.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The URL is none of a Redis.
    #[error(
        "REDIS_URL is not the address of a Redis ({0}). Write it as \
         redis://[user:password@]host[:port][/database], with rediss:// for TLS"
    )]
    Address(RedisError),
    /// Redis can't be reached, or answered with an error.
    #[error("the queue's Redis at {place}: {}. {}", said(cause), next_step(cause))]
    Redis {
        /// Host and port.
        place: String,
        /// What went wrong.
        cause: RedisError,
    },
    /// Redis accepts connections, or not even that, and says nothing.
    #[error(
        "the queue's Redis at {place} did not answer within {} s. Is it overloaded or stopped, \
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
fn said(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => {
            "it gave no answer of a Redis".to_owned()
        }
        _ => error.to_string().trim_end_matches('.').to_owned(),
    }
}

/// What a person can do about it.
fn next_step(error: &RedisError) -> &'static str {
    match error.kind() {
        ErrorKind::AuthenticationFailed => "Check user and password in REDIS_URL",
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => {
            "What listens there does not speak Redis' protocol: check host and port in REDIS_URL"
        }
        ErrorKind::Server(ServerErrorKind::ReadOnly) => {
            "It is a replica: name the primary in REDIS_URL"
        }
        ErrorKind::Server(ServerErrorKind::NoPerm) => {
            "Its ACL must allow this user the keys and channels that begin with REDIS_PREFIX, and core:apalis:*"
        }
        _ => match error.code() {
            Some("NOAUTH" | "WRONGPASS") => "Check user and password in REDIS_URL",
            Some("OOM" | "EXECABORT") => {
                "Is its memory full? See `maxmemory` in `redis-cli info memory`"
            }
            _ => "Is it running there? Check REDIS_URL",
        },
    }
}
