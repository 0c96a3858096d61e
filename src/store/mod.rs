//! All SQL: servers, runs, leases, what happened. On SQLite or Postgres.
//!
//! Promise 1: what is here is the truth; messages are hints. Promise 2: a change and
//! the duty to announce it are one transaction, so each transition gives a [`Changed`].
//! Promise 3: one active run a server. Promise 4: only the holder of the lease writes.
//!
//! One function a transition. Each is one transaction, guarded in SQL, and locks in
//! this order: runs, what hangs on them, servers. A call whose answer was lost on the
//! way can be made again: what was committed is not done twice.

mod announce;
mod ask;
mod attempts;
mod audit;
mod backup;
mod callback;
mod claim;
mod connectivity;
mod dialect;
mod end;
mod error;
mod figures;
mod idempotency;
mod installation;
mod lease;
mod listen;
mod login;
mod migrate;
mod open;
mod operate;
mod output;
mod overview;
mod owned;
mod progress;
mod provision;
mod read;
mod reseal;
mod restored;
mod rows;
mod servers;
mod sessions;
mod slice;
mod steps;
mod survey;
mod tokens;
mod users;
mod workers;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::any::{Any, AnyArguments, AnyConnectOptions};
use sqlx::query::Query;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Transaction};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

pub use ask::Asked;
pub use claim::{Claimed, Taken};
pub use connectivity::Connected;
pub use error::StoreError;
pub use figures::{Aged, Figures, StepAtWork, Workers};
pub use idempotency::Repeatable;
pub use operate::CancelAnswer;
pub use read::RunSummary;
pub use reseal::{SEALED, Sealed};
pub use restored::{Backup, Restoration};
pub use sessions::ShownSession;
pub use slice::OutputSlice;
pub use survey::{Oddity, Survey};
pub use tokens::ShownToken;
pub use users::Credentials;
pub use workers::{WorkerRow, WorkerStatus};

use crate::metrics::SqlCounts;
use dialect::Dialect;

#[cfg(doc)]
use crate::model::Changed;

type Result<T, E = StoreError> = std::result::Result<T, E>;

/// So much output of a run is kept, in bytes.
pub const OUTPUT_LIMIT: u64 = 256 * 1024 * 1024;
/// No call takes longer: a connection that is dead says nothing.
const CALL: Duration = Duration::from_secs(15);
/// So many rows that are old are deleted at once.
const FORGET: i64 = 1000;
/// A transaction that loses against others is tried again for so long.
const RACES: Duration = Duration::from_secs(5);

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    /// For what only reads; on Postgres the same pool as `writes`.
    reads: AnyPool,
    /// On SQLite one connection: who writes stands in line here, not in the file's busy loop.
    writes: AnyPool,
    dialect: Dialect,
    /// Which database, where; for messages.
    place: Arc<str>,
    options: AnyConnectOptions,
    /// The connection that sees others commit (SQLite).
    watcher: Arc<Mutex<Option<AnyConnection>>>,
    output_limit: u64,
    counts: SqlCounts,
}

/// Which database, where; without a password.
impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

// By hand: the options hold a password.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.place)
    }
}

/// Gives the transaction's locks back before the answer. One that is only dropped keeps them
/// a moment longer, and who asks for a run right then passes over it.
async fn refuse<T>(tx: Transaction<'static, Any>, error: StoreError) -> Result<T> {
    let _ = tx.rollback().await;
    Err(error)
}

impl Store {
    /// What it counts.
    pub fn counts(&self) -> &SqlCounts {
        &self.counts
    }

    /// The same store, keeping so many bytes of output a run.
    pub fn with_output_limit(self, bytes: u64) -> Self {
        Self { output_limit: bytes, ..self }
    }

    /// A text as the database gets it: for tests that look at plans.
    #[doc(hidden)]
    pub fn statement(&self, text: &'static str) -> String {
        self.dialect.sql(text).into_owned()
    }

    /// A statement, in the database's dialect.
    fn query(&self, text: &'static str) -> Query<'static, Any, AnyArguments> {
        sqlx::query(AssertSqlSafe(self.dialect.sql(text)))
    }

    /// A transaction that writes.
    async fn begin(&self) -> Result<Transaction<'static, Any>> {
        Ok(self.writes.begin_with(self.dialect.begin()).await?)
    }

    /// A transaction that reads one state of everything.
    async fn snapshot(&self) -> Result<Transaction<'static, Any>> {
        Ok(self.reads.begin_with(self.dialect.begin_snapshot()).await?)
    }

    /// Deletes what is older than `age` (`$1`), so many rows a transaction (`$2`): nobody waits
    /// long for it, and Postgres, which can't tell how many there are, takes the index.
    async fn forget(&self, sql: &'static str, age: Duration) -> Result<()> {
        loop {
            let batch = self.again(|| async {
                let batch = self.query(sql).bind(ms(age)).bind(FORGET);
                Ok(batch.execute(&self.writes).await?.rows_affected())
            });
            if batch.await? < FORGET as u64 {
                return Ok(());
            }
        }
    }

    /// Does it, and again where it lost against another transaction. Every call passes
    /// through here: none waits for ever, and its errors are told apart.
    async fn again<T, F>(&self, once: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let started = Instant::now();
        let done = self.until_done(started, once).await;
        self.counts.called(started.elapsed(), done.as_ref().err().and_then(StoreError::fault));
        done
    }

    async fn until_done<T, F>(&self, started: Instant, once: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        loop {
            let Ok(done) = timeout(CALL, once()).await else {
                let silent = format!("no answer within {} s", CALL.as_secs());
                let place = self.place.to_string();
                return Err(StoreError::Unreachable { place, source: silent.into() });
            };
            match done {
                Err(error) if error.lost_a_race() && started.elapsed() < RACES => {
                    self.counts.lost();
                    // At random, so that the same two don't meet again.
                    sleep(Duration::from_millis(1 + Uuid::new_v4().as_u128() as u64 % 20)).await;
                }
                done => return done.map_err(|error| error.at(&self.place)),
            }
        }
    }
}

/// A span in ms, as SQL counts.
fn ms(span: Duration) -> i64 {
    span.as_millis().try_into().unwrap_or(i64::MAX / 4)
}

/// Postgres takes no NUL in a text, and a host may send one.
fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}
