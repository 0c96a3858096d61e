//! The few words in which SQLite and Postgres differ. All other SQL is one text
//! for both: `$1`, `RETURNING`, `ON CONFLICT`, times as integer milliseconds,
//! JSON as text, flags as 0 and 1.

use std::borrow::Cow;

/// A pending run that may be claimed: it is due, its server's host key is pinned, no run of the
/// server is at work, and none of them was asked for before it.
const MAY_BEGIN: &str = "runs.status = 'pending' AND runs.due_at <= (SELECT {now}) \
    AND EXISTS (SELECT 1 FROM servers WHERE servers.id = runs.server_id AND servers.host_key <> '') \
    AND NOT EXISTS (SELECT 1 FROM runs AS active \
        WHERE active.server_id = runs.server_id AND active.status = 'installing') \
    AND NOT EXISTS (SELECT 1 FROM runs AS older \
        WHERE older.server_id = runs.server_id AND older.status = 'pending' AND older.id < runs.id)";

/// A session that has not ended: its time is not over, and it was seen within a week.
const LIVE: &str = "sessions.expires_at > {now} AND sessions.last_seen_at > {now} - 604800000";

/// When the database was last restored from a backup, in ms; 0: never.
const RESTORED_AT: &str = "(SELECT COALESCE(max(restored_at), 0) FROM installation)";

/// How many bytes of a run's journals there are.
const JOURNAL: &str = "(SELECT COALESCE(sum(length(journal)), 0) FROM run_attempts \
    WHERE run_attempts.run_id = runs.id)";

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// The database's clock, in ms. Postgres' `now()` would be the transaction's beginning.
    /// Where many rows are looked at, `(SELECT {now})` reads it once.
    fn now(self) -> &'static str {
        match self {
            Self::Sqlite => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            Self::Postgres => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
        }
    }

    /// Begins a transaction that writes. SQLite takes the write lock at once: one that
    /// gets it later fails in spite of the busy time-out.
    pub fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// Begins a transaction that sees one state of everything.
    pub fn begin_snapshot(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// What each connection is told first. Postgres takes a row from elsewhere on the disk for four
    /// times as dear as the next one, as it was when disks turned, and reads whole tables for that.
    pub fn settings(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; \
                 PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON"
            }
            Self::Postgres => {
                "SET statement_timeout = '10s'; SET lock_timeout = '10s'; \
                 SET idle_in_transaction_session_timeout = '30s'; SET random_page_cost = 1.1"
            }
        }
    }

    /// How many tables of this name (`$1`) there are.
    pub fn count_tables(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
            Self::Postgres => {
                "SELECT count(*) FROM information_schema.tables \
                 WHERE table_schema = current_schema() AND table_name = $1"
            }
        }
    }

    /// Fills in the words in braces: `{now}`, `{may_begin}`, `{journal}`, `{restored_at}`,
    /// `{for_update}`, `{skip_locked}`, `{live}`, and `{listed}`: the texts of the JSON list `$1`,
    /// or, with `{listed_numbers}`, its numbers; with `{listed_pairs}`, each with its number in `$2`.
    pub fn sql(self, text: &'static str) -> Cow<'static, str> {
        if !text.contains('{') {
            return Cow::Borrowed(text);
        }
        // In SQLite, who writes has the whole file.
        let (for_update, skip_locked) = match self {
            Self::Sqlite => ("", ""),
            Self::Postgres => ("FOR UPDATE", "FOR UPDATE SKIP LOCKED"),
        };
        let (listed, listed_numbers, listed_pairs) = match self {
            Self::Sqlite => (
                "SELECT value FROM json_each($1)",
                "SELECT CAST(value AS INTEGER) FROM json_each($1)",
                "SELECT texts.value, CAST(numbers.value AS INTEGER) FROM json_each($1) AS texts \
                    JOIN json_each($2) AS numbers ON numbers.key = texts.key",
            ),
            // A JSON list of numbers, or of ids, is nearly one of Postgres' arrays. Of these it
            // expects few values, and looks them up; of a JSON list it expects a hundred, and
            // reads the whole table.
            Self::Postgres => (
                "SELECT unnest(CAST(translate($1, '[]', '{}') AS TEXT[]))",
                "SELECT unnest(CAST(translate($1, '[]', '{}') AS BIGINT[]))",
                "SELECT * FROM unnest(CAST(translate($1, '[]', '{}') AS TEXT[]), \
                    CAST(translate($2, '[]', '{}') AS BIGINT[]))",
            ),
        };
        let words = [
            ("{listed_numbers}", listed_numbers),
            ("{listed_pairs}", listed_pairs),
            ("{listed}", listed),
            ("{may_begin}", MAY_BEGIN),
            ("{live}", LIVE),
            ("{journal}", JOURNAL),
            ("{restored_at}", RESTORED_AT),
            ("{for_update}", for_update),
            ("{skip_locked}", skip_locked),
            ("{now}", self.now()),
        ];
        let fill = |text: String, (word, sql): (&str, &str)| text.replace(word, sql);
        Cow::Owned(words.into_iter().fold(text.to_owned(), fill))
    }
}
