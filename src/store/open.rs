//! Opens the database, and says clearly why it can't.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AnyConnection, AnyPool, Connection, Error};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::dialect::Dialect;
use super::{OUTPUT_LIMIT, Result, Store, StoreError};
use crate::metrics::SqlCounts;

/// A connection that does not answer so long is dead.
const PING: Duration = Duration::from_secs(2);
/// A free connection is waited for so long, and a new one given so long to open.
const ACQUIRE: Duration = Duration::from_secs(5);

impl Store {
    /// Opens `sqlite:PATH` or `postgres://…`, and tries one connection. `create`: whether
    /// SQLite's file is made (mode 0600) where it is missing.
    ///
    /// # Errors
    /// `Address`, `File`, `Unreachable`, `Denied`: each with what to check.
    pub async fn open(url: &str, create: bool) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let (dialect, place, options) = match url.split_once(':') {
            Some(("sqlite", path)) => sqlite(path.strip_prefix("//").unwrap_or(path), create)?,
            Some(("postgres" | "postgresql", _)) => postgres(url)?,
            _ => return Err(address("it begins with neither sqlite: nor postgres:")),
        };
        let first = timeout(ACQUIRE, connect(&options, dialect)).await;
        let first = first.unwrap_or_else(|_| Err(Error::PoolTimedOut));
        let first = first.map_err(|error| not_opened(error, &place))?;
        // It has shown what it had to; a failure to say goodbye changes nothing.
        let _ = first.close().await;
        let (reads, writes) = match dialect {
            Dialect::Sqlite => (pool(4, dialect, &options), pool(1, dialect, &options)),
            Dialect::Postgres => {
                let both = pool(10, dialect, &options);
                (both.clone(), both)
            }
        };
        let (place, watcher) = (Arc::from(place), Arc::new(Mutex::new(None)));
        let (output_limit, counts) = (OUTPUT_LIMIT, SqlCounts::default());
        Ok(Self { reads, writes, dialect, place, options, watcher, output_limit, counts })
    }

    /// Closes all connections, so that SQLite puts all of its log into the file. Takes 2 s at most.
    pub async fn close(&self) {
        drop(self.watcher.lock().await.take());
        let close = async {
            self.reads.close().await;
            self.writes.close().await;
        };
        let _ = timeout(PING, close).await;
    }

    /// SQLite: a number that changes when another connection has committed. None on
    /// Postgres, which has no such thing.
    pub async fn data_version(&self) -> Result<Option<i64>> {
        if self.dialect == Dialect::Postgres {
            return Ok(None);
        }
        self.again(|| async {
            let mut watcher = self.watcher.lock().await;
            // Out of its place while it is asked: one that failed is not asked again.
            let mut connection = match watcher.take() {
                Some(connection) => connection,
                None => connect(&self.options, self.dialect).await?,
            };
            let version = sqlx::query_scalar("PRAGMA data_version");
            let version = version.fetch_one(&mut connection).await?;
            *watcher = Some(connection);
            Ok(Some(version))
        })
        .await
    }
}

/// One connection, set up.
async fn connect(options: &AnyConnectOptions, dialect: Dialect) -> Result<AnyConnection, Error> {
    let mut connection = AnyConnection::connect_with(options).await?;
    sqlx::raw_sql(dialect.settings()).execute(&mut connection).await?;
    Ok(connection)
}

fn pool(size: u32, dialect: Dialect, options: &AnyConnectOptions) -> AnyPool {
    AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(ACQUIRE)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(dialect.settings()).execute(connection).await.map(drop)
            })
        })
        // The pool's own test has no time limit. An error has it drop the connection.
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(answers(connection)))
        .after_release(move |connection, _| {
            Box::pin(async move {
                match dialect {
                    Dialect::Sqlite => not_stuck(connection).await,
                    Dialect::Postgres => answers(connection).await,
                }
            })
        })
        .connect_lazy_with(options.clone())
}

async fn answers(connection: &mut AnyConnection) -> Result<bool, Error> {
    timeout(PING, connection.ping()).await.map_err(|_| Error::PoolTimedOut)?.map(|()| true)
}

/// SQLite ends a transaction by itself when the disk is full. sqlx then tries to roll it
/// back, fails, and would believe for ever that it is in one.
async fn not_stuck(connection: &mut AnyConnection) -> Result<bool, Error> {
    connection.begin_with("BEGIN").await?.rollback().await.map(|()| true)
}

type Opened = (Dialect, String, AnyConnectOptions);

fn postgres(url: &str) -> Result<Opened> {
    let options: PgConnectOptions = url.parse().map_err(|error: Error| address(error))?;
    let place = match options.get_socket() {
        Some(folder) => format!("Postgres at {}", folder.display()),
        None => format!("Postgres at {}:{}", options.get_host(), options.get_port()),
    };
    Ok((Dialect::Postgres, place, url.parse().map_err(|error: Error| address(error))?))
}

fn sqlite(path: &str, create: bool) -> Result<Opened> {
    if path.is_empty() || path.contains('?') || path.starts_with(":memory:") {
        return Err(address("after sqlite: comes the path of a file, and nothing else"));
    }
    let failed = |problem: String| StoreError::File { path: path.to_owned(), problem };
    let absolute = std::path::absolute(path).map_err(|error| failed(error.to_string()))?;
    let mut file = OpenOptions::new();
    file.read(true).write(true).create(create).mode(0o600);
    file.open(&absolute).map_err(|error| failed(why(&absolute, &error)))?;
    let url = format!("sqlite://{}", encoded(&absolute));
    let options = url.parse().map_err(|error: Error| address(error))?;
    Ok((Dialect::Sqlite, format!("the database {path}"), options))
}

fn why(path: &Path, error: &std::io::Error) -> String {
    let folder = path.parent().map(PathBuf::from).unwrap_or_default();
    match error.kind() {
        ErrorKind::NotFound if !folder.is_dir() => {
            format!("there is no folder {}; make it first", folder.display())
        }
        ErrorKind::NotFound => {
            "there is no such file; run `groundcrew up` or `groundcrew migrate` first, which make \
             it, or correct the path"
                .to_owned()
        }
        ErrorKind::PermissionDenied => {
            format!("{error}; run as the user that owns it, or correct its mode and its folder's")
        }
        ErrorKind::StorageFull => format!("{error}; make room on the disk"),
        _ => format!("{error}; check the path"),
    }
}

/// What the file itself is to blame for. The numbers are SQLite's.
fn not_opened(error: Error, place: &str) -> StoreError {
    let code = error.as_database_error().and_then(|error| error.code());
    let problem = match code.as_deref() {
        Some("26") => "it is no SQLite database; correct the path, or move the file away",
        Some("8" | "14" | "264" | "520" | "1032") => {
            "SQLite can't write it, or the files that it needs beside it; \
             check the owner and mode of the file and of its folder"
        }
        _ => return StoreError::from(error).at(place),
    };
    StoreError::File { path: place.to_owned(), problem: problem.to_owned() }
}

/// The path as a part of an URL.
fn encoded(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    bytes
        .map(|&byte| match byte {
            b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn address(problem: impl ToString) -> StoreError {
    StoreError::Address { problem: problem.to_string() }
}
