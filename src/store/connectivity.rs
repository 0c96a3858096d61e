//! Step 4 of a server that joins: a worker logs in. It only looks, so a lease in SQL is all
//! that it needs. When it is completed, the run that was wanted is asked for in the same
//! transaction: nothing is lost in between.

use std::time::Duration;

use sqlx::any::Any;
use sqlx::{Row, Transaction};

use super::{Result, Store, StoreError, ms, refuse, rows, storable};
use crate::model::{Changed, ConnectivityClaim, ConnectivityLease, Facts, FailureKind, Status};

/// Gives 1 row while the lease (`$1` server, `$2` epoch) is held.
macro_rules! held {
    () => {
        "server_id = $1 AND number = 4 AND epoch = $2 AND status = 'installing' \
            AND worker IS NOT NULL"
    };
}

/// A server has joined.
#[derive(Debug, Clone)]
pub struct Connected {
    /// To be announced, before the hint.
    pub changed: Changed,
    /// The run that was wanted, to be hinted.
    pub run: Option<String>,
}

impl Store {
    /// Step 4, pending or let go → installing, for the server that has waited longest. None:
    /// there is none.
    pub async fn claim_connectivity(
        &self,
        worker: &str,
        lease: Duration,
    ) -> Result<Option<(ConnectivityClaim, Changed)>> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "SELECT server_id FROM provision_steps AS step \
                WHERE number = 4 AND status IN ('pending', 'installing') \
                    AND due_at <= (SELECT {now}) AND ((status = 'pending' AND EXISTS (SELECT 1 FROM provision_steps AS before \
                            WHERE before.server_id = step.server_id AND before.number = 3 \
                                AND before.status = 'completed')) \
                        OR (status = 'installing' \
                            AND (worker IS NULL OR lease_until < (SELECT {now})))) \
                ORDER BY due_at, server_id LIMIT 1 {skip_locked}";
            let Some(row) = self.query(sql).fetch_optional(&mut *tx).await? else {
                return Ok(None);
            };
            let server_id: i64 = row.try_get(0)?;
            let sql = "UPDATE provision_steps SET status = 'installing', epoch = epoch + 1, \
                worker = $2, lease_until = {now} + $3, started_at = COALESCE(started_at, {now}) \
                WHERE server_id = $1 AND number = 4 \
                RETURNING epoch, unreachable_since, {now} - unreachable_since AS unreachable_for";
            let step = self.query(sql).bind(server_id).bind(worker.to_owned()).bind(ms(lease));
            let step = step.fetch_one(&mut *tx).await?;
            let changed = self.raise(&mut tx, server_id, Some(Status::Installing)).await?;
            let sql = "SELECT * FROM servers WHERE id = $1";
            let server = self.query(sql).bind(server_id).fetch_one(&mut *tx).await?;
            tx.commit().await?;
            let claim = ConnectivityClaim {
                lease: ConnectivityLease { server_id, epoch: step.try_get("epoch")? },
                server: rows::server(&server)?,
                private_key: server.try_get("private_key")?,
                unreachable_since: rows::maybe_time(&step, "unreachable_since")?,
                unreachable_for: step.try_get("unreachable_for")?,
            };
            Ok(Some((claim, changed)))
        })
        .await
    }

    /// The holder's right lasts so long from now on.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn renew_connectivity(
        &self,
        lease: &ConnectivityLease,
        time: Duration,
    ) -> Result<()> {
        self.again(|| async {
            let sql =
                concat!("UPDATE provision_steps SET lease_until = {now} + $3 WHERE ", held!());
            let renewed = self.query(sql).bind(lease.server_id).bind(lease.epoch).bind(ms(time));
            match renewed.execute(&self.writes).await?.rows_affected() {
                0 => Err(StoreError::Fenced),
                _ => Ok(()),
            }
        })
        .await
    }

    /// The holder lets go of the step: any worker may take it at once.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn hand_back_connectivity(&self, lease: &ConnectivityLease) -> Result<()> {
        self.again(|| async {
            let sql = concat!(
                "UPDATE provision_steps SET worker = NULL, lease_until = NULL WHERE ",
                held!()
            );
            let given = self.query(sql).bind(lease.server_id).bind(lease.epoch);
            match given.execute(&self.writes).await?.rows_affected() {
                0 => Err(StoreError::Fenced),
                _ => Ok(()),
            }
        })
        .await
    }

    /// The host can't be reached, for this reason: some worker tries again after this time.
    /// Since when is kept from the first time.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn connectivity_away(
        &self,
        lease: &ConnectivityLease,
        after: Duration,
        error: &str,
    ) -> Result<Changed> {
        self.again(|| async {
            let mut tx = self.held_connectivity(lease).await?;
            let sql = "UPDATE provision_steps SET worker = NULL, lease_until = NULL, \
                due_at = {now} + $2, unreachable = $3, \
                unreachable_since = COALESCE(unreachable_since, {now}) \
                WHERE server_id = $1 AND number = 4";
            self.query(sql)
                .bind(lease.server_id)
                .bind(ms(after))
                .bind(storable(error).into_owned())
                .execute(&mut *tx)
                .await?;
            let changed = self.raise(&mut tx, lease.server_id, None).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// installing → completed. The run that was wanted is asked for with it; one that was asked
    /// for before, and failed, is tried again.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn complete_connectivity(
        &self,
        lease: &ConnectivityLease,
        facts: &Facts,
    ) -> Result<Connected> {
        let server_id = lease.server_id;
        self.again(|| async {
            let mut tx = self.held_connectivity(lease).await?;
            let sql = "UPDATE provision_steps SET status = 'completed', finished_at = {now}, \
                worker = NULL, lease_until = NULL, unreachable = NULL, unreachable_since = NULL \
                WHERE server_id = $1 AND number = 4";
            self.query(sql).bind(server_id).execute(&mut *tx).await?;
            let (run, status) = self.ask_wanted(&mut tx, server_id).await?;
            let sql = "UPDATE servers SET connection = 'connected' WHERE id = $1";
            self.query(sql).bind(server_id).execute(&mut *tx).await?;
            self.learn(&mut tx, server_id, facts).await?;
            let changed = self.raise(&mut tx, server_id, Some(status)).await?;
            tx.commit().await?;
            Ok(Connected { changed, run })
        })
        .await
    }

    /// installing → failed, and the server's provisioning with it.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn fail_connectivity(
        &self,
        lease: &ConnectivityLease,
        kind: FailureKind,
        error: &str,
    ) -> Result<Changed> {
        self.again(|| async {
            let mut tx = self.held_connectivity(lease).await?;
            let sql = "UPDATE provision_steps SET status = 'failed', finished_at = {now}, \
                worker = NULL, lease_until = NULL, unreachable = NULL, unreachable_since = NULL, \
                error_kind = $2, error = $3 WHERE server_id = $1 AND number = 4";
            self.query(sql)
                .bind(lease.server_id)
                .bind(kind.word())
                .bind(storable(error).into_owned())
                .execute(&mut *tx)
                .await?;
            let sql = "UPDATE servers SET connection = 'failed' WHERE id = $1";
            self.query(sql).bind(lease.server_id).execute(&mut *tx).await?;
            let changed = self.raise(&mut tx, lease.server_id, Some(Status::Failed)).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// failed → pending: a worker is to log in again, and what was completed before stays.
    ///
    /// # Errors
    /// `NotProvisionable` unless it is step 4 that failed.
    pub async fn retry_connectivity(&self, server_id: i64) -> Result<Changed> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "UPDATE provision_steps SET status = 'pending', started_at = NULL, \
                finished_at = NULL, error_kind = NULL, error = NULL, due_at = {now} \
                WHERE server_id = $1 AND number = 4 AND status = 'failed'";
            if self.query(sql).bind(server_id).execute(&mut *tx).await?.rows_affected() == 0 {
                let problem = "step 4 has not failed";
                return refuse(tx, StoreError::NotProvisionable(problem)).await;
            }
            let sql = "UPDATE servers SET connection = 'pending' WHERE id = $1";
            self.query(sql).bind(server_id).execute(&mut *tx).await?;
            let changed = self.raise(&mut tx, server_id, Some(Status::Installing)).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// Begins a transaction of the lease's holder, who has the step's row.
    async fn held_connectivity(
        &self,
        lease: &ConnectivityLease,
    ) -> Result<Transaction<'static, Any>> {
        let mut tx = self.begin().await?;
        let sql = concat!("SELECT server_id FROM provision_steps WHERE ", held!(), " {for_update}");
        let held = self.query(sql).bind(lease.server_id).bind(lease.epoch);
        match held.fetch_optional(&mut *tx).await? {
            Some(_) => Ok(tx),
            None => refuse(tx, StoreError::Fenced).await,
        }
    }

    /// Asks for the run that was wanted. Gives its id, if it may be hinted, and where the server
    /// stands with it.
    async fn ask_wanted(
        &self,
        tx: &mut Transaction<'static, Any>,
        server_id: i64,
    ) -> Result<(Option<String>, Status)> {
        let Some(wants) = self.wants(tx, server_id).await? else {
            return Ok((None, Status::Completed));
        };
        let run = wants.run.id.clone();
        if wants.asked_at.is_none() {
            self.insert_run(tx, &wants.run).await?;
            let sql = "UPDATE provision_wants SET asked_at = {now}, secrets = NULL \
                WHERE server_id = $1";
            self.query(sql).bind(server_id).execute(&mut **tx).await?;
            return Ok((Some(run), Status::Installing));
        }
        // The server was made ready once more.
        let sql = "SELECT status, host_state FROM runs WHERE id = $1 {for_update}";
        let before = self.query(sql).bind(run.clone()).fetch_optional(&mut **tx).await?;
        let Some(before) = before else { return Ok((None, Status::Completed)) };
        Ok(match rows::status(&before, "status")? {
            Status::Failed => {
                let unknown = before.try_get::<Option<String>, _>("host_state")?.is_some();
                self.reopen(tx, &run, unknown).await?;
                (Some(run), Status::Installing)
            }
            Status::Pending | Status::Installing => (Some(run), Status::Installing),
            Status::Completed => (None, Status::Completed),
            Status::Cancelled => (None, Status::Failed),
        })
    }

    /// Keeps what a system says of itself.
    pub(super) async fn learn(
        &self,
        tx: &mut Transaction<'static, Any>,
        server_id: i64,
        facts: &Facts,
    ) -> Result<()> {
        let sql = "UPDATE servers SET os_name = COALESCE($2, os_name), \
            os_version = COALESCE($3, os_version), os_codename = COALESCE($4, os_codename), \
            private_ip = CASE WHEN $5 = COALESCE(public_ip, $6) THEN private_ip \
                ELSE COALESCE($5, private_ip) END, \
            public_ip = COALESCE(public_ip, $6) WHERE id = $1";
        let text = |text: &Option<String>| text.as_deref().map(|text| storable(text).into_owned());
        self.query(sql)
            .bind(server_id)
            .bind(text(&facts.os_name))
            .bind(text(&facts.os_version))
            .bind(text(&facts.os_codename))
            .bind(text(&facts.private_ip))
            .bind(text(&facts.public_ip))
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}
