//! Claiming: the right to drive a run passes to a worker (promises 3 and 4).

use std::ops::ControlFlow::{Break, Continue};
use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row, Transaction};

use super::{Result, Store, ms, rows};
use crate::model::{Changed, Claim, Lease, Retry};

/// So often one call loses a run to another worker before it gives up.
const TRIES: u32 = 64;

/// A run was claimed.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// All that is needed to drive it.
    pub claim: Claim,
    /// To be announced.
    pub changed: Changed,
    /// From whom.
    pub taken: Taken,
}

/// Where a run was before it was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It waited, so long since it was due.
    Waiting(Duration),
    /// A worker that was told to stop handed it back.
    HandedBack,
    /// The lease of its worker was over.
    Expired,
}

impl Taken {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting(_) => "waiting",
            Self::HandedBack => "handed_back",
            Self::Expired => "expired",
        }
    }
}

impl Store {
    /// Claims exactly this run, if it may begin, or if its lease has expired or was handed
    /// back. None: not now; a hint that led here was stale.
    pub async fn claim(&self, run: &str, worker: &str, lease: Duration) -> Result<Option<Claimed>> {
        let claimed = self
            .again(|| async {
                let mut tx = self.begin().await?;
                // First the row: a statement that waits for it goes on with what it saw of the
                // other tables before, and the journal may have grown meanwhile.
                let lock =
                    self.query("SELECT id, status, worker FROM runs WHERE id = $1 {for_update}");
                let locked = lock.bind(run.to_owned()).fetch_optional(&mut *tx).await?;
                match locked.as_ref().map(Candidate::read).transpose()? {
                    Some(candidate) => self.take(tx, &candidate, worker, lease).await,
                    None => Ok(None),
                }
            })
            .await;
        match claimed {
            // Another run of the server was faster: the index on active runs says so.
            Err(error) if error.is_taken() => Ok(None),
            claimed => claimed,
        }
    }

