//! Workers that were heard of. For people only: nothing hangs on these rows.

use serde::Serialize;
use sqlx::Row;
use utoipa::ToSchema;

use super::{Result, Store};

/// A worker, as it tells of itself.
#[derive(Debug, Clone)]
pub struct WorkerRow {
    /// New at each start.
    pub name: String,
    /// The machine's name.
    pub host: String,
    /// The process' id.
    pub pid: u32,
    /// Of groundcrew.
    pub version: String,
    /// How many runs it drives at once.
    pub slots: u32,
}

/// A worker, as others see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorkerStatus {
    /// New at each start.
    pub name: String,
    /// The machine's name.
    pub host: String,
    /// The process' id.
    pub pid: i64,
    /// Of groundcrew.
    pub version: String,
    /// How many runs it drives at once.
    pub slots: i64,
    /// Whether it takes nothing new.
    pub draining: bool,
    /// How long it was not heard of, in ms.
    pub silent: i64,
    /// Ids of the runs that it holds.
    pub runs: Vec<String>,
}

impl Store {
    /// The worker is alive. Those that were not heard of for a day are forgotten. True: it
    /// is to drain.
    pub async fn worker_heartbeat(&self, worker: &WorkerRow) -> Result<bool> {
        self.again(|| async {
            let sql = "INSERT INTO workers AS us \
                    (name, host, pid, version, slots, started_at, heartbeat_at, heard_since) \
                VALUES ($1, $2, $3, $4, $5, {now}, {now}, {now}) \
                ON CONFLICT (name) DO UPDATE SET slots = excluded.slots, heartbeat_at = {now}, \
                    heard_since = CASE WHEN us.heartbeat_at < {now} - 12000 THEN {now} \
                        ELSE us.heard_since END \
                RETURNING draining";
            let row = self
                .query(sql)
                .bind(worker.name.clone())
                .bind(worker.host.clone())
                .bind(i64::from(worker.pid))
                .bind(worker.version.clone())
                .bind(i64::from(worker.slots))
                .fetch_one(&self.writes)
                .await?;
            let sql = "DELETE FROM workers WHERE heartbeat_at < {now} - 86400000";
            self.query(sql).execute(&self.writes).await?;
            Ok(row.try_get::<i64, _>("draining")? == 1)
        })
        .await
    }

    /// All workers that were heard of lately, by name, each with the runs that it holds.
    pub async fn workers(&self) -> Result<Vec<WorkerStatus>> {
        self.again(|| async {
            let mut tx = self.snapshot().await?;
            let sql = "SELECT *, {now} - heartbeat_at AS silent FROM workers ORDER BY name";
            let workers = self.query(sql).fetch_all(&mut *tx).await?;
            let sql = "SELECT id, worker FROM runs WHERE status = 'installing' ORDER BY id";
            let runs = self.query(sql).fetch_all(&mut *tx).await?;
            tx.commit().await?;
            let held: Vec<(String, Option<String>)> = runs
                .iter()
                .map(|row| Ok((row.try_get("id")?, row.try_get("worker")?)))
                .collect::<Result<_>>()?;
            let workers = workers.iter().map(|row| {
                let name: String = row.try_get("name")?;
                let runs = held.iter().filter(|(_, worker)| worker.as_ref() == Some(&name));
                Ok(WorkerStatus {
                    runs: runs.map(|(id, _)| id.clone()).collect(),
                    host: row.try_get("host")?,
                    pid: row.try_get("pid")?,
                    version: row.try_get("version")?,
                    slots: row.try_get("slots")?,
                    draining: row.try_get::<i64, _>("draining")? == 1,
                    silent: row.try_get("silent")?,
                    name,
                })
            });
            workers.collect()
        })
        .await
    }

    /// The worker takes nothing new from now on, and ends when what it has has ended.
    /// False: no worker of this name was heard of.
    pub async fn drain_worker(&self, name: &str) -> Result<bool> {
        self.again(|| async {
            let sql = "UPDATE workers SET draining = 1 WHERE name = $1";
            let done = self.query(sql).bind(name.to_owned()).execute(&self.writes).await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    /// The worker has ended.
    pub async fn remove_worker(&self, name: &str) -> Result<()> {
        self.again(|| async {
            let sql = "DELETE FROM workers WHERE name = $1";
            self.query(sql).bind(name.to_owned()).execute(&self.writes).await?;
            Ok(())
        })
        .await
    }
}
