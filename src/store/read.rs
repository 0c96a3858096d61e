//! Runs as pages and terminals show them.

use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use utoipa::ToSchema;

use super::{Result, Store, StoreError, rows};
use crate::model::{Run, RunResource, Status};

/// A beginning of an id that is shorter names too many runs.
const SHORTEST: usize = 6;

/// A run in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunSummary {
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// The server's name.
    pub server: String,
}

impl Store {
    /// All of a run but its output, as it is at one moment. `id` may be the beginning of an
    /// id, 6 characters or more.
    ///
    /// # Errors
    /// `Ambiguous`.
    pub async fn run(&self, id: &str) -> Result<Option<RunResource>> {
        let id = id.to_ascii_lowercase();
        if id.len() < SHORTEST || !id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
            return Ok(None);
        }
        self.again(|| async {
            let mut tx = self.snapshot().await?;
            // `~` comes after all that an id has.
            let sql = "SELECT runs.*, servers.name AS server FROM runs \
                JOIN servers ON servers.id = runs.server_id \
                WHERE runs.id >= $1 AND runs.id < $2 ORDER BY runs.id LIMIT 2";
            let found = self.query(sql).bind(id.clone()).bind(format!("{id}~"));
            let found = found.fetch_all(&mut *tx).await?;
            let row = match &found[..] {
                [] => return Ok(None),
                [row] => row,
                _ => return Err(StoreError::Ambiguous(id.clone())),
            };
            let run = self.whole_run(&mut tx, row).await?;
            tx.commit().await?;
            Ok(Some(run))
        })
        .await
    }

    /// The rest of a run: `row` has the run, and its server's name.
    pub(super) async fn whole_run(
        &self,
        tx: &mut AnyConnection,
        row: &AnyRow,
    ) -> Result<RunResource> {
        let run = rows::run(row)?;
        let sql = "SELECT * FROM run_steps WHERE run_id = $1 ORDER BY number";
        let steps = self.query(sql).bind(run.id.clone()).fetch_all(&mut *tx).await?;
        let sql = "SELECT * FROM run_notes WHERE run_id = $1 ORDER BY id";
        let notes = self.query(sql).bind(run.id.clone()).fetch_all(&mut *tx).await?;
        let place = match run.status {
            Status::Pending => Some(self.place(&mut *tx, &run).await?),
            _ => None,
        };
        Ok(RunResource {
            place,
            run,
            server: row.try_get("server")?,
            steps: steps.iter().map(rows::step).collect::<Result<_, _>>()?,
            notes: notes.iter().map(rows::note).collect::<Result<_, _>>()?,
        })
    }

    /// How many runs of the server come before it.
    async fn place(&self, tx: &mut AnyConnection, run: &Run) -> Result<i64> {
        let sql = "SELECT count(*) FROM runs WHERE server_id = $1 \
            AND (status = 'installing' OR (status = 'pending' AND id < $2))";
        let before = self.query(sql).bind(run.server_id).bind(run.id.clone());
        Ok(before.fetch_one(tx).await?.try_get(0)?)
    }

    /// The last runs, of one server or of all, newest first, at most so many.
    pub async fn runs(&self, server_id: Option<i64>, limit: i64) -> Result<Vec<RunSummary>> {
        self.again(|| async {
            let sql = "SELECT runs.*, servers.name AS server FROM runs \
                JOIN servers ON servers.id = runs.server_id \
                WHERE $1 IS NULL OR runs.server_id = $1 ORDER BY runs.id DESC LIMIT $2";
            let rows = self.query(sql).bind(server_id).bind(limit).fetch_all(&self.reads).await?;
            let runs = rows
                .iter()
                .map(|row| Ok(RunSummary { run: rows::run(row)?, server: row.try_get("server")? }));
            runs.collect()
        })
        .await
    }
}
