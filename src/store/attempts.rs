//! Attempts: how far the store has followed what a host writes (promise 5). A worker
//! that takes over goes on from here.

use sqlx::{AnyConnection, Row};

use super::lease::Held;
use super::{Result, Store, StoreError, refuse, storable};
use crate::model::{AttemptRecord, Changed, Lease, Outline};

impl Store {
    /// Other steps, because the job files have changed since the run was asked for.
    ///
    /// # Errors
    /// `Fenced`; `Illegal` once an attempt is recorded.
    pub async fn replan(&self, lease: &Lease, outline: &Outline, digest: &str) -> Result<Changed> {
        self.again(|| async {
            let Held { mut tx, server_id } = self.held(lease).await?;
            let sql = "SELECT number FROM run_attempts WHERE run_id = $1";
            let begun = self.query(sql).bind(lease.run.clone()).fetch_optional(&mut *tx).await?;
            if begun.is_some() {
                let problem = "its steps can't change, for the host may have them".to_owned();
                let error = StoreError::Illegal { run: lease.run.clone(), problem };
                return refuse(tx, error).await;
            }
            self.exchange_steps(&mut tx, &lease.run, outline, digest).await?;
            let changed = self.raise(&mut tx, server_id, None).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// An attempt is about to be started on the host, or was found there.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn start_attempt(&self, lease: &Lease, at: &AttemptRecord) -> Result<Changed> {
        self.again(|| async {
            let Held { mut tx, server_id } = self.held(lease).await?;
            self.record(&mut tx, lease, at).await?;
            // The host has been asked, and this is its answer.
            let sql = "UPDATE runs SET restored = 0 WHERE id = $1 AND restored = 1";
            self.query(sql).bind(lease.run.clone()).execute(&mut *tx).await?;
            let changed = self.raise(&mut tx, server_id, None).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// Something that a person wants to know and that is no state of the run.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn note(
        &self,
        lease: &Lease,
        at: Option<&AttemptRecord>,
        text: &str,
    ) -> Result<Changed> {
        self.again(|| async {
            let Held { mut tx, server_id } = self.held(lease).await?;
            if let Some(at) = at {
                self.record(&mut tx, lease, at).await?;
            }
            self.query("INSERT INTO run_notes (run_id, at, text) VALUES ($1, {now}, $2)")
                .bind(lease.run.clone())
                .bind(storable(text).into_owned())
                .execute(&mut *tx)
                .await?;
            let changed = self.raise(&mut tx, server_id, None).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// Takes down how far an attempt was followed. `at` has only the journal's new lines.
    /// False: the journal ends with them already, so a call with them was committed and its
    /// answer lost. (Lines are numbered: none comes twice.) A new attempt starts again what failed, and what comes
    /// after its first step.
    pub(super) async fn record(
        &self,
        tx: &mut AnyConnection,
        lease: &Lease,
        at: &AttemptRecord,
    ) -> Result<bool> {
        let sql = "SELECT CASE WHEN substr(journal, length(journal) - length($3) + 1) = $3 \
            THEN 1 ELSE 0 END AS known FROM run_attempts WHERE run_id = $1 AND number = $2";
        let known = self
            .query(sql)
            .bind(lease.run.clone())
            .bind(i64::from(at.number))
            .bind(at.journal.clone())
            .fetch_optional(&mut *tx)
            .await?;
        match known {
            Some(row) if !at.journal.is_empty() && row.try_get::<i64, _>("known")? == 1 => {
                return Ok(false);
            }
            Some(_) => {}
            None => {
                self.forget_failures(tx, &lease.run).await?;
                self.forget_from(tx, &lease.run, at.first as i64).await?;
            }
        }
        let sql = "INSERT INTO run_attempts AS attempt (run_id, number, first_step, again_step, \
                boot, journal, output, lost, started_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, {now}) \
            ON CONFLICT (run_id, number) DO UPDATE SET first_step = excluded.first_step, \
                again_step = excluded.again_step, boot = excluded.boot, \
                journal = attempt.journal || excluded.journal, \
                output = excluded.output, lost = excluded.lost";
        self.query(sql)
            .bind(lease.run.clone())
            .bind(i64::from(at.number))
            .bind(at.first as i64)
            .bind(at.again.map(|step| step as i64))
            .bind(at.boot.clone())
            .bind(at.journal.clone())
            .bind(at.output as i64)
            .bind(at.lost as i64)
            .execute(tx)
            .await?;
        Ok(true)
    }
}
