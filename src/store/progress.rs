//! How far the provisioning of servers is: their joining and their run, as all are at one moment,
//! so that what is shown fits the revision that it is shown with. So many statements for a page
//! full of servers as for one.

use std::collections::HashMap;

use sqlx::{AnyConnection, Row};

use super::ask::json;
use super::{Result, Store, StoreError};
use crate::model::{Provision, RunResource};

impl Store {
    /// The joining of a server, and the run that its provisioning shows: the one that was wanted
    /// when it was added, if it was asked for by now; of a server that did not have to join, the
    /// last that has begun, or else the last.
    ///
    /// # Errors
    /// `UnknownServer`.
    pub async fn progress(&self, server_id: i64) -> Result<(Provision, Option<RunResource>)> {
        let mut found = self.progress_of(&[server_id]).await?;
        found.pop().ok_or(StoreError::UnknownServer)
    }

    /// The same of several servers, by id; without those that are not there.
    pub async fn progress_of(
        &self,
        servers: &[i64],
    ) -> Result<Vec<(Provision, Option<RunResource>)>> {
        if servers.is_empty() {
            return Ok(Vec::new());
        }
        self.again(|| async {
            let mut tx = self.snapshot().await?;
            let provisions = self.provisions_in(&mut tx, servers).await?;
            let mut last = self.last_runs(&mut tx, servers).await?;
            let shown = provisions.into_iter().map(|provision| {
                let run = match (&provision.wants, provision.server.joins_by) {
                    (Some(wants), _) => wants.asked_at.map(|_| wants.run.id.clone()),
                    (None, Some(_)) => None,
                    (None, None) => last.remove(&provision.server.id).flatten(),
                };
                (provision, run)
            });
            let shown: Vec<_> = shown.collect();
            let ids: Vec<_> = shown.iter().filter_map(|(_, run)| run.clone()).collect();
            let runs = self.runs_in(&mut tx, &ids).await?;
            tx.commit().await?;
            let mut runs: HashMap<_, _> =
                runs.into_iter().map(|run| (run.run.id.clone(), run)).collect();
            let whole = |(provision, run): (_, Option<String>)| {
                (provision, run.and_then(|run| runs.remove(&run)))
            };
            Ok(shown.into_iter().map(whole).collect())
        })
        .await
    }

    async fn last_runs(
        &self,
        tx: &mut AnyConnection,
        servers: &[i64],
    ) -> Result<HashMap<i64, Option<String>>> {
        let sql = "SELECT id, COALESCE( \
                (SELECT runs.id FROM runs WHERE server_id = servers.id \
                    AND started_at IS NOT NULL ORDER BY runs.id DESC LIMIT 1), \
                (SELECT runs.id FROM runs WHERE server_id = servers.id \
                    ORDER BY runs.id DESC LIMIT 1)) AS last \
            FROM servers WHERE id IN ({listed_numbers}) AND joins_by IS NULL";
        let rows = self.query(sql).bind(json(&servers)).fetch_all(tx).await?;
        rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("last")?))).collect()
    }
}
