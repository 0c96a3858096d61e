//! Runs as pages and terminals show them.

use serde::Serialize;
use sqlx::{AnyConnection, Row};
use utoipa::ToSchema;

use super::ask::json;
use super::{Result, Store, StoreError, rows};
use crate::model::{Run, RunResource};

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
            let sql = "SELECT id FROM runs WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 2";
            let found = self.query(sql).bind(id.clone()).bind(format!("{id}~"));
            let found = found.fetch_all(&mut *tx).await?;
            let found = match &found[..] {
                [] => return Ok(None),
                [row] => row.try_get::<String, _>(0)?,
                _ => return Err(StoreError::Ambiguous(id.clone())),
            };
            let mut runs = self.runs_in(&mut tx, &[found]).await?;
            tx.commit().await?;
            Ok(runs.pop())
        })
        .await
    }

    /// The runs of these ids, by id: all that there is of each but its output.
    pub(super) async fn runs_in(
        &self,
        tx: &mut AnyConnection,
        ids: &[String],
    ) -> Result<Vec<RunResource>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = json(&ids);
        // Its place: how many runs of the server come before it.
        let sql = "SELECT runs.*, servers.name AS server, CASE WHEN status = 'pending' THEN \
                (SELECT count(*) FROM runs AS active WHERE active.server_id = runs.server_id \
                    AND active.status = 'installing') \
                + (SELECT count(*) FROM runs AS older WHERE older.server_id = runs.server_id \
                    AND older.status = 'pending' AND older.id < runs.id) END AS place \
            FROM runs JOIN servers ON servers.id = runs.server_id \
            WHERE runs.id IN ({listed}) ORDER BY runs.id";
        let found = self.query(sql).bind(ids.clone()).fetch_all(&mut *tx).await?;
        let sql = "SELECT * FROM run_steps WHERE run_id IN ({listed}) ORDER BY run_id, number";
        let steps = self.query(sql).bind(ids.clone()).fetch_all(&mut *tx).await?;
        let mut steps = rows::grouped::<String, _>(&steps, "run_id", rows::step)?;
        let sql = "SELECT * FROM run_notes WHERE run_id IN ({listed}) ORDER BY run_id, id";
        let notes = self.query(sql).bind(ids).fetch_all(tx).await?;
        let mut notes = rows::grouped::<String, _>(&notes, "run_id", rows::note)?;
        let whole = found.iter().map(|row| {
            let run = rows::run(row)?;
            Ok(RunResource {
                place: row.try_get("place")?,
                server: row.try_get("server")?,
                steps: steps.remove(&run.id).unwrap_or_default(),
                notes: notes.remove(&run.id).unwrap_or_default(),
                run,
            })
        });
        whole.collect()
    }

    /// The last runs, of one server or of all, newest first, at most so many.
    pub async fn runs(&self, server_id: Option<i64>, limit: i64) -> Result<Vec<RunSummary>> {
        self.again(|| async {
            let sql = match server_id {
                None => {
                    "SELECT runs.*, servers.name AS server FROM runs \
                        JOIN servers ON servers.id = runs.server_id \
                        ORDER BY runs.id DESC LIMIT $1"
                }
                Some(_) => {
                    "SELECT runs.*, servers.name AS server FROM runs \
                        JOIN servers ON servers.id = runs.server_id \
                        WHERE runs.server_id = $2 ORDER BY runs.id DESC LIMIT $1"
                }
            };
            let last = self.query(sql).bind(limit);
            let last = server_id.into_iter().fold(last, |last, id| last.bind(id));
            let rows = last.fetch_all(&self.reads).await?;
            let runs = rows
                .iter()
                .map(|row| Ok(RunSummary { run: rows::run(row)?, server: row.try_get("server")? }));
            runs.collect()
        })
        .await
    }
}
