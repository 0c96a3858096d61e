//! A run's output by its offset: what is kept of all attempts, one after the other, as one
//! text that only grows. Who reads on from an offset misses nothing and gets nothing twice.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::Row;

use super::{Result, Store};
use crate::model::OutputEnds;

/// Some of a run's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputSlice {
    /// The bytes as the host has them, with secrets masked.
    pub bytes: Vec<u8>,
    /// How many bytes there are altogether by now.
    pub whole: u64,
}

impl Store {
    /// At most `limit` bytes of a run's output from this offset on, of one step or of all.
    pub async fn output_slice(
        &self,
        run: &str,
        step: Option<i64>,
        offset: u64,
        limit: u64,
    ) -> Result<OutputSlice> {
        self.again(|| async {
            let mut tx = self.snapshot().await?;
            // Lengths first: a database knows them without reading the bytes.
            let sql = match step {
                None => {
                    "SELECT attempt, start, CAST(length(bytes) AS BIGINT) AS length \
                        FROM run_output WHERE run_id = $1 ORDER BY attempt, start"
                }
                Some(_) => {
                    "SELECT attempt, start, CAST(length(bytes) AS BIGINT) AS length \
                        FROM run_output WHERE run_id = $1 AND step = $2 ORDER BY attempt, start"
                }
            };
            let chunks = self.query(sql).bind(run.to_owned());
            let chunks = step.into_iter().fold(chunks, |chunks, step| chunks.bind(step));
            let chunks = chunks.fetch_all(&mut *tx).await?;
            // Where the wanted part begins in the first chunk of it, and the chunks that it is in.
            let (mut whole, mut skip, mut wanted) = (0_u64, 0, None);
            for chunk in &chunks {
                let length = chunk.try_get::<i64, _>("length")? as u64;
                if whole + length > offset && whole < offset.saturating_add(limit) {
                    let place = (chunk.try_get("attempt")?, chunk.try_get("start")?);
                    let (first, _) = wanted.get_or_insert_with(|| {
                        skip = offset.saturating_sub(whole);
                        (place, place)
                    });
                    wanted = Some((*first, place));
                }
                whole += length;
            }
            let mut bytes = Vec::new();
            if let Some(((attempt, start), (last_attempt, last_start))) = wanted {
                let sql = match step {
                    None => {
                        "SELECT bytes FROM run_output WHERE run_id = $1 \
                            AND (attempt, start) >= ($2, $3) AND (attempt, start) <= ($4, $5) \
                            ORDER BY attempt, start"
                    }
                    Some(_) => {
                        "SELECT bytes FROM run_output WHERE run_id = $1 \
                            AND (attempt, start) >= ($2, $3) AND (attempt, start) <= ($4, $5) \
                            AND step = $6 ORDER BY attempt, start"
                    }
                };
                let rows = self.query(sql).bind(run.to_owned()).bind::<i64>(attempt);
                let rows = rows.bind::<i64>(start).bind::<i64>(last_attempt);
                let rows = rows.bind::<i64>(last_start);
                let rows = step.into_iter().fold(rows, |rows, step| rows.bind(step));
                for row in rows.fetch_all(&mut *tx).await? {
                    bytes.extend_from_slice(&row.try_get::<Vec<u8>, _>("bytes")?);
                }
                bytes.drain(..(skip as usize).min(bytes.len()));
                bytes.truncate(limit as usize);
            }
            tx.commit().await?;
            Ok(OutputSlice { bytes, whole })
        })
        .await
    }

    /// Where the output of these runs ends by now, by run; those that wrote nothing are missing.
    pub async fn output_ends(
        &self,
        runs: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, OutputEnds>> {
        let runs = serde_json::to_string(runs).expect("texts become JSON");
        self.again(|| async {
            let sql = "SELECT run_id, step, CAST(SUM(length(bytes)) AS BIGINT) AS length \
                FROM run_output WHERE run_id IN ({listed}) GROUP BY run_id, step";
            let rows = self.query(sql).bind(runs.as_str()).fetch_all(&self.reads).await?;
            let mut ends = BTreeMap::<String, OutputEnds>::new();
            for row in rows {
                let of_run = ends.entry(row.try_get("run_id")?).or_default();
                of_run.grow(row.try_get("step")?, row.try_get::<i64, _>("length")? as u64);
            }
            Ok(ends)
        })
        .await
    }
}
