//! A server that a worker can log in to already: a worker learns which host key it shows, a
//! person confirms it, and a run prepares the server, which its steps 1 to 3 show.
//!
//! Learning the key needs no lease: it changes nothing on the host, and only the first key that
//! is learned is written. Locks in this order: provision_steps, runs, servers.

use std::time::Duration;

use sqlx::{AnyConnection, Row};

use super::{Asked, Result, Store, StoreError, ms, refuse, rows, storable};
use crate::model::{Changed, FailureKind, NewRun, Server, Status, Stranger, prepared};

impl Store {
    /// Step 1, pending → installing: a server whose host key nobody knows yet, to be asked for
    /// it. No other worker does within `time`. None: there is none.
    pub async fn take_stranger(
        &self,
        time: Duration,
    ) -> Result<Option<(Stranger, Option<Changed>)>> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "SELECT server_id, status, {now} - unreachable_since AS unreachable_for \
                FROM provision_steps AS step \
                WHERE number = 1 AND status IN ('pending', 'installing') \
                    AND due_at <= (SELECT {now}) AND EXISTS (SELECT 1 FROM servers \
                        WHERE servers.id = step.server_id AND joins_by = 'login' \
                            AND host_key = '' AND host_key_offered IS NULL) \
                ORDER BY due_at, server_id LIMIT 1 {skip_locked}";
            let Some(step) = self.query(sql).fetch_optional(&mut *tx).await? else {
                return Ok(None);
            };
            let server_id: i64 = step.try_get("server_id")?;
            let sql = "UPDATE provision_steps SET status = 'installing', due_at = {now} + $2, \
                started_at = COALESCE(started_at, {now}) WHERE server_id = $1 AND number = 1";
            self.query(sql).bind(server_id).bind(ms(time)).execute(&mut *tx).await?;
            // That it is tried once more is nothing new.
            let changed = match rows::status(&step, "status")? {
                Status::Pending => {
                    Some(self.raise(&mut tx, server_id, Some(Status::Installing)).await?)
                }
                _ => None,
            };
            let sql = "SELECT * FROM servers WHERE id = $1";
            let server = self.query(sql).bind(server_id).fetch_one(&mut *tx).await?;
            tx.commit().await?;
            let stranger = Stranger {
                server: rows::server(&server)?,
                unreachable_for: step.try_get("unreachable_for")?,
            };
            Ok(Some((stranger, changed)))
        })
        .await
    }

    /// A server showed this host key: a person is to confirm it. None: nobody asks any more.
    pub async fn offer_host_key(&self, server_id: i64, key: &str) -> Result<Option<Changed>> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "UPDATE provision_steps SET unreachable = NULL, unreachable_since = NULL \
                WHERE server_id = $1 AND number = 1";
            self.query(sql).bind(server_id).execute(&mut *tx).await?;
            let sql = "UPDATE servers SET host_key_offered = $2 WHERE id = $1 \
                AND joins_by = 'login' AND host_key = '' AND host_key_offered IS NULL";
            let done = self.query(sql).bind(server_id).bind(key.to_owned()).execute(&mut *tx);
            if done.await?.rows_affected() == 0 {
                return Ok(None);
            }
            let changed = self.raise(&mut tx, server_id, None).await?;
            tx.commit().await?;
            Ok(Some(changed))
        })
        .await
    }

    /// A server whose key is to be learned can't be reached, for this reason: it is tried again
    /// after this time. None: nobody asks any more, or this is nothing new.
    pub async fn stranger_away(
        &self,
        server_id: i64,
        after: Duration,
        error: &str,
    ) -> Result<Option<Changed>> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "SELECT unreachable_since FROM provision_steps \
                WHERE server_id = $1 AND number = 1 AND status = 'installing' {for_update}";
            let step = self.query(sql).bind(server_id).fetch_optional(&mut *tx).await?;
            let Some(step) = step else { return Ok(None) };
            let sql = "UPDATE provision_steps SET due_at = {now} + $2, unreachable = $3, \
                unreachable_since = COALESCE(unreachable_since, {now}) \
                WHERE server_id = $1 AND number = 1";
            let away = self.query(sql).bind(server_id).bind(ms(after));
            away.bind(storable(error).into_owned()).execute(&mut *tx).await?;
            let changed = match step.try_get::<Option<i64>, _>(0)? {
                None => Some(self.raise(&mut tx, server_id, None).await?),
                Some(_) => None,
            };
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// Step 1, installing → failed, and the server's provisioning with it: no key was learned.
    /// None: nobody asks any more.
    pub async fn fail_stranger(
        &self,
        server_id: i64,
        kind: FailureKind,
        error: &str,
    ) -> Result<Option<Changed>> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "UPDATE provision_steps SET status = 'failed', finished_at = {now}, \
                error_kind = $2, error = $3, unreachable = NULL, unreachable_since = NULL \
                WHERE server_id = $1 AND number = 1 AND status = 'installing'";
            let fail = self.query(sql).bind(server_id).bind(kind.word());
            let fail = fail.bind(storable(error).into_owned()).execute(&mut *tx);
            if fail.await?.rows_affected() == 0 {
                return Ok(None);
            }
            let changed = self.raise(&mut tx, server_id, Some(Status::Failed)).await?;
            tx.commit().await?;
            Ok(Some(changed))
        })
        .await
    }

    /// A person confirms the key that the server showed: it is pinned (promise 9), and the run
    /// that prepares the server is asked for with it.
    ///
    /// # Errors
    /// `UnknownServer`; `NotProvisionable` if this is not the key that waits for it.
    pub async fn confirm_host_key(
        &self,
        server_id: i64,
        key: &str,
        prepare: &NewRun,
    ) -> Result<Asked> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "SELECT number FROM provision_steps WHERE server_id = $1 {for_update}";
            self.query(sql).bind(server_id).fetch_all(&mut *tx).await?;
            let sql = "SELECT * FROM servers WHERE id = $1 {for_update}";
            let row = self.query(sql).bind(server_id).fetch_optional(&mut *tx).await?;
            let Some(row) = row else { return refuse(tx, StoreError::UnknownServer).await };
            let server: Server = rows::server(&row)?;
            if server.host_key_offered.as_deref() != Some(key) || server.host_key.is_some() {
                let problem = "this key does not wait to be confirmed; look at the server anew";
                return refuse(tx, StoreError::NotProvisionable(problem)).await;
            }
            self.insert_run(&mut tx, prepare).await?;
            let sql = "UPDATE servers SET host_key = $2, host_key_offered = NULL, \
                prepare_run = $3 WHERE id = $1";
            let pin = self.query(sql).bind(server_id).bind(key.to_owned());
            pin.bind(prepare.id.clone()).execute(&mut *tx).await?;
            let changed = self.raise(&mut tx, server_id, Some(Status::Installing)).await?;
            tx.commit().await?;
            Ok(Asked { changed, claimable: true, added: true })
        })
        .await
    }

    /// Step 1, failed or waiting for a person → pending: which key the server shows is asked
    /// anew, and the one that it showed is forgotten.
    ///
    /// # Errors
    /// `NotProvisionable` if a key is pinned, or the server joins in another way.
    pub async fn ask_host_key_again(&self, server_id: i64) -> Result<Changed> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            self.clear_steps(&mut tx, server_id).await?;
            let sql = "UPDATE servers SET host_key_offered = NULL WHERE id = $1 \
                AND joins_by = 'login' AND host_key = ''";
            if self.query(sql).bind(server_id).execute(&mut *tx).await?.rows_affected() == 0 {
                let problem = "its host key is known, or it does not join by a worker's login";
                return refuse(tx, StoreError::NotProvisionable(problem)).await;
            }
            let changed = self.raise(&mut tx, server_id, Some(Status::Pending)).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// Another run prepares the server, in place of one that was cancelled.
    ///
    /// # Errors
    /// `NotProvisionable` if that is not so.
    pub async fn prepare_again(&self, server_id: i64, prepare: &NewRun) -> Result<Asked> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "SELECT number FROM provision_steps WHERE server_id = $1 {for_update}";
            self.query(sql).bind(server_id).fetch_all(&mut *tx).await?;
            self.insert_run(&mut tx, prepare).await?;
            let sql = "UPDATE servers SET prepare_run = $2 WHERE id = $1 AND connection = 'pending' \
                AND EXISTS (SELECT 1 FROM runs WHERE id = prepare_run AND status = 'cancelled')";
            let again = self.query(sql).bind(server_id).bind(prepare.id.clone());
            if again.execute(&mut *tx).await?.rows_affected() == 0 {
                let problem = "the run that prepares it was not cancelled";
                return refuse(tx, StoreError::NotProvisionable(problem)).await;
            }
            let changed = self.raise(&mut tx, server_id, Some(Status::Installing)).await?;
            tx.commit().await?;
            Ok(Asked { changed, claimable: true, added: true })
        })
        .await
    }

    /// Writes down in steps 1 to 3 how far the run is that prepares the server, in the
    /// transaction that changed the run.
    pub(super) async fn mirror(
        &self,
        tx: &mut AnyConnection,
        server_id: i64,
        run: &str,
    ) -> Result<()> {
        let sql = "SELECT * FROM runs WHERE id = $1";
        let Some(row) = self.query(sql).bind(run.to_owned()).fetch_optional(&mut *tx).await? else {
            return Ok(());
        };
        let run = rows::run(&row)?;
        let sql = "SELECT * FROM run_steps WHERE run_id = $1 ORDER BY number";
        let steps = self.query(sql).bind(run.id.clone()).fetch_all(&mut *tx).await?;
        let steps: Vec<_> = steps.iter().map(rows::step).collect::<Result<_, _>>()?;
        let sql = "SELECT min(started_at) FROM run_attempts WHERE run_id = $1";
        let begun = self.query(sql).bind(run.id.clone()).fetch_one(&mut *tx).await?;
        let begun = begun.try_get::<Option<i64>, _>(0)?;
        let begun = begun.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        for step in prepared(&run, &steps, begun) {
            let sql = "UPDATE provision_steps SET status = $3, \
                started_at = CASE WHEN $3 = 'pending' THEN NULL \
                    ELSE COALESCE(started_at, $4, {now}) END, \
                finished_at = CASE WHEN $3 IN ('completed', 'failed') \
                    THEN COALESCE($5, {now}) END, \
                error_kind = $6, error = $7 WHERE server_id = $1 AND number = $2";
            let time = |at: Option<jiff::Timestamp>| at.map(jiff::Timestamp::as_millisecond);
            self.query(sql)
                .bind(server_id)
                .bind(step.number)
                .bind(step.status.as_str())
                .bind(time(step.started_at))
                .bind(time(step.finished_at))
                .bind(step.error_kind.map(FailureKind::word))
                .bind(step.error)
                .execute(&mut *tx)
                .await?;
        }
        if run.status == Status::Completed {
            // The server's own key is in place, root's too; what the person gave is done with.
            let sql = "UPDATE servers SET first_key = NULL, ssh_user = 'root' WHERE id = $1";
            self.query(sql).bind(server_id).execute(tx).await?;
        }
        Ok(())
    }
}
