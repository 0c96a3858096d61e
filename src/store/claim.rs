//! Claiming: the right to drive a run passes to a worker (promises 3 and 4).

use std::time::Duration;

use sqlx::Row;

use super::{Result, Store, ms, rows};
use crate::model::{Changed, Claim, Lease};

/// So many runs are tried by one call.
const CANDIDATES: i64 = 64;

/// A run was claimed.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// All that is needed to drive it.
    pub claim: Claim,
    /// To be announced.
    pub changed: Changed,
}

impl Store {
    /// Claims exactly this run, if it may begin, or if its lease has expired or was handed
    /// back. None: not now; a hint that led here was stale.
    pub async fn claim(&self, run: &str, worker: &str, lease: Duration) -> Result<Option<Claimed>> {
        let claimed = self.again(|| self.claim_once(run, worker, lease)).await;
        match claimed {
            // Another run of the server was faster: the index on active runs says so.
            Err(error) if error.is_taken() => Ok(None),
            claimed => claimed,
        }
    }

    /// Claims whatever may be claimed: first what another worker lost or handed back, then
    /// the pending run that was asked for first, of those that could begin since `unclaimed`
    /// (their hints come sooner than that). None: there is nothing, or others took it all.
    pub async fn claim_next(
        &self,
        worker: &str,
        lease: Duration,
        unclaimed: Duration,
    ) -> Result<Option<Claimed>> {
        for run in self.candidates(unclaimed).await? {
            if let Some(claimed) = self.claim(&run, worker, lease).await? {
                return Ok(Some(claimed));
            }
        }
        Ok(None)
    }

    async fn candidates(&self, unclaimed: Duration) -> Result<Vec<String>> {
        self.again(|| async {
            let sql = "SELECT id FROM runs WHERE status = 'installing' AND lease_until < {now} \
                ORDER BY lease_until LIMIT $1";
            let mut found = self.query(sql).bind(CANDIDATES).fetch_all(&self.reads).await?;
            // What waited for another run could begin when that one ended.
            let sql = "SELECT id FROM runs WHERE {may_begin} AND due_at <= {now} - $1 \
                AND NOT EXISTS (SELECT 1 FROM runs AS ended WHERE ended.server_id = runs.server_id \
                    AND ended.finished_at > {now} - $1) \
                ORDER BY id LIMIT $2";
            let pending = self.query(sql).bind(ms(unclaimed)).bind(CANDIDATES);
            found.extend(pending.fetch_all(&self.reads).await?);
            Ok(found.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn claim_once(
        &self,
        run: &str,
        worker: &str,
        lease: Duration,
    ) -> Result<Option<Claimed>> {
        let mut tx = self.begin().await?;
        let sql = "UPDATE runs SET status = 'installing', epoch = epoch + 1, worker = $2, \
            lease_until = {now} + $3, waiting = NULL, started_at = COALESCE(started_at, {now}) \
            WHERE id = $1 AND (({may_begin}) OR (status = 'installing' AND lease_until < {now})) \
            RETURNING *";
        let row = self.query(sql).bind(run.to_owned()).bind(worker.to_owned()).bind(ms(lease));
        let Some(row) = row.fetch_optional(&mut *tx).await? else { return Ok(None) };
        let run = rows::run(&row)?;

        let sql = "SELECT * FROM run_attempts WHERE run_id = $1 ORDER BY number";
        let attempts = self.query(sql).bind(run.id.clone()).fetch_all(&mut *tx).await?;

        let sql = "UPDATE servers SET provision_status = 'installing', revision = revision + 1, \
            updated_at = {now} WHERE id = $1 RETURNING *";
        let server_row = self.query(sql).bind(run.server_id).fetch_one(&mut *tx).await?;
        tx.commit().await?;

        let server = rows::server(&server_row)?;
        let changed = Changed { server_id: server.id, revision: server.revision };
        let claim = Claim {
            lease: Lease { run: run.id.clone(), epoch: run.epoch },
            secrets: row.try_get("secrets")?,
            outline: rows::json(&row, "outline")?,
            digest: row.try_get("digest")?,
            private_key: server_row.try_get("private_key")?,
            attempts: attempts.iter().map(rows::attempt).collect::<Result<_, _>>()?,
            run,
            server,
        };
        Ok(Some(Claimed { claim, changed }))
    }
}
