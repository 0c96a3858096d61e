//! How a server joins: added with its steps and its one line, read whole, tried again.
//! What the script calls back is in `callback`, what a worker does in `connectivity`.
//!
//! Locks in this order: joins, provision_steps, runs, servers.

use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::ask::json;
use super::{Result, Store, StoreError, ms, refuse, rows};
use crate::model::{
    Changed, JoinsBy, Line, NewJoin, NewLine, NewRun, PROVISION_STEPS, Provision, Server, Status,
    Wants,
};

impl Store {
    /// What a server that is being added has to join with.
    pub(super) async fn insert_join(
        &self,
        tx: &mut AnyConnection,
        server_id: i64,
        join: &NewJoin,
    ) -> Result<()> {
        for (number, ..) in PROVISION_STEPS {
            let sql = "INSERT INTO provision_steps (server_id, number) VALUES ($1, $2)";
            self.query(sql).bind(server_id).bind(number).execute(&mut *tx).await?;
        }
        if let Some(line) = &join.line {
            let sql = "INSERT INTO joins (server_id, token_hash, expires_at) \
                VALUES ($1, $2, {now} + $3)";
            let insert = self.query(sql).bind(server_id).bind(line.token_hash.clone());
            insert.bind(line.lasts).execute(&mut *tx).await?;
        }
        let Some(run) = &join.wants else { return Ok(()) };
        let sql = "INSERT INTO provision_wants (server_id, run_id, jobs, parameters, secrets, \
            untested_system, outline, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        self.query(sql)
            .bind(server_id)
            .bind(run.id.clone())
            .bind(json(&run.jobs))
            .bind(json(&run.parameters))
            .bind(run.secrets.clone())
            .bind(i64::from(run.untested_system))
            .bind(json(&run.outline))
            .bind(run.digest.clone())
            .execute(tx)
            .await?;
        Ok(())
    }

    /// How far a server is with joining, as it is at one moment; None if there is no such server.
    pub async fn provision(&self, server_id: i64) -> Result<Option<Provision>> {
        self.again(|| async {
            let mut tx = self.snapshot().await?;
            let mut provisions = self.provisions_in(&mut tx, &[server_id]).await?;
            tx.commit().await?;
            Ok(provisions.pop())
        })
        .await
    }

    /// The same of several servers, by id, in a transaction.
    pub(super) async fn provisions_in(
        &self,
        tx: &mut AnyConnection,
        servers: &[i64],
    ) -> Result<Vec<Provision>> {
        let ids = json(&servers);
        let sql = "SELECT * FROM servers WHERE id IN ({listed_numbers}) ORDER BY id";
        let found = self.query(sql).bind(ids.clone()).fetch_all(&mut *tx).await?;
        let sql = "SELECT * FROM provision_steps WHERE server_id IN ({listed_numbers}) \
            ORDER BY server_id, number";
        let steps = self.query(sql).bind(ids.clone()).fetch_all(&mut *tx).await?;
        let mut steps = rows::grouped::<i64, _>(&steps, "server_id", rows::provision_step)?;
        let sql = "SELECT *, CASE WHEN expires_at <= {now} THEN 1 ELSE 0 END AS expired \
            FROM joins WHERE server_id IN ({listed_numbers})";
        let lines = self.query(sql).bind(ids.clone()).fetch_all(&mut *tx).await?;
        let mut lines = rows::grouped::<i64, _>(&lines, "server_id", line)?;
        let sql = "SELECT * FROM provision_wants WHERE server_id IN ({listed_numbers})";
        let all = self.query(sql).bind(ids).fetch_all(&mut *tx).await?;
        let mut all = rows::grouped::<i64, _>(&all, "server_id", wants)?;
        let whole = found.iter().map(|row| {
            let server = rows::server(row)?;
            Ok(Provision {
                steps: steps.remove(&server.id).unwrap_or_default(),
                prepare_run: row.try_get("prepare_run")?,
                wants: all.remove(&server.id).and_then(|mut one| one.pop()),
                line: lines.remove(&server.id).and_then(|mut one| one.pop()),
                server,
            })
        });
        whole.collect()
    }

    /// The run that is asked for once the server has joined.
    pub(super) async fn wants(
        &self,
        tx: &mut AnyConnection,
        server_id: i64,
    ) -> Result<Option<Wants>> {
        let sql = "SELECT * FROM provision_wants WHERE server_id = $1";
        let row = self.query(sql).bind(server_id).fetch_optional(tx).await?;
        Ok(row.as_ref().map(wants).transpose()?)
    }

    /// The server whose one line has this token (its SHA-256), if the script may be given to
    /// who asks from here: until a host has enrolled or its time is over, and then to that host.
    pub async fn joining(&self, token_hash: &[u8], from: &str) -> Result<Option<Server>> {
        self.again(|| async {
            let sql = "SELECT servers.* FROM joins JOIN servers ON servers.id = joins.server_id \
                WHERE token_hash = $1 AND (enrolled_from = $2 \
                    OR (enrolled_at IS NULL AND expires_at > {now}))";
            let row = self.query(sql).bind(token_hash.to_vec()).bind(from.to_owned());
            Ok(row.fetch_optional(&self.reads).await?.as_ref().map(rows::server).transpose()?)
        })
        .await
    }

