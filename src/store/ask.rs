//! Asking for a run, and which of those that wait could begin (for hints).

use sqlx::{AnyConnection, Row};

use super::{Result, Store, StoreError, refuse};
use crate::model::{Changed, NewRun, Outline};

/// A run was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// To be announced.
    pub changed: Changed,
    /// Whether it could begin now, so that a hint is worth it: no other run of the server is
    /// at work or waits before it.
    pub claimable: bool,
    /// Whether it was not there yet.
    pub added: bool,
}

impl Store {
    /// Adds a pending run with its steps. Asked again with the same id, it is there once.
    ///
    /// # Errors
    /// `UnknownServer`, `NoHostKey`.
    pub async fn ask(&self, new: &NewRun) -> Result<Asked> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "SELECT id FROM servers WHERE id = $1 AND host_key = ''";
            if self.query(sql).bind(new.server_id).fetch_optional(&mut *tx).await?.is_some() {
                return refuse(tx, StoreError::NoHostKey).await;
            }
            let added = self.insert_run(&mut tx, new).await?;
            let sql = "SELECT id FROM runs WHERE id = $1 AND {may_begin}";
            let first = self.query(sql).bind(new.id.clone()).fetch_optional(&mut *tx).await?;
            let changed = self.raise(&mut tx, new.server_id, None).await?;
            tx.commit().await?;
            Ok(Asked { changed, claimable: first.is_some(), added })
        })
        .await
    }

    /// Adds a run with its steps. Whether it was not there yet.
    pub(super) async fn insert_run(&self, tx: &mut AnyConnection, new: &NewRun) -> Result<bool> {
        let sql = "INSERT INTO runs (id, server_id, jobs, parameters, secrets, untested_system, \
            outline, digest, status, due_at, created_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', {now}, {now}) \
            ON CONFLICT (id) DO NOTHING";
        let inserted = self
            .query(sql)
            .bind(new.id.clone())
            .bind(new.server_id)
            .bind(json(&new.jobs))
            .bind(json(&new.parameters))
            .bind(new.secrets.clone())
            .bind(i64::from(new.untested_system))
            .bind(json(&new.outline))
            .bind(new.digest.clone())
            .execute(&mut *tx)
            .await
            .map_err(StoreError::from);
        let added = match inserted {
            Ok(done) => done.rows_affected() == 1,
            Err(error) if error.is_orphan() => return Err(StoreError::UnknownServer),
            Err(error) => return Err(error),
        };
        if added {
            self.insert_steps(tx, &new.id, &new.outline).await?;
        }
        Ok(added)
    }

    /// The journal counts steps from 1, and handlers on from them.
    async fn insert_steps(
        &self,
        tx: &mut AnyConnection,
        run: &str,
        outline: &Outline,
    ) -> Result<()> {
        let steps = outline.steps.iter().map(|step| (step, 0));
        let handlers = outline.handlers.iter().map(|handler| (handler, 1));
        for (number, (step, handler)) in (1_i64..).zip(steps.chain(handlers)) {
            let sql = "INSERT INTO run_steps (run_id, number, job, name, title, handler) \
                VALUES ($1, $2, $3, $4, $5, $6)";
            self.query(sql)
                .bind(run.to_owned())
                .bind(number)
                .bind(step.job.clone())
                .bind(step.step.clone())
                .bind(step.title.clone())
                .bind(handler)
                .execute(&mut *tx)
                .await?;
        }
        Ok(())
    }

    /// Exchanges the steps of a run that no attempt is recorded of.
    pub(super) async fn exchange_steps(
        &self,
        tx: &mut AnyConnection,
        run: &str,
        outline: &Outline,
        digest: &str,
    ) -> Result<()> {
        self.query("UPDATE runs SET outline = $2, digest = $3 WHERE id = $1")
            .bind(run.to_owned())
            .bind(json(outline))
            .bind(digest.to_owned())
            .execute(&mut *tx)
            .await?;
        let sql = "DELETE FROM run_steps WHERE run_id = $1";
        self.query(sql).bind(run.to_owned()).execute(&mut *tx).await?;
        self.insert_steps(tx, run, outline).await
    }

    /// Runs that could begin now, the first of each server, at most so many.
    pub async fn claimable(&self, limit: i64) -> Result<Vec<String>> {
        self.again(|| async {
            let sql = "SELECT id FROM runs WHERE {may_begin} ORDER BY id LIMIT $1";
            let runs = self.query(sql).bind(limit).fetch_all(&self.reads).await?;
            Ok(runs.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The run that could begin now on this server: its hint follows the end of another.
    pub async fn next_on(&self, server_id: i64) -> Result<Option<String>> {
        self.again(|| async {
            let sql = "SELECT id FROM runs WHERE server_id = $1 AND {may_begin}";
            let next = self.query(sql).bind(server_id).fetch_optional(&self.reads).await?;
            Ok(next.map(|row| row.try_get(0)).transpose()?)
        })
        .await
    }
}

pub(super) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("names and texts are JSON")
}