    /// Claims whatever may be claimed: first what another worker lost or handed back, then
    /// the pending run that was asked for first, of those that could begin since `unclaimed`
    /// (their hints come sooner than that). None: there is nothing, or others took it all.
    pub async fn claim_next(
        &self,
        worker: &str,
        lease: Duration,
        unclaimed: Duration,
    ) -> Result<Option<Claimed>> {
        for _ in 0..TRIES {
            let tried = self
                .again(|| async {
                    let mut tx = self.begin().await?;
                    let Some(run) = self.candidate(&mut tx, unclaimed).await? else {
                        return Ok(Break(None));
                    };
                    let claimed = self.take(tx, &run, worker, lease).await?;
                    Ok(claimed.map_or(Continue(()), |claimed| Break(Some(claimed))))
                })
                .await;
            match tried {
                Ok(Break(end)) => return Ok(end),
                Ok(Continue(())) => (),
                Err(error) if error.is_taken() => (),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// The run to take next, locked; several who ask at once get different ones.
    async fn candidate(
        &self,
        tx: &mut AnyConnection,
        unclaimed: Duration,
    ) -> Result<Option<Candidate>> {
        let sql = "SELECT id, status, worker FROM runs WHERE status = 'installing' AND lease_until < (SELECT {now}) \
            ORDER BY lease_until LIMIT 1 {skip_locked}";
        let lost = self.query(sql).fetch_optional(&mut *tx).await?;
        if let Some(row) = lost {
            return Candidate::read(&row).map(Some);
        }
        // What waited for another run could begin when that one ended.
        let sql = "SELECT id, status, worker FROM runs WHERE {may_begin} AND due_at <= (SELECT {now}) - $1 \
            AND NOT EXISTS (SELECT 1 FROM runs AS ended WHERE ended.server_id = runs.server_id \
                AND ended.finished_at > (SELECT {now}) - $1) \
            ORDER BY id LIMIT 1 {skip_locked}";
        let pending = self.query(sql).bind(ms(unclaimed)).fetch_optional(tx).await?;
        pending.as_ref().map(Candidate::read).transpose()
    }

    /// The one statement that claims, and then all that the worker needs.
    async fn take(
        &self,
        mut tx: Transaction<'static, Any>,
        Candidate { run, waits, is_held }: &Candidate,
        worker: &str,
        lease: Duration,
    ) -> Result<Option<Claimed>> {
        // Whoever had it vanished, unless it is we who were away (or the database was). After a
        // restoration the epoch is past any that a host has seen, also of a run asked for since:
        // its id may have been in the backup.
        let sql = "UPDATE runs SET status = 'installing', worker = $2, \
            epoch = 1 + CASE WHEN epoch < {restored_at} THEN {restored_at} ELSE epoch END, \
            crashes = CASE \
                WHEN status = 'pending' OR worker IS NULL THEN crashes \
                WHEN claimed_journal < {journal} THEN 0 \
                WHEN EXISTS (SELECT 1 FROM workers AS us WHERE us.name = $2 \
                    AND (us.heartbeat_at < {now} - 12000 OR (us.heard_since > us.started_at \
                        AND us.heard_since > runs.lease_until - $3))) THEN crashes \
                ELSE crashes + 1 END, \
            claimed_journal = {journal}, \
            lease_until = {now} + $3, waiting = NULL, waits_for = NULL, started_at = COALESCE(started_at, {now}) \
            WHERE id = $1 AND (({may_begin}) OR (status = 'installing' AND lease_until < {now})) \
            RETURNING *";
        let row = self.query(sql).bind(run.to_owned()).bind(worker.to_owned()).bind(ms(lease));
        let Some(row) = row.fetch_optional(&mut *tx).await? else { return Ok(None) };
        let run = rows::run(&row)?;

        let sql = "SELECT * FROM run_attempts WHERE run_id = $1 ORDER BY number";
        let attempts = self.query(sql).bind(run.id.clone()).fetch_all(&mut *tx).await?;

        let sql = "UPDATE servers SET provision_status = 'installing', revision = revision + 1, \
            updated_at = {now} WHERE id = $1 RETURNING *";
        let server_row = self.query(sql).bind(run.server_id).fetch_one(&mut *tx).await?;
        tx.commit().await?;

        let server = rows::server(&server_row)?;
        let prepares = server_row.try_get::<Option<String>, _>("prepare_run")?;
        let first_key = prepares.is_some_and(|prepares| prepares == run.id);
        let changed = Changed::to(&server);
        let claim = Claim {
            lease: Lease { run: run.id.clone(), epoch: run.epoch },
            secrets: row.try_get("secrets")?,
            outline: rows::json(&row, "outline")?,
            digest: row.try_get("digest")?,
            private_key: server_row.try_get(if first_key { "first_key" } else { "private_key" })?,
            first_key,
            crashes: row.try_get("crashes")?,
            retry: match row.try_get::<Option<i64>, _>("retry_after")? {
                None => None,
                Some(after) => Some(Retry {
                    after: u32::try_from(after).unwrap_or(u32::MAX),
                    from: row
                        .try_get::<Option<i64>, _>("retry_from")?
                        .and_then(|step| usize::try_from(step).ok()),
                }),
            },
            attempts: attempts.iter().map(rows::attempt).collect::<Result<_, _>>()?,
            restored: rows::flag(&row, "restored")?,
            run,
            server,
        };
        let taken = match (*waits, *is_held) {
            (true, _) => {
                let due = rows::time(&row, "due_at")?;
                let waited = changed.at.duration_since(due).try_into().unwrap_or_default();
                Taken::Waiting(waited)
            }
            (false, false) => Taken::HandedBack,
            (false, true) => Taken::Expired,
        };
        Ok(Some(Claimed { claim, changed, taken }))
    }
}

/// A run that may be claimed, locked.
struct Candidate {
    run: String,
    /// Whether it waits; else it is at work, or should be.
    waits: bool,
    /// Whether some worker has it.
    is_held: bool,
}

impl Candidate {
    fn read(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            run: row.try_get("id")?,
            waits: row.try_get::<String, _>("status")? == "pending",
            is_held: row.try_get::<Option<String>, _>("worker")?.is_some(),
        })
    }
}
