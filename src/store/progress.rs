//! How far a server's provisioning is: its joining and its run, as both are at one moment, so
//! that what is shown fits the revision that it is shown with.

use sqlx::{AnyConnection, Row};

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
        self.again(|| async {
            let mut tx = self.snapshot().await?;
            let provision = self.provision_in(&mut tx, server_id).await?;
            let provision = provision.ok_or(StoreError::UnknownServer)?;
            let run = match (&provision.wants, provision.server.joins_by) {
                (Some(wants), _) => wants.asked_at.map(|_| wants.run.id.clone()),
                (None, Some(_)) => None,
                (None, None) => self.last_run(&mut tx, server_id).await?,
            };
            let run = match run {
                Some(id) => {
                    let sql = "SELECT runs.*, servers.name AS server FROM runs \
                        JOIN servers ON servers.id = runs.server_id WHERE runs.id = $1";
                    let row = self.query(sql).bind(id).fetch_optional(&mut *tx).await?;
                    match row {
                        Some(row) => Some(self.whole_run(&mut tx, &row).await?),
                        None => None,
                    }
                }
                None => None,
            };
            tx.commit().await?;
            Ok((provision, run))
        })
        .await
    }

    async fn last_run(&self, tx: &mut AnyConnection, server_id: i64) -> Result<Option<String>> {
        let sql = "SELECT id FROM runs WHERE server_id = $1 \
            ORDER BY CASE WHEN started_at IS NULL THEN 1 ELSE 0 END, id DESC LIMIT 1";
        let row = self.query(sql).bind(server_id).fetch_optional(tx).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }
}
