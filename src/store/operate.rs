//! What an operator does about a run: cancel, retry, abandon. None of them holds the
//! lease: who does carries it out.

use sqlx::any::Any;
use sqlx::{Row, Transaction};

use super::{Result, Store, StoreError, refuse};
use crate::model::{AttemptRecord, Changed, Lease, Status};

/// What came of the wish to cancel.
#[derive(Debug, Clone, Copy)]
pub struct CancelAnswer {
    /// To be announced.
    pub changed: Changed,
    /// Whether it is over: no host had it yet. Else it is cancelled once the host says so.
    pub over: bool,
}

/// A run as an operator finds it, locked.
struct Found {
    tx: Transaction<'static, Any>,
    server_id: i64,
    status: Status,
    host_state: Option<String>,
    claimed: bool,
}

impl Store {
    /// A person wants the run to stop. One that nobody ever took is cancelled at once; else who
    /// drives it, or next takes it, cancels it on the host, and that says so.
    ///
    /// # Errors
    /// `UnknownRun`; `Illegal` if it has ended, and the host has said so.
    pub async fn request_cancel(&self, run: &str) -> Result<CancelAnswer> {
        self.again(|| async {
            let Found { mut tx, server_id, status, host_state, claimed } = self.find(run).await?;
            let over = status == Status::Pending && !claimed;
            let sql = match status {
                Status::Pending if over => {
                    "UPDATE runs SET status = 'cancelled', cancel_requested_at = {now}, \
                        finished_at = {now} WHERE id = $1"
                }
                Status::Pending => {
                    "UPDATE runs SET cancel_requested_at = {now}, due_at = {now}, waiting = NULL, \
                        waits_for = NULL WHERE id = $1"
                }
                Status::Installing => {
                    "UPDATE runs SET cancel_requested_at = COALESCE(cancel_requested_at, {now}) \
                        WHERE id = $1"
                }
                // The host may still be executing it: somebody has to go there.
                Status::Failed if host_state.as_deref() == Some("unknown") => {
                    self.reopen(&mut tx, run, true).await?;
                    "UPDATE runs SET cancel_requested_at = {now} WHERE id = $1"
                }
                status => {
                    let problem = format!("it can't be cancelled, for it is {status}");
                    return refuse(tx, illegal(run, problem)).await;
                }
            };
            self.query(sql).bind(run.to_owned()).execute(&mut *tx).await?;
            let changed = self.raise(&mut tx, server_id, None).await?;
            tx.commit().await?;
            Ok(CancelAnswer { changed, over })
        })
        .await
    }

