//! What pages show at a glance: what is installed on whose servers, which runs wait, what time it is.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::Row;

use super::ask::json;
use super::{Result, RunSummary, Store, rows};

impl Store {
    /// The database's clock.
    pub async fn now(&self) -> Result<Timestamp> {
        self.again(|| async {
            let row = self.query("SELECT {now} AS clock").fetch_one(&self.reads).await?;
            Ok(rows::time(&row, "clock")?)
        })
        .await
    }

    /// Names of the jobs that runs of these servers have completed, by server, in the order in
    /// which they were first asked for.
    pub async fn installed(&self, servers: &[i64]) -> Result<HashMap<i64, Vec<String>>> {
        let servers = json(&servers);
        self.again(|| async {
            let sql = "SELECT server_id, jobs FROM installed \
                WHERE server_id IN ({listed_numbers}) ORDER BY server_id, first_run";
            let found = self.query(sql).bind(servers.clone()).fetch_all(&self.reads).await?;
            let mut installed: HashMap<i64, Vec<String>> = HashMap::new();
            for row in &found {
                let jobs = installed.entry(row.try_get("server_id")?).or_default();
                let names: Vec<String> = rows::json(row, "jobs")?;
                for name in names {
                    if !jobs.contains(&name) {
                        jobs.push(name);
                    }
                }
            }
            Ok(installed)
        })
        .await
    }

    /// The runs that wait for a worker, or for another run of their server, the first of the line
    /// first, at most so many.
    pub async fn runs_that_wait(&self, limit: i64) -> Result<Vec<RunSummary>> {
        self.again(|| async {
            let sql = "SELECT line.*, servers.name AS server FROM (SELECT * FROM runs \
                    WHERE status = 'pending' ORDER BY due_at, id LIMIT $1) AS line \
                JOIN servers ON servers.id = line.server_id ORDER BY due_at, line.id";
            let found = self.query(sql).bind(limit).fetch_all(&self.reads).await?;
            let summary = found
                .iter()
                .map(|row| Ok(RunSummary { run: rows::run(row)?, server: row.try_get("server")? }));
            summary.collect()
        })
        .await
    }
}
