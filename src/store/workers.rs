//! Workers that were heard of. For people only: nothing hangs on these rows.

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

impl Store {
    /// The worker is alive. Those that were not heard of for a day are forgotten.
    pub async fn worker_heartbeat(&self, worker: &WorkerRow) -> Result<()> {
        self.again(|| async {
            let sql = "INSERT INTO workers (name, host, pid, version, slots, started_at, heartbeat_at) \
                VALUES ($1, $2, $3, $4, $5, {now}, {now}) \
                ON CONFLICT (name) DO UPDATE SET slots = excluded.slots, heartbeat_at = {now}";
            self.query(sql)
                .bind(worker.name.clone())
                .bind(worker.host.clone())
                .bind(i64::from(worker.pid))
                .bind(worker.version.clone())
                .bind(i64::from(worker.slots))
                .execute(&self.writes)
                .await?;
            let sql = "DELETE FROM workers WHERE heartbeat_at < {now} - 86400000";
            self.query(sql).execute(&self.writes).await?;
            Ok(())
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
