//! A database that was restored from a backup knows less than its hosts do. Here it is made
//! ready for that, in one transaction: what it gives from now on (epochs, revisions) is past all
//! that was given since the backup, and each run that had not ended in it is asked about on its
//! host before anything else is done there.
//!
//! Both go on from the time of the restoration, in ms: more than any of them was counted up to,
//! and more again after a second restoration, also one of the same backup.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::{AnyConnection, Row};

use super::dialect::Dialect;
use super::migrate::PATIENCE;
use super::{Result, Store, rows};
use crate::model::Actor;

/// What a backup holds of what was not over when it was taken.
#[derive(Debug, Clone, Serialize)]
pub struct Backup {
    /// When its newest row was written; a worker writes every 5 s.
    pub newest: Timestamp,
    /// How many servers it knows.
    pub servers: i64,
    /// Runs that a worker had: their leases end.
    pub going: i64,
    /// Runs that waited. Hosts may have executed them since.
    pub waiting: i64,
    /// Runs that were failed because their hosts knew more of them: they are taken up again.
    pub superseded: i64,
    /// Browsers that were signed in: all are signed out.
    pub sessions: i64,
    /// Links to choose a password, and lines for new servers, that were not used: none is any more.
    pub links: i64,
    /// Tokens for the API. They stay, and some may have been revoked since.
    pub tokens: i64,
}

/// The last restoration, and how far its runs have been asked about.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Restoration {
    /// When it was.
    pub at: Timestamp,
    /// When the newest row of the backup was written.
    pub newest: Timestamp,
    /// So many runs had not ended in it.
    pub runs: i64,
    /// So many of them are yet to be asked about.
    pub open: i64,
}

impl Store {
    /// What the database holds, as if it had just been restored.
    pub async fn backup_found(&self) -> Result<Backup> {
        self.again(|| async {
            let mut tx = self.snapshot().await?;
            let found = self.found(&mut tx).await?;
            tx.commit().await?;
            Ok(found)
        })
        .await
    }

    /// The database was restored from a backup, says this person. Nobody works on it now.
    pub async fn restored(&self, by: &Actor) -> Result<Backup> {
        // What follows is kept in its row.
        self.installation().await?;
        // No time limit here, but what the connection has.
        self.restored_once(by).await.map_err(|error| error.at(&self.place))
    }

    async fn restored_once(&self, by: &Actor) -> Result<Backup> {
        let mut tx = self.begin().await?;
        if self.dialect == Dialect::Postgres {
            sqlx::raw_sql(PATIENCE).execute(&mut *tx).await?;
        }
        let found = self.found(&mut tx).await?;
        let superseded = self.query("SELECT id FROM runs WHERE error_kind = 'superseded'");
        for row in superseded.fetch_all(&mut *tx).await? {
            let run: String = row.try_get(0)?;
            self.reopen(&mut tx, &run, true).await?;
            // To be followed to its end, and not tried again.
            let sql = "UPDATE runs SET retry_after = NULL WHERE id = $1";
            self.query(sql).bind(run).execute(&mut *tx).await?;
        }
        for sql in [
            // Nobody has been waiting for a host since the backup.
            "UPDATE runs SET restored = 1, worker = NULL, due_at = {now}, \
                lease_until = CASE WHEN status = 'installing' THEN {now} - 1 END, \
                unreachable_since = NULL, unreachable = NULL \
                WHERE status IN ('pending', 'installing')",
            "UPDATE provision_steps SET lease_until = 0, unreachable_since = NULL, \
                unreachable = NULL WHERE worker IS NOT NULL",
            "DELETE FROM workers",
            "DELETE FROM sessions",
            "DELETE FROM sign_in_links",
            "UPDATE joins SET expires_at = {now} WHERE enrolled_key IS NULL AND expires_at > {now}",
            "UPDATE installation SET \
                restored_at = CASE WHEN {restored_at} < {now} THEN {now} ELSE {restored_at} + 1 END, \
                restored_runs = (SELECT count(*) FROM runs WHERE restored = 1)",
            "UPDATE servers SET updated_at = {now}, revision = \
                1 + CASE WHEN revision < {restored_at} THEN {restored_at} ELSE revision END",
        ] {
            self.query(sql).execute(&mut *tx).await?;
        }
        let sql = "UPDATE installation SET restored_from = $1";
        self.query(sql).bind(found.newest.as_millisecond()).execute(&mut *tx).await?;
        let sql = "INSERT INTO audit_log (at, user_id, actor, address, action, detail) \
            VALUES ({now}, $1, $2, $3, 'backup.restore', $4)";
        self.query(sql)
            .bind(by.user_id)
            .bind(by.name.clone())
            .bind(by.address.clone())
            .bind(format!("from the state of {:.0}", found.newest))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(found)
    }

    async fn found(&self, tx: &mut AnyConnection) -> Result<Backup> {
        let sql = "SELECT max(at) AS newest, \
                (SELECT count(*) FROM servers) AS servers, \
                (SELECT count(*) FROM runs WHERE status = 'installing') AS going, \
                (SELECT count(*) FROM runs WHERE status = 'pending') AS waiting, \
                (SELECT count(*) FROM runs WHERE error_kind = 'superseded') AS superseded, \
                (SELECT count(*) FROM sessions WHERE {live}) AS sessions, \
                (SELECT count(*) FROM sign_in_links WHERE expires_at > {now}) + \
                    (SELECT count(*) FROM joins WHERE enrolled_key IS NULL AND expires_at > {now}) \
                    AS links, \
                (SELECT count(*) FROM tokens WHERE expires_at IS NULL OR expires_at > {now}) AS tokens \
            FROM (SELECT max(heartbeat_at) AS at FROM workers \
                UNION ALL SELECT max(updated_at) FROM servers \
                UNION ALL SELECT max(at) FROM audit_log \
                UNION ALL SELECT created_at FROM installation) AS rows_of_all";
        let row = self.query(sql).fetch_one(tx).await?;
        Ok(Backup {
            newest: rows::maybe_time(&row, "newest")?.unwrap_or(Timestamp::UNIX_EPOCH),
            servers: row.try_get("servers")?,
            going: row.try_get("going")?,
            waiting: row.try_get("waiting")?,
            superseded: row.try_get("superseded")?,
            sessions: row.try_get("sessions")?,
            links: row.try_get("links")?,
            tokens: row.try_get("tokens")?,
        })
    }

    /// The last restoration; None: there was none.
    pub(super) async fn restoration(&self, tx: &mut AnyConnection) -> Result<Option<Restoration>> {
        let sql = "SELECT restored_at, restored_from, restored_runs, \
                (SELECT count(*) FROM runs WHERE restored = 1 \
                    AND status IN ('pending', 'installing')) AS open \
            FROM installation WHERE restored_at IS NOT NULL";
        let row = self.query(sql).fetch_optional(tx).await?;
        row.map(|row| {
            Ok(Restoration {
                at: rows::time(&row, "restored_at")?,
                newest: rows::time(&row, "restored_from")?,
                runs: row.try_get("restored_runs")?,
                open: row.try_get("open")?,
            })
        })
        .transpose()
    }
}
