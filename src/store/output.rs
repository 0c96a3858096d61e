//! Output of runs: appended in chunks, cut where it is too much, pruned when it is old.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::Row;
use uuid::{NoContext, Timestamp, Uuid};

use super::lease::Held;
use super::{Result, Store, ms, rows};
use crate::model::{AttemptRecord, Chunk, Lease};

/// So many chunks are read or deleted at once.
const BATCH: i64 = 32;

impl Store {
    /// Appends output. What is beyond the limit is counted, but not kept, and the run says
    /// so. Raises no revision: a page reads output by its offsets. Gives how many bytes are kept:
    /// the first of the chunk's.
    ///
    /// # Errors
    /// `Fenced`.
    pub async fn append_output(
        &self,
        lease: &Lease,
        at: &AttemptRecord,
        chunk: &Chunk,
    ) -> Result<usize> {
        let length = chunk.bytes.len() as i64;
        self.again(|| async {
            let Held { mut tx, .. } = self.held(lease).await?;
            let sql = "SELECT output_bytes FROM runs WHERE id = $1";
            let had = self.query(sql).bind(lease.run.clone()).fetch_one(&mut *tx).await?;
            let room = (self.output_limit as i64 - had.try_get::<i64, _>(0)?).clamp(0, length);
            let sql = "INSERT INTO run_output (run_id, attempt, start, step, bytes) \
                VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
            let kept = self
                .query(sql)
                .bind(lease.run.clone())
                .bind(i64::from(chunk.attempt))
                .bind(chunk.offset as i64)
                .bind(chunk.step)
                .bind(chunk.bytes[..room as usize].to_vec());
            // A chunk that is there already was committed, and the answer lost.
            if room > 0 && kept.execute(&mut *tx).await?.rows_affected() == 0 {
                let sql = "SELECT CAST(length(bytes) AS BIGINT) FROM run_output \
                    WHERE run_id = $1 AND attempt = $2 AND start = $3";
                let kept = self.query(sql).bind(lease.run.clone()).bind(i64::from(chunk.attempt));
                let kept = kept.bind(chunk.offset as i64).fetch_one(&mut *tx).await?;
                return Ok((kept.try_get::<i64, _>(0)? as usize).min(chunk.bytes.len()));
            }
            self.query(
                "UPDATE runs SET output_bytes = output_bytes + $2, \
                output_cut = CASE WHEN $3 < $2 THEN 1 ELSE output_cut END WHERE id = $1",
            )
            .bind(lease.run.clone())
            .bind(length)
            .bind(room)
            .execute(&mut *tx)
            .await?;
            self.record(&mut tx, lease, at).await?;
            tx.commit().await?;
            Ok(room as usize)
        })
        .await
    }

    /// Output from (attempt, offset) on, in order: whole chunks, at least one where there is
    /// any, and no more once they have `most` bytes.
    pub async fn output(&self, run: &str, after: (u32, u64), most: i64) -> Result<Vec<Chunk>> {
        self.again(|| async {
            let (mut found, mut size, mut from) = (Vec::new(), 0, after);
            loop {
                let sql = "SELECT * FROM run_output WHERE run_id = $1 AND (attempt, start) >= ($2, $3) \
                    ORDER BY attempt, start LIMIT $4";
                let rows = self
                    .query(sql)
                    .bind(run.to_owned())
                    .bind(i64::from(from.0))
                    .bind(from.1 as i64)
                    .bind(BATCH)
                    .fetch_all(&self.reads)
                    .await?;
                for row in &rows {
                    let chunk = rows::chunk(row)?;
                    size += chunk.bytes.len() as i64;
                    from = (chunk.attempt, chunk.offset + chunk.bytes.len() as u64);
                    found.push(chunk);
                    if size >= most {
                        return Ok(found);
                    }
                }
                if rows.len() < BATCH as usize {
                    return Ok(found);
                }
            }
        })
        .await
    }

    /// Deletes the output of runs that ended more than `age` ago, and gives how many bytes.
    pub async fn prune_output(&self, age: Duration) -> Result<u64> {
        let (mut pruned, mut after) = (0, String::new());
        // Ids begin with the time at which they were made, and no run ends before that: the oldest
        // come first, and the first that is too young ends it. Nothing else says which runs still
        // have output.
        let then = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let then = then.saturating_sub(age);
        let then = Timestamp::from_unix(NoContext, then.as_secs(), then.subsec_nanos());
        let young = Uuid::new_v7(then).to_string();
        while let Some((run, ended_long_ago)) = self.has_output(&after, age).await? {
            if run > young {
                break;
            }
            if ended_long_ago {
                pruned += self.drop_output(&run).await?;
            }
            after = run;
        }
        Ok(pruned)
    }

    /// Deletes all output of a run, and gives how many bytes. A batch a transaction, so that
    /// nobody waits long for it.
    pub(super) async fn drop_output(&self, run: &str) -> Result<u64> {
        let mut dropped = 0;
        loop {
            let sizes = self.drop_batch(run).await?;
            dropped += sizes.iter().sum::<i64>() as u64;
            if sizes.len() < BATCH as usize {
                return Ok(dropped);
            }
        }
    }

    /// The first run after this one that has output, and whether it ended more than `age` ago.
    async fn has_output(&self, after: &str, age: Duration) -> Result<Option<(String, bool)>> {
        self.again(|| async {
            let sql = "SELECT id, CASE WHEN finished_at < {now} - $2 THEN 1 ELSE 0 END AS ended \
                FROM runs WHERE id = (SELECT min(run_id) FROM run_output WHERE run_id > $1)";
            let run = self.query(sql).bind(after.to_owned()).bind(ms(age));
            let Some(row) = run.fetch_optional(&self.reads).await? else { return Ok(None) };
            Ok(Some((row.try_get("id")?, rows::flag(&row, "ended")?)))
        })
        .await
    }

    /// The sizes of the chunks that were deleted.
    async fn drop_batch(&self, run: &str) -> Result<Vec<i64>> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "DELETE FROM run_output WHERE run_id = $1 AND (attempt, start) IN \
                (SELECT attempt, start FROM run_output WHERE run_id = $1 LIMIT $2) \
                RETURNING CAST(length(bytes) AS BIGINT)";
            let rows = self.query(sql).bind(run.to_owned()).bind(BATCH);
            let rows = rows.fetch_all(&mut *tx).await?;
            tx.commit().await?;
            Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
        })
        .await
    }
}