    /// Anything but completed → pending, from the beginning, with a fresh line: the former one
    /// is worth nothing any more, and the host that enrolled with it is forgotten.
    ///
    /// # Errors
    /// `UnknownServer`; `NotProvisionable` if it has joined, or joins in another way;
    /// `ServerBusy` while a run of it has not ended.
    pub async fn renew_line(&self, server_id: i64, line: &NewLine) -> Result<Changed> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "UPDATE joins SET token_hash = $2, expires_at = {now} + $3, \
                enrolled_key = NULL, enrolled_from = NULL, enrolled_at = NULL, provision = NULL, \
                sequence = 0, heard_at = NULL WHERE server_id = $1";
            let renew = self.query(sql).bind(server_id).bind(line.token_hash.clone());
            let renewed = renew.bind(line.lasts).execute(&mut *tx).await?.rows_affected() == 1;
            self.clear_steps(&mut tx, server_id).await?;
            let sql = "SELECT * FROM servers WHERE id = $1 {for_update}";
            let row = self.query(sql).bind(server_id).fetch_optional(&mut *tx).await?;
            let Some(row) = row else { return refuse(tx, StoreError::UnknownServer).await };
            let server = rows::server(&row)?;
            if !renewed || server.joins_by != Some(JoinsBy::Script) {
                let problem = "it does not join by a line that is run on it";
                return refuse(tx, StoreError::NotProvisionable(problem)).await;
            }
            if server.provision_status == Status::Completed {
                let problem = "it has joined; remove it and add it anew if it was reinstalled";
                return refuse(tx, StoreError::NotProvisionable(problem)).await;
            }
            if let Err(error) = self.refuse_busy(&mut tx, server_id).await {
                return refuse(tx, error).await;
            }
            let sql = "UPDATE servers SET host_key = '', connection = 'pending' WHERE id = $1";
            self.query(sql).bind(server_id).execute(&mut *tx).await?;
            let changed = self.raise(&mut tx, server_id, Some(Status::Pending)).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// Any status → pending, all four: whoever did one of them may not write it any more.
    pub(super) async fn clear_steps(&self, tx: &mut AnyConnection, server_id: i64) -> Result<()> {
        let sql = "UPDATE provision_steps SET status = 'pending', started_at = NULL, \
            finished_at = NULL, error_kind = NULL, error = NULL, epoch = epoch + 1, worker = NULL, \
            lease_until = NULL, due_at = 0, unreachable_since = NULL, unreachable = NULL \
            WHERE server_id = $1";
        self.query(sql).bind(server_id).execute(tx).await?;
        Ok(())
    }

    /// installing → failed, for steps of scripts that were not heard of for so long.
    pub async fn fail_silent(&self, silence: Duration) -> Result<Vec<Changed>> {
        const WHY: &str = "the script was not heard of any more: it was ended, or the server can't \
            reach this installation. See what it says there; a retry gives a fresh line to run";
        let silent = self.again(|| async {
            let sql = "SELECT joins.server_id FROM joins JOIN provision_steps AS step \
                    ON step.server_id = joins.server_id AND step.status = 'installing' \
                        AND step.number < 4 \
                WHERE joins.heard_at < (SELECT {now}) - $1";
            let rows = self.query(sql).bind(ms(silence)).fetch_all(&self.reads).await?;
            Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?)
        });
        let mut all = vec![];
        for server_id in silent.await? {
            let failed = self.again(|| async {
                let mut tx = self.begin().await?;
                // It may have called back meanwhile, or be about to.
                let sql = "SELECT server_id FROM joins WHERE server_id = $1 \
                    AND heard_at < {now} - $2 {for_update}";
                let still = self.query(sql).bind(server_id).bind(ms(silence));
                if still.fetch_optional(&mut *tx).await?.is_none() {
                    return Ok(None);
                }
                let sql = "UPDATE provision_steps SET status = 'failed', finished_at = {now}, \
                    error_kind = 'silent', error = $2 \
                    WHERE server_id = $1 AND number < 4 AND status = 'installing'";
                let done = self.query(sql).bind(server_id).bind(WHY).execute(&mut *tx).await?;
                if done.rows_affected() == 0 {
                    return Ok(None);
                }
                let changed = self.raise(&mut tx, server_id, Some(Status::Failed)).await?;
                tx.commit().await?;
                Ok(Some(changed))
            });
            all.extend(failed.await?);
        }
        Ok(all)
    }
}

fn line(row: &AnyRow) -> Result<Line, sqlx::Error> {
    Ok(Line {
        expires_at: rows::time(row, "expires_at")?,
        expired: rows::flag(row, "expired")?,
        enrolled_from: row.try_get("enrolled_from")?,
        enrolled_at: rows::maybe_time(row, "enrolled_at")?,
        heard_at: rows::maybe_time(row, "heard_at")?,
    })
}

fn wants(row: &AnyRow) -> Result<Wants, sqlx::Error> {
    let run = NewRun {
        id: row.try_get("run_id")?,
        server_id: row.try_get("server_id")?,
        jobs: rows::json(row, "jobs")?,
        parameters: rows::json(row, "parameters")?,
        secrets: row.try_get("secrets")?,
        untested_system: rows::flag(row, "untested_system")?,
        outline: rows::json(row, "outline")?,
        digest: row.try_get("digest")?,
    };
    Ok(Wants { run, asked_at: rows::maybe_time(row, "asked_at")? })
}
