//! What does not look right in the store, for `groundcrew doctor`.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row;

use super::{Restoration, Result, Store, rows};

/// A run, or a server that joins, that something is the matter with.
#[derive(Debug, Clone, Serialize)]
pub struct Oddity {
    /// The run's id; empty for a server that joins.
    pub run: String,
    /// The server's name.
    pub server: String,
    /// Since when.
    pub since: Timestamp,
}

/// The state of the whole store at one moment.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The database's clock.
    pub clock: Timestamp,
    /// Servers with a change that nobody announced for 10 s.
    pub unannounced: i64,
    /// Runs whose lease is over for 10 s, and that nobody took.
    pub lost: Vec<Oddity>,
    /// Runs that could begin since a minute, and that nobody took.
    pub untaken: Vec<Oddity>,
    /// Runs whose host can't be reached.
    pub unreachable: Vec<Oddity>,
    /// Runs that failed without the host's word.
    pub unknown: Vec<Oddity>,
    /// Runs that are to be cancelled since a minute, and are not.
    pub uncancelled: Vec<Oddity>,
    /// Runs that failed because their hosts have them from somebody who is not known here.
    pub superseded: Vec<Oddity>,
    /// Servers that join, and where no worker looked for a minute (step 4).
    pub unvisited: Vec<Oddity>,
    /// The last restoration from a backup.
    pub restoration: Option<Restoration>,
    /// Steps that are at work: the run, and when the host started them.
    pub at_work: Vec<(Oddity, i64)>,
}

impl Store {
    /// Looks at everything, at one moment.
    pub async fn survey(&self) -> Result<Survey> {
        self.again(|| async {
            let mut tx = self.snapshot().await?;
            let clock = self.query("SELECT {now} AS clock").fetch_one(&mut *tx).await?;
            let sql = "SELECT count(*) FROM servers WHERE announced_revision < revision \
                AND updated_at < {now} - 10000";
            let unannounced = self.query(sql).fetch_one(&mut *tx).await?.try_get(0)?;
            let mut odd = Vec::new();
            for sql in [
                "SELECT runs.id, name, lease_until AS since FROM runs \
                    JOIN servers ON servers.id = server_id \
                    WHERE status = 'installing' AND lease_until < {now} - 10000",
                "SELECT runs.id, name, due_at AS since FROM runs \
                    JOIN servers ON servers.id = server_id \
                    WHERE {may_begin} AND due_at < {now} - 60000",
                "SELECT runs.id, name, unreachable_since AS since FROM runs \
                    JOIN servers ON servers.id = server_id WHERE unreachable_since IS NOT NULL",
                "SELECT runs.id, name, finished_at AS since FROM runs \
                    JOIN servers ON servers.id = server_id WHERE host_state = 'unknown'",
                "SELECT runs.id, name, cancel_requested_at AS since FROM runs \
                    JOIN servers ON servers.id = server_id \
                    WHERE status = 'installing' AND cancel_requested_at < {now} - 60000",
                "SELECT runs.id, name, finished_at AS since FROM runs \
                    JOIN servers ON servers.id = server_id WHERE error_kind = 'superseded'",
                "SELECT '' AS id, name, step.due_at AS since FROM provision_steps AS step \
                    JOIN servers ON servers.id = server_id \
                    WHERE number = 4 AND step.status IN ('pending', 'installing') \
                        AND step.due_at < {now} - 60000 \
                        AND ((step.status = 'pending' AND EXISTS (SELECT 1 \
                                FROM provision_steps AS before WHERE before.server_id = step.server_id \
                                    AND before.number = 3 AND before.status = 'completed' \
                                    AND before.finished_at < {now} - 60000)) \
                            OR (step.status = 'installing' \
                                AND (worker IS NULL OR step.lease_until < {now} - 60000)))",
            ] {
                let rows = self.query(sql).fetch_all(&mut *tx).await?;
                odd.push(rows.iter().map(oddity).collect::<Result<Vec<_>, _>>()?);
            }
            // CROSS: SQLite then goes through the runs first, and not through all steps ever.
            let sql = "SELECT runs.id, servers.name, run_steps.started_at AS since, number \
                FROM runs CROSS JOIN run_steps JOIN servers ON servers.id = server_id \
                WHERE run_id = runs.id AND run_steps.status = 'installing' AND runs.status = 'installing'";
            let steps = self.query(sql).fetch_all(&mut *tx).await?;
            let at_work = steps.iter().map(|row| Ok((oddity(row)?, row.try_get("number")?)));
            let at_work = at_work.collect::<Result<_>>()?;
            let restoration = self.restoration(&mut tx).await?;
            tx.commit().await?;
            let mut odd = odd.into_iter();
            let mut next = || odd.next().unwrap_or_default();
            Ok(Survey {
                clock: rows::time(&clock, "clock")?,
                unannounced,
                lost: next(),
                untaken: next(),
                unreachable: next(),
                unknown: next(),
                uncancelled: next(),
                superseded: next(),
                unvisited: next(),
                restoration,
                at_work,
            })
        })
        .await
    }
}

fn oddity(row: &sqlx::any::AnyRow) -> std::result::Result<Oddity, sqlx::Error> {
    Ok(Oddity {
        run: row.try_get("id")?,
        server: row.try_get("name")?,
        since: rows::time(row, "since")?,
    })
}
