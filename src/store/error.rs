//! What can go wrong with the store: the cause, and what to do next.

use std::error::Error;

use thiserror::Error;

/// Why the store did not do what it was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The lease is not held any more: another worker drives the run, or it has ended.
    #[error("the run is driven by another worker now, or has ended; this one must let go of it")]
    Fenced,
    /// A step or run does not stand where this would be allowed.
    #[error("run {run} does not allow this: {problem}")]
    Illegal {
        /// The run's id.
        run: String,
        /// What does not fit.
        problem: String,
    },
    /// Another server has this name.
    #[error("there is a server {0:?} already; take another name, or remove that one first")]
    NameTaken(String),
    /// Another token of the same user has this name.
    #[error("there is a token {0:?} already; take another name, or revoke that one first")]
    TokenNameTaken(String),
    /// Another user has this name.
    #[error("somebody has the name {0:?} already; take another one")]
    UserNameTaken(String),
    /// Servers belong to the user.
    #[error(
        "servers belong to this user; remove them first, with the user's token or at their page"
    )]
    UserHasServers,
    /// The link was used, or its time is over, or it never was one.
    #[error(
        "this link was used already, or its hour is over; `groundcrew user link` makes another one"
    )]
    UnknownLink,
    /// The server has runs that have not ended.
    #[error("the server has a run that has not ended; wait for it, or cancel it, then try again")]
    ServerBusy,
    /// No host key is pinned: the server has not joined, and nothing may be sent there.
    #[error(
        "the server has not joined yet, so that its host key is not known;          run its one line there, or confirm the key that it shows, then try again"
    )]
    NoHostKey,
    /// As its provisioning stands, this can't be.
    #[error("the server's provisioning does not allow this: {0}")]
    NotProvisionable(&'static str),
    /// No server has this id.
    #[error("there is no such server (any more); see `groundcrew server list`")]
    UnknownServer,
    /// No run has this id.
    #[error("there is no run {0:?}; see `groundcrew runs list`")]
    UnknownRun(String),
    /// More than one run's id begins like this.
    #[error("more than one run's id begins with {0:?}; give more of it")]
    Ambiguous(String),
    /// A newer groundcrew has changed the schema.
    #[error(
        "the database's schema ({found}) is newer than this groundcrew knows ({known}), and can't be \
         used by it; install the groundcrew that migrated it, or a later one"
    )]
    NewerSchema {
        /// Number of the last migration that was applied.
        found: i64,
        /// The last one that this binary knows.
        known: i64,
    },
    /// The schema lacks migrations.
    #[error(
        "the database's schema ({found}) is older than this groundcrew needs ({known}); \
         run `groundcrew migrate`"
    )]
    OlderSchema {
        /// Number of the last migration that was applied; 0: none.
        found: i64,
        /// The last one that this binary knows.
        known: i64,
    },
    /// The address is none.
    #[error(
        "the database's address is not understood ({problem}); it is sqlite:PATH or \
         postgres://USER:PASSWORD@HOST:PORT/NAME, see DATABASE_URL"
    )]
    Address {
        /// What is wrong with it. Never the address: it may hold a password.
        problem: String,
    },
    /// The database is no file that could be copied.
    #[error(
        "{0} is backed up by its own tools: `pg_dump --format=custom --file=FILE \"$DATABASE_URL\"`"
    )]
    NoFile(String),
    /// SQLite's file can't be opened.
    #[error("{path} can't be opened: {problem}")]
    File {
        /// The file.
        path: String,
        /// The cause and the next step.
        problem: String,
    },
    /// The database does not answer, for now.
    #[error("{place} can't be reached; check that it runs and that its address is right")]
    Unreachable {
        /// Which database, where.
        place: String,
        /// What exactly.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The database answers, and lets us not in.
    #[error("{place} refuses us; check user, password and the database's name in DATABASE_URL")]
    Denied {
        /// Which database, where.
        place: String,
        /// What exactly.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The database can't write for want of room.
    #[error("{place} has no room left on its disk; nothing was changed. Make room, then try again")]
    DiskFull {
        /// Which database, where.
        place: String,
        /// What exactly.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Others held what was needed for too long.
    #[error("{place} is busy; try again, and look for what holds it if this goes on")]
    Busy {
        /// Which database, where.
        place: String,
        /// What exactly.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Anything else that the database or its driver says.
    #[error("the database refused a statement; this is a mistake in groundcrew or in the data")]
    Database(#[from] sqlx::Error),
}

impl StoreError {
    /// Whether the same call may work later, without anybody changing anything but the database.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::DiskFull { .. } | Self::Busy { .. })
    }

    /// What the database is to blame for, in a word; None where we refuse by ourselves. A value that
    /// is taken is said by the database, and is no fault of its.
    pub(super) fn fault(&self) -> Option<&'static str> {
        match self {
            Self::Unreachable { .. } => Some("unreachable"),
            Self::Denied { .. } => Some("denied"),
            Self::DiskFull { .. } => Some("disk_full"),
            Self::Busy { .. } => Some("busy"),
            Self::Database(_) if !self.is_taken() && !self.is_orphan() => Some("refused"),
            _ => None,
        }
    }

    /// Whether another groundcrew is needed, or a migration.
    pub fn is_other_schema(&self) -> bool {
        matches!(self, Self::NewerSchema { .. } | Self::OlderSchema { .. })
    }

    /// Whether it lost against another transaction, so that it can be done again at once.
    pub(super) fn lost_a_race(&self) -> bool {
        let Self::Database(error) = self else { return false };
        // Serialization failure, deadlock; SQLITE_BUSY, and its kinds RECOVERY and SNAPSHOT.
        matches!(code(error).as_deref(), Some("40001" | "40P01" | "5" | "261" | "517"))
    }

    /// Tells apart what the driver says.
    pub(super) fn at(self, place: &str) -> Self {
        let Self::Database(error) = self else { return self };
        let place = place.to_owned();
        // SQLite's codes are numbers: 6 locked, 13 full, 14 can't be opened, 778 a write
        // failed, 4874 the index of the log can't grow; Postgres' have five characters.
        match code(&error).as_deref() {
            Some("13" | "778" | "4874" | "53100") => Self::DiskFull { place, source: cause(error) },
            Some("5" | "6" | "261" | "517" | "40001" | "40P01" | "55P03" | "57014") => {
                Self::Busy { place, source: cause(error) }
            }
            Some("28000" | "28P01" | "3D000") => Self::Denied { place, source: cause(error) },
            // Shutting down, starting up, too many connections, a connection that broke.
            Some(code) if ["57P", "533", "08"].iter().any(|class| code.starts_with(class)) => {
                Self::Unreachable { place, source: cause(error) }
            }
            Some(_) => Self::Database(error),
            None => match error {
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::BeginFailed => Self::Unreachable { place, source: cause(error) },
                error => Self::Database(error),
            },
        }
    }

    /// Whether a row with this key is there already.
    pub(super) fn is_taken(&self) -> bool {
        self.database().is_some_and(|error| error.is_unique_violation())
    }

    /// Whether a row that it hangs on is not there.
    pub(super) fn is_orphan(&self) -> bool {
        self.database().is_some_and(|error| error.is_foreign_key_violation())
    }

    fn database(&self) -> Option<&dyn sqlx::error::DatabaseError> {
        let Self::Database(error) = self else { return None };
        error.as_database_error()
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

/// Without sqlx's own sentence around it.
fn cause(error: sqlx::Error) -> Box<dyn Error + Send + Sync> {
    match error {
        sqlx::Error::Io(error) => Box::new(error),
        sqlx::Error::Tls(error) => error,
        sqlx::Error::Database(error) => error.into_error(),
        error => Box::new(error),
    }
}
