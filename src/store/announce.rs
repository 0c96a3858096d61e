//! Revisions: raised with each change, and announced after its commit (promise 2).

use std::time::Duration;

use sqlx::{AnyConnection, Row};

use super::{Result, Store, StoreError, ms, rows};
use crate::model::{Changed, Status};

impl Store {
    /// This revision was announced. One that is older than what was announced changes nothing.
    pub async fn announced(&self, changed: &Changed) -> Result<()> {
        self.again(|| async {
            let sql = "UPDATE servers SET announced_revision = $2 \
                WHERE id = $1 AND announced_revision < $2";
            let done = self.query(sql).bind(changed.server_id).bind(changed.revision);
            done.execute(&self.writes).await?;
            Ok(())
        })
        .await
    }

    /// The server's revision; None if there is no such server.
    pub async fn revision(&self, server_id: i64) -> Result<Option<i64>> {
        self.again(|| async {
            let row = self.query("SELECT revision FROM servers WHERE id = $1").bind(server_id);
            Ok(row.fetch_optional(&self.reads).await?.map(|row| row.try_get(0)).transpose()?)
        })
        .await
    }

    /// Servers whose last change is older than `age` and was not announced, the oldest first.
    pub async fn unannounced(&self, age: Duration, limit: i64) -> Result<Vec<Changed>> {
        self.again(|| async {
            let sql = "SELECT id AS server_id, revision, updated_at FROM servers WHERE announced_revision < revision \
                AND updated_at <= (SELECT {now}) - $1 ORDER BY updated_at LIMIT $2";
            let rows = self.query(sql).bind(ms(age)).bind(limit).fetch_all(&self.reads).await?;
            Ok(rows.iter().map(rows::changed).collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Raises the revision, in the transaction of the change. The last thing that it locks, but
    /// for steps 1 to 3 of a server that a run prepares, which nobody else writes meanwhile.
    pub(super) async fn raise(
        &self,
        tx: &mut AnyConnection,
        server_id: i64,
        provision: Option<Status>,
    ) -> Result<Changed> {
        // A run alone does not make a server that joins: it is at work until it has joined.
        let sql = "UPDATE servers SET revision = revision + 1, updated_at = {now}, \
            provision_status = CASE \
                WHEN $2 = 'completed' AND EXISTS (SELECT 1 FROM provision_steps \
                    WHERE server_id = $1 AND status <> 'completed') THEN 'installing' \
                WHEN $2 = 'pending' AND EXISTS (SELECT 1 FROM provision_steps \
                    WHERE server_id = $1 AND status <> 'pending') THEN 'installing' \
                ELSE COALESCE($2, provision_status) END WHERE id = $1 \
            RETURNING id AS server_id, revision, updated_at, \
            CASE WHEN connection <> 'connected' THEN prepare_run END AS run";
        let row = self.query(sql).bind(server_id).bind(provision.map(Status::as_str));
        let row = row.fetch_optional(&mut *tx).await?.ok_or(StoreError::UnknownServer)?;
        if let Some(run) = row.try_get::<Option<String>, _>("run")? {
            self.mirror(tx, server_id, &run).await?;
        }
        Ok(rows::changed(&row)?)
    }
}
