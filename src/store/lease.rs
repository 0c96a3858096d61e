//! The lease: held, renewed, given back (promises 4 and 6).

use std::collections::HashSet;
use std::time::Duration;

use sqlx::any::Any;
use sqlx::{Row, Transaction};

use super::ask::json;
use super::{Result, Store, StoreError, ms, storable};
use crate::model::{Changed, Lease, Status};

/// Gives 1 row while the lease (`$1` run, `$2` epoch) is held. A run that was handed back
/// has no worker: then nobody holds it.
macro_rules! held {
    () => {
        "id = $1 AND epoch = $2 AND status = 'installing' AND worker IS NOT NULL"
    };
}

/// A transaction of the lease's holder. It has the run's row, so nobody takes the lease meanwhile.
pub(super) struct Held {
    pub tx: Transaction<'static, Any>,
    pub server_id: i64,
}

impl Store {
    /// The holder's right lasts so long from now on.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn renew(&self, lease: &Lease, time: Duration) -> Result<()> {
        self.again(|| async {
            let sql = concat!("UPDATE runs SET lease_until = {now} + $3 WHERE ", held!());
            let renewed = self.query(sql).bind(lease.run.clone()).bind(lease.epoch).bind(ms(time));
            match renewed.execute(&self.writes).await?.rows_affected() {
                0 => Err(StoreError::Fenced),
                _ => Ok(()),
            }
        })
        .await
    }

    /// The same for all of these, and gives the ids of the runs for which it was done. Others are
    /// lost, or somebody has just locked them: nobody is waited for here.
    pub async fn renew_together(
        &self,
        leases: &[&Lease],
        time: Duration,
    ) -> Result<HashSet<String>> {
        let runs = json(&leases.iter().map(|lease| &lease.run).collect::<Vec<_>>());
        let epochs = json(&leases.iter().map(|lease| lease.epoch).collect::<Vec<_>>());
        self.again(|| async {
            let sql = "UPDATE runs SET lease_until = {now} + $3 WHERE id IN \
                (SELECT id FROM runs WHERE (id, epoch) IN ({listed_pairs}) \
                    AND status = 'installing' AND worker IS NOT NULL {skip_locked}) \
                RETURNING id";
            let renewed = self.query(sql).bind(runs.clone()).bind(epochs.clone()).bind(ms(time));
            let renewed = renewed.fetch_all(&self.writes).await?;
            Ok(renewed.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The holder lets go of the run as it stands: any worker may take it at once.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn hand_back(&self, lease: &Lease) -> Result<()> {
        self.again(|| async {
            let sql =
                concat!("UPDATE runs SET lease_until = {now} - 1, worker = NULL WHERE ", held!());
            let given = self.query(sql).bind(lease.run.clone()).bind(lease.epoch);
            match given.execute(&self.writes).await?.rows_affected() {
                0 => Err(StoreError::Fenced),
                _ => Ok(()),
            }
        })
        .await
    }

    /// Ends all leases: whoever held them is known to be gone.
    pub async fn expire_leases(&self) -> Result<()> {
        self.again(|| async {
            let sql = "UPDATE runs SET lease_until = 0 WHERE status = 'installing'";
            self.query(sql).execute(&self.writes).await?;
            let sql = "UPDATE provision_steps SET lease_until = 0 WHERE number = 4 \
                AND status IN ('pending', 'installing') AND worker IS NOT NULL";
            self.query(sql).execute(&self.writes).await?;
            Ok(())
        })
        .await
    }

    /// installing → pending: the host is not at it, and busy with another run. It is not due
    /// before `after` from now; `waiting` says why, and `waits_for` names the run whose end makes
    /// it due, if that is one of ours. Steps stay as they are: what a retry keeps, and what a reboot
    /// interrupted. The server shows what it showed before: its last run that ended.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn postpone(
        &self,
        lease: &Lease,
        after: Duration,
        waiting: &str,
        waits_for: Option<&str>,
    ) -> Result<Changed> {
        self.again(|| async {
            let Held { mut tx, server_id } = self.held(lease).await?;
            let sql = "UPDATE runs SET status = 'pending', worker = NULL, lease_until = NULL, \
                due_at = {now} + $2, waiting = $3, waits_for = $4 WHERE id = $1";
            self.query(sql)
                .bind(lease.run.clone())
                .bind(ms(after))
                .bind(storable(waiting).into_owned())
                .bind(waits_for.map(str::to_owned))
                .execute(&mut *tx)
                .await?;
            let sql = "SELECT status FROM runs WHERE server_id = $1 AND finished_at IS NOT NULL \
                ORDER BY finished_at DESC, id DESC LIMIT 1";
            let last = self.query(sql).bind(server_id).fetch_optional(&mut *tx).await?;
            let before = match last.map(|row| row.try_get::<String, _>(0)).transpose()?.as_deref() {
                None => Status::Pending,
                Some("completed") => Status::Completed,
                Some(_) => Status::Failed,
            };
            let changed = self.raise(&mut tx, server_id, Some(before)).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// Makes the postponed runs due now that wait for this one, which has ended. Gives their ids.
    pub async fn wake_waiting(&self, ended: &str) -> Result<Vec<String>> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "UPDATE runs SET due_at = CASE WHEN due_at > {now} THEN {now} ELSE due_at END \
                WHERE status = 'pending' AND waits_for = $1 RETURNING id";
            let woken = self.query(sql).bind(ended.to_owned()).fetch_all(&mut *tx).await?;
            tx.commit().await?;
            Ok(woken.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Begins a transaction of the lease's holder.
    ///
    /// # Errors
    /// `Fenced`.
    pub(super) async fn held(&self, lease: &Lease) -> Result<Held> {
        let mut tx = self.begin().await?;
        let sql = concat!("SELECT server_id FROM runs WHERE ", held!(), " {for_update}");
        let held = self.query(sql).bind(lease.run.clone()).bind(lease.epoch);
        let held = held.fetch_optional(&mut *tx).await?.ok_or(StoreError::Fenced)?;
        Ok(Held { server_id: held.try_get(0)?, tx })
    }
}
