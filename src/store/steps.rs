//! Steps: started, completed, failed, as the host's journal says.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::lease::Held;
use super::{Result, Store, StoreError, refuse, storable};
use crate::model::{AttemptRecord, Changed, Lease};

/// What happened to a step.
enum Change<'a> {
    Start,
    Complete { changed: bool },
    Fail { exit_code: Option<i32>, error: &'a str },
}

impl Store {
    /// pending or installing → installing. A second start is one after a reboot.
    ///
    /// # Errors
    /// `Fenced`; `Illegal` if the step has ended.
    pub async fn start_step(
        &self,
        lease: &Lease,
        at: &AttemptRecord,
        number: i64,
        time: Timestamp,
    ) -> Result<Changed> {
        self.step(lease, at, number, time, Change::Start).await
    }

    /// installing → completed.
    ///
    /// # Errors
    /// `Fenced`; `Illegal` if the step was not started.
    pub async fn complete_step(
        &self,
        lease: &Lease,
        at: &AttemptRecord,
        number: i64,
        changed: bool,
        time: Timestamp,
    ) -> Result<Changed> {
        self.step(lease, at, number, time, Change::Complete { changed }).await
    }

    /// installing → failed.
    ///
    /// # Errors
    /// `Fenced`; `Illegal` if the step was not started.
    pub async fn fail_step(
        &self,
        lease: &Lease,
        at: &AttemptRecord,
        number: i64,
        exit_code: Option<i32>,
        error: &str,
        time: Timestamp,
    ) -> Result<Changed> {
        self.step(lease, at, number, time, Change::Fail { exit_code, error }).await
    }

    /// failed → pending: it is to be tried again.
    pub(super) async fn forget_failures(&self, tx: &mut AnyConnection, run: &str) -> Result<()> {
        let sql = "UPDATE run_steps SET status = 'pending', exit_code = NULL, error = NULL, \
            started_at = NULL, finished_at = NULL WHERE run_id = $1 AND status = 'failed'";
        self.query(sql).bind(run.to_owned()).execute(tx).await?;
        Ok(())
    }

    /// completed → pending, from this step on: an attempt begins with it. (Where it does not
    /// go back to an earlier step, there are none.)
    pub(super) async fn forget_from(
        &self,
        tx: &mut AnyConnection,
        run: &str,
        first: i64,
    ) -> Result<()> {
        let sql = "UPDATE run_steps SET status = 'pending', changed = NULL, started_at = NULL, \
            finished_at = NULL WHERE run_id = $1 AND number >= $2 AND status = 'completed'";
        self.query(sql).bind(run.to_owned()).bind(first).execute(tx).await?;
        Ok(())
    }

    async fn step(
        &self,
        lease: &Lease,
        at: &AttemptRecord,
        number: i64,
        time: Timestamp,
        change: Change<'_>,
    ) -> Result<Changed> {
        self.again(|| async {
            let Held { mut tx, server_id } = self.held(lease).await?;
            if self.record(&mut tx, lease, at).await?
                && let Err(error) =
                    self.change_step(&mut tx, &lease.run, number, time, &change).await
            {
                return refuse(tx, error).await;
            }
            let changed = self.raise(&mut tx, server_id, None).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    async fn change_step(
        &self,
        tx: &mut AnyConnection,
        run: &str,
        number: i64,
        time: Timestamp,
        change: &Change<'_>,
    ) -> Result<()> {
        let (query, word) = match change {
            Change::Start => {
                let sql = "UPDATE run_steps SET status = 'installing', starts = starts + 1, \
                    started_at = COALESCE(started_at, $3) \
                    WHERE run_id = $1 AND number = $2 AND status IN ('pending', 'installing')";
                (self.query(sql), "start")
            }
            Change::Complete { .. } => {
                let sql = "UPDATE run_steps SET status = 'completed', finished_at = $3, changed = $4 \
                    WHERE run_id = $1 AND number = $2 AND status = 'installing'";
                (self.query(sql), "be completed")
            }
            Change::Fail { .. } => {
                let sql = "UPDATE run_steps SET status = 'failed', finished_at = $3, \
                    exit_code = $4, error = $5 \
                    WHERE run_id = $1 AND number = $2 AND status = 'installing'";
                (self.query(sql), "fail")
            }
        };
        let query = query.bind(run.to_owned()).bind(number).bind(time.as_millisecond());
        let query = match change {
            Change::Start => query,
            Change::Complete { changed } => query.bind(i64::from(*changed)),
            Change::Fail { exit_code, error } => {
                query.bind(exit_code.map(i64::from)).bind(storable(error).into_owned())
            }
        };
        if query.execute(tx).await?.rows_affected() == 0 {
            let problem =
                format!("step {number} is not there, or can't {word} from where it stands");
            return Err(StoreError::Illegal { run: run.to_owned(), problem });
        }
        Ok(())
    }
}
