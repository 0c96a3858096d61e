//! How the whole installation stands, in numbers, for who watches over it. Each query goes through
//! what is active now, by an index; none through what has ended.

use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{Result, Store, rows};

/// The installation at one moment.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Runs that wait: the jobs that were asked for, and how many of such runs.
    pub waiting: Vec<(Vec<String>, i64)>,
    /// The same of runs that are at work.
    pub installing: Vec<(Vec<String>, i64)>,
    /// Runs that could begin now; the age is since when.
    pub claimable: Aged,
    /// Runs whose lease is over for 10 s, and that nobody took.
    pub expired: i64,
    /// Runs whose host can't be reached.
    pub away: i64,
    /// Steps that are at work, where the host can be reached.
    pub at_work: Vec<StepAtWork>,
    /// Servers with a change that was not announced.
    pub unannounced: Aged,
    /// Workers that were heard of in the last 15 s.
    pub workers: Workers,
}

/// How many there are, and the age of the oldest.
#[derive(Debug, Clone, Copy)]
pub struct Aged {
    /// How many.
    pub count: i64,
    /// 0 where there is none.
    pub oldest: Duration,
}

/// A step that is at work.
#[derive(Debug, Clone)]
pub struct StepAtWork {
    /// Its job.
    pub job: String,
    /// Its name within the job.
    pub step: String,
    /// Since the host started it.
    pub age: Duration,
}

/// How many workers.
#[derive(Debug, Clone, Copy)]
pub struct Workers {
    /// That take runs.
    pub ready: i64,
    /// That take nothing new.
    pub draining: i64,
}

impl Store {
    /// Counts everything that is active, at one moment.
    pub async fn figures(&self) -> Result<Figures> {
        self.again(|| async {
            let mut tx = self.snapshot().await?;
            let sql = "SELECT jobs, count(*) AS count FROM runs WHERE status = 'pending' GROUP BY jobs";
            let waiting = self.jobs(&mut tx, sql).await?;
            let sql = "SELECT jobs, count(*) AS count FROM runs WHERE status = 'installing' GROUP BY jobs";
            let installing = self.jobs(&mut tx, sql).await?;
            // It could begin when it was due, and the run before it had ended.
            let sql = "SELECT count(*) AS count, COALESCE((SELECT {now}) - min(since), 0) AS age FROM ( \
                SELECT CASE WHEN freed > due_at THEN freed ELSE due_at END AS since FROM ( \
                    SELECT due_at, (SELECT finished_at FROM runs AS before \
                        WHERE before.server_id = runs.server_id AND before.id < runs.id \
                        ORDER BY before.id DESC LIMIT 1) AS freed \
                    FROM runs WHERE {may_begin}) AS free) AS claimable";
            let claimable = aged(&self.query(sql).fetch_one(&mut *tx).await?)?;
            let sql = "SELECT count(*) AS count FROM runs \
                WHERE status = 'installing' AND lease_until < (SELECT {now}) - 10000";
            let expired = self.query(sql).fetch_one(&mut *tx).await?.try_get("count")?;
            let sql = "SELECT count(*) AS count FROM runs \
                WHERE status = 'installing' AND unreachable_since IS NOT NULL";
            let away = self.query(sql).fetch_one(&mut *tx).await?.try_get("count")?;
            // CROSS: SQLite then goes through the runs first, and not through all steps ever.
            let sql = "SELECT job, name, (SELECT {now}) - run_steps.started_at AS age \
                FROM runs CROSS JOIN run_steps WHERE run_id = runs.id AND runs.status = 'installing' \
                AND runs.unreachable_since IS NULL AND run_steps.status = 'installing'";
            let at_work = self.query(sql).fetch_all(&mut *tx).await?;
            let sql = "SELECT count(*) AS count, COALESCE((SELECT {now}) - min(updated_at), 0) AS age \
                FROM servers WHERE announced_revision < revision";
            let unannounced = aged(&self.query(sql).fetch_one(&mut *tx).await?)?;
            let sql = "SELECT count(*) AS count, count(CASE WHEN draining = 1 THEN 1 END) AS draining FROM workers \
                WHERE heartbeat_at > (SELECT {now}) - 15000";
            let workers = self.query(sql).fetch_one(&mut *tx).await?;
            tx.commit().await?;
            let draining = workers.try_get("draining")?;
            Ok(Figures {
                waiting,
                installing,
                claimable,
                expired,
                away,
                at_work: at_work.iter().map(step).collect::<Result<_, _>>()?,
                unannounced,
                workers: Workers { ready: workers.try_get::<i64, _>("count")? - draining, draining },
            })
        })
        .await
    }

    async fn jobs(
        &self,
        tx: &mut AnyConnection,
        sql: &'static str,
    ) -> Result<Vec<(Vec<String>, i64)>> {
        let found = self.query(sql).fetch_all(tx).await?;
        let jobs = found.iter().map(|row| Ok((rows::json(row, "jobs")?, row.try_get("count")?)));
        jobs.collect()
    }
}

fn aged(row: &AnyRow) -> Result<Aged, sqlx::Error> {
    Ok(Aged { count: row.try_get("count")?, oldest: age(row)? })
}

fn step(row: &AnyRow) -> Result<StepAtWork, sqlx::Error> {
    Ok(StepAtWork { job: row.try_get("job")?, step: row.try_get("name")?, age: age(row)? })
}

/// A host's clock may be ahead.
fn age(row: &AnyRow) -> Result<Duration, sqlx::Error> {
    Ok(Duration::from_millis(row.try_get::<i64, _>("age")?.try_into().unwrap_or(0)))
}
