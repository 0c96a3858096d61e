//! The end of a run. Nothing comes after it.

use super::lease::Held;
use super::{Result, Store, StoreError, refuse, storable};
use crate::model::{AttemptRecord, Changed, FailureKind, Lease, Status};

/// How a run ends.
enum End<'a> {
    Completed { changed: i64 },
    Failed { kind: FailureKind, error: &'a str },
    Cancelled,
}

impl Store {
    /// installing → completed. Handlers that nothing asked for stay pending.
    ///
    /// # Errors
    /// `Fenced`; `Illegal` unless all steps, and the handlers that were started, are completed.
    pub async fn complete_run(
        &self,
        lease: &Lease,
        at: Option<&AttemptRecord>,
        changed: i64,
    ) -> Result<Changed> {
        self.end(lease, at, End::Completed { changed }).await
    }

    /// installing → failed; a step that is at work fails with it.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn fail_run(
        &self,
        lease: &Lease,
        at: Option<&AttemptRecord>,
        kind: FailureKind,
        error: &str,
    ) -> Result<Changed> {
        self.end(lease, at, End::Failed { kind, error }).await
    }

    /// installing → cancelled, because the host has confirmed it; a step that is at work failed.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn cancel_run(&self, lease: &Lease, at: Option<&AttemptRecord>) -> Result<Changed> {
        self.end(lease, at, End::Cancelled).await
    }

    async fn end(
        &self,
        lease: &Lease,
        at: Option<&AttemptRecord>,
        end: End<'_>,
    ) -> Result<Changed> {
        // The run, the server, how many steps changed, why it failed.
        let (status, server, changed, failure) = match end {
            End::Completed { changed } => {
                (Status::Completed, Status::Completed, Some(changed), None)
            }
            End::Failed { kind, error } => {
                (Status::Failed, Status::Failed, None, Some((kind.word(), error)))
            }
            End::Cancelled => (Status::Cancelled, Status::Failed, None, None),
        };
        let unknown = matches!(end, End::Failed { kind, .. } if !kind.is_hosts_word());
        let (kind, error) =
            failure.map(|(kind, error)| (kind, storable(error).into_owned())).unzip();
        self.again(|| async {
            let Held { mut tx, server_id } = self.held(lease).await?;
            if status == Status::Completed {
                let sql = "SELECT number FROM run_steps WHERE run_id = $1 \
                    AND status <> 'completed' AND NOT (handler = 1 AND status = 'pending')";
                let open = self.query(sql).bind(lease.run.clone()).fetch_optional(&mut *tx).await?;
                if open.is_some() {
                    let problem = "it can't be completed while a step is not".to_owned();
                    let error = StoreError::Illegal { run: lease.run.clone(), problem };
                return refuse(tx, error).await;
                }
            }
            let sql = "UPDATE runs SET status = $2, worker = NULL, lease_until = NULL, \
                finished_at = {now}, changed = $3, error_kind = $4, error = $5, \
                unreachable_since = NULL, unreachable = NULL, retry_after = NULL, retry_from = NULL, restored = 0, \
                host_state = CASE WHEN $6 = 1 AND EXISTS \
                    (SELECT 1 FROM run_attempts WHERE run_id = runs.id) THEN 'unknown' END \
                WHERE id = $1";
            self.query(sql)
                .bind(lease.run.clone())
                .bind(status.as_str())
                .bind(changed)
                .bind(kind.clone())
                .bind(error.clone())
                .bind(i64::from(unknown))
                .execute(&mut *tx)
                .await?;
            if let Some(at) = at {
                self.record(&mut tx, lease, at).await?;
            }
            let sql = "UPDATE run_steps SET status = 'failed', error = $2, finished_at = {now} \
                WHERE run_id = $1 AND status = 'installing'";
            let why = error.clone().unwrap_or_else(|| status.to_string());
            self.query(sql).bind(lease.run.clone()).bind(why).execute(&mut *tx).await?;
            let changed = self.raise(&mut tx, server_id, Some(server)).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }
}