    /// failed → pending: goes on from the step that failed, or from an earlier one, and keeps
    /// what was completed before it. Where the host may still be executing it, it is followed first.
    ///
    /// # Errors
    /// `UnknownRun`; `Illegal` if it has not failed, or steps before that one are not completed.
    pub async fn retry(&self, run: &str, from: Option<i64>) -> Result<Changed> {
        self.again(|| async {
            let Found { mut tx, server_id, status, host_state, .. } = self.find(run).await?;
            if status != Status::Failed {
                let problem = format!("only a failed run can be tried again, and it is {status}");
                return refuse(tx, illegal(run, problem)).await;
            }
            // An abandoned one, too: its host may not be gone after all.
            let unknown = host_state.is_some();
            if let Some(step) = from {
                if unknown {
                    let problem = "the host may still be executing it, so it is followed first: \
                        retry it without a step";
                    return refuse(tx, illegal(run, problem.to_owned())).await;
                }
                let sql = "SELECT count(*) FROM run_steps WHERE run_id = $1 AND number < $2 \
                    AND status <> 'completed'";
                let open = self.query(sql).bind(run.to_owned()).bind(step);
                let open: i64 = open.fetch_one(&mut *tx).await?.try_get(0)?;
                if open > 0 {
                    let problem =
                        format!("{open} of the steps before step {step} are not completed");
                    return refuse(tx, illegal(run, problem)).await;
                }
                self.forget_failures(&mut tx, run).await?;
                self.forget_from(&mut tx, run, step).await?;
            }
            self.reopen(&mut tx, run, unknown).await?;
            let sql = "UPDATE runs SET retry_from = $2 WHERE id = $1";
            self.query(sql).bind(run.to_owned()).bind(from).execute(&mut *tx).await?;
            let changed = self.raise(&mut tx, server_id, None).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// installing, or failed without the host's word → failed: the host is gone for good, and
    /// nobody asks it again.
    ///
    /// # Errors
    /// `UnknownRun`; `Illegal` for any other run.
    pub async fn abandon(&self, run: &str) -> Result<Changed> {
        const WHY: &str = "a person gave it up, for the host is gone for good";
        self.again(|| async {
            let Found { mut tx, server_id, status, host_state, .. } = self.find(run).await?;
            match (status, host_state.as_deref()) {
                (Status::Installing, _) | (Status::Failed, Some("unknown")) => {}
                _ => {
                    let problem = format!(
                        "only a run that is at work, or failed without the host's word, can be \
                         abandoned, and it is {status}"
                    );
                    return refuse(tx, illegal(run, problem)).await;
                }
            }
            // The next epoch: whoever drives it writes nothing more.
            let sql = "UPDATE runs SET status = 'failed', epoch = epoch + 1, worker = NULL, \
                lease_until = NULL, finished_at = COALESCE(finished_at, {now}), \
                error_kind = 'abandoned', error = $2, host_state = 'abandoned', \
                unreachable_since = NULL, unreachable = NULL WHERE id = $1";
            self.query(sql).bind(run.to_owned()).bind(WHY).execute(&mut *tx).await?;
            let sql = "UPDATE run_steps SET status = 'failed', error = $2, finished_at = {now} \
                WHERE run_id = $1 AND status = 'installing'";
            self.query(sql).bind(run.to_owned()).bind(WHY).execute(&mut *tx).await?;
            // One that had failed was shown already, and another one may be at work since.
            let shows = (status == Status::Installing).then_some(Status::Failed);
            let changed = self.raise(&mut tx, server_id, shows).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// Runs of this worker that are to be cancelled.
    pub async fn cancel_requests(&self, worker: &str) -> Result<Vec<String>> {
        self.again(|| async {
            let sql = "SELECT id FROM runs WHERE worker = $1 AND status = 'installing' \
                AND cancel_requested_at IS NOT NULL";
            let rows = self.query(sql).bind(worker.to_owned()).fetch_all(&self.reads).await?;
            Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The host can't be reached, for this reason; since when is kept from the first time.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn host_away(
        &self,
        lease: &Lease,
        at: Option<&AttemptRecord>,
        error: &str,
    ) -> Result<Changed> {
        let sql = "UPDATE runs SET unreachable_since = COALESCE(unreachable_since, {now}), \
            unreachable = $2 WHERE id = $1";
        self.host_is(lease, at, sql, Some(error)).await
    }

    /// It can be reached again.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn host_back(&self, lease: &Lease, at: Option<&AttemptRecord>) -> Result<Changed> {
        let sql = "UPDATE runs SET unreachable_since = NULL, unreachable = $2 WHERE id = $1";
        self.host_is(lease, at, sql, None).await
    }

    async fn host_is(
        &self,
        lease: &Lease,
        at: Option<&AttemptRecord>,
        sql: &'static str,
        error: Option<&str>,
    ) -> Result<Changed> {
        self.again(|| async {
            let mut held = self.held(lease).await?;
            if let Some(at) = at {
                self.record(&mut held.tx, lease, at).await?;
            }
            let error = error.map(|error| super::storable(error).into_owned());
            self.query(sql).bind(lease.run.clone()).bind(error).execute(&mut *held.tx).await?;
            let changed = self.raise(&mut held.tx, held.server_id, None).await?;
            held.tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// failed → pending. Of a run that the host may still be executing, the step that was at
    /// work is at work again: its end is yet to be read.
    pub(super) async fn reopen(
        &self,
        tx: &mut Transaction<'static, Any>,
        run: &str,
        unknown: bool,
    ) -> Result<()> {
        let sql = "UPDATE runs SET status = 'pending', finished_at = NULL, error_kind = NULL, \
            error = NULL, host_state = NULL, cancel_requested_at = NULL, crashes = 0, \
            waiting = NULL, waits_for = NULL, due_at = {now}, retry_from = NULL, retry_after = \
                (SELECT COALESCE(max(number), 0) FROM run_attempts WHERE run_id = runs.id) \
            WHERE id = $1";
        self.query(sql).bind(run.to_owned()).execute(&mut **tx).await?;
        if !unknown {
            return self.forget_failures(tx, run).await;
        }
        let sql = "UPDATE run_steps SET status = 'installing', exit_code = NULL, error = NULL, \
            finished_at = NULL WHERE run_id = $1 AND status = 'failed'";
        self.query(sql).bind(run.to_owned()).execute(&mut **tx).await?;
        Ok(())
    }

    async fn find(&self, run: &str) -> Result<Found> {
        let mut tx = self.begin().await?;
        let sql = "SELECT server_id, status, host_state, epoch, restored FROM runs WHERE id = $1 {for_update}";
        let row = self.query(sql).bind(run.to_owned()).fetch_optional(&mut *tx).await?;
        let row = row.ok_or_else(|| StoreError::UnknownRun(run.to_owned()))?;
        Ok(Found {
            server_id: row.try_get("server_id")?,
            status: super::rows::status(&row, "status")?,
            host_state: row.try_get("host_state")?,
            // By a worker, or, after a restoration, by one that is not known here.
            claimed: row.try_get::<i64, _>("epoch")? > 0 || super::rows::flag(&row, "restored")?,
            tx,
        })
    }
}

fn illegal(run: &str, problem: String) -> StoreError {
    StoreError::Illegal { run: run.to_owned(), problem }
}
