//! Servers: added, listed, given another host key, removed.

use sqlx::any::{Any, AnyArguments};
use sqlx::query::Query;
use sqlx::{AnyConnection, Row};

use super::{Result, Store, StoreError, rows};
use crate::model::{Changed, NewServer, Server};

impl Store {
    /// Adds a server. `seal` gives the encrypted private
    /// key, bound to the row's id that it is told; it may be asked more than once.
    ///
    /// # Errors
    /// `NameTaken`.
    pub async fn add_server(
        &self,
        new: &NewServer,
        seal: impl Fn(i64) -> Option<Vec<u8>> + Send + Sync,
    ) -> Result<(Server, Changed)> {
        let added = self
            .again(|| async {
                let mut tx = self.begin().await?;
                let sql = "INSERT INTO servers \
                    (user_id, name, host, ssh_port, ssh_user, host_key, provider, public_ip, \
                        revision, created_at, updated_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, {restored_at} + 1, {now}, {now}) \
                    RETURNING id";
                let row = self
                    .query(sql)
                    .bind(new.user_id)
                    .bind(new.name.as_str())
                    .bind(new.host.as_str())
                    .bind(i64::from(new.ssh_port))
                    .bind(new.ssh_user.as_str())
                    .bind(new.host_key.clone().unwrap_or_default())
                    .bind(new.provider.clone())
                    .bind(new.public_ip.clone())
                    .fetch_one(&mut *tx)
                    .await
                    .map_err(StoreError::from);
                let row = row.map_err(|error| match error.is_taken() {
                    true => StoreError::NameTaken(new.name.clone()),
                    false => error,
                })?;
                let id: i64 = row.try_get(0)?;
                if let Some(join) = &new.join {
                    self.insert_join(&mut tx, id, join).await?;
                }
                let sql = "UPDATE servers SET private_key = $2, public_key = $3, joins_by = $4, \
                    first_key = $5 WHERE id = $1 RETURNING *";
                let join = new.join.as_ref();
                let row = self
                    .query(sql)
                    .bind(id)
                    .bind(seal(id))
                    .bind(join.and_then(|join| join.public_key.clone()))
                    .bind(join.map(|join| join.by.as_str()))
                    .bind(join.and_then(|join| join.first_key.clone()))
                    .fetch_one(&mut *tx)
                    .await?;
                tx.commit().await?;
                Ok(rows::server(&row)?)
            })
            .await?;
        let changed = Changed::to(&added);
        Ok((added, changed))
    }

    /// All servers, by name.
    pub async fn servers(&self) -> Result<Vec<Server>> {
        self.again(|| async {
            let all = self.query("SELECT * FROM servers ORDER BY name, id");
            let all = all.fetch_all(&self.reads).await?;
            Ok(all.iter().map(rows::server).collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The server of this name.
    pub async fn server(&self, name: &str) -> Result<Option<Server>> {
        self.again(|| async {
            let found = self
                .query("SELECT * FROM servers WHERE name = $1 ORDER BY id")
                .bind(name.to_owned());
            Ok(found.fetch_optional(&self.reads).await?.as_ref().map(rows::server).transpose()?)
        })
        .await
    }

    /// The server of this id.
    pub async fn server_by_id(&self, id: i64) -> Result<Option<Server>> {
        self.again(|| async {
            let found = self.query("SELECT * FROM servers WHERE id = $1").bind(id);
            Ok(found.fetch_optional(&self.reads).await?.as_ref().map(rows::server).transpose()?)
        })
        .await
    }

    /// Keeps another private key, encrypted, to log in with.
    ///
    /// # Errors
    /// `UnknownServer`.
    pub async fn set_private_key(&self, id: i64, sealed: &[u8]) -> Result<Changed> {
        let sql = "UPDATE servers SET private_key = $2 WHERE id = $1";
        self.change_server(id, || self.query(sql).bind(id).bind(sealed.to_owned())).await
    }

    /// Pins another host key (promise 9).
    ///
    /// # Errors
    /// `UnknownServer`.
    pub async fn rekey_server(&self, id: i64, host_key: &str) -> Result<Changed> {
        let sql = "UPDATE servers SET host_key = $2 WHERE id = $1";
        self.change_server(id, || self.query(sql).bind(id).bind(host_key.to_owned())).await
    }

    async fn change_server(
        &self,
        id: i64,
        update: impl Fn() -> Query<'static, Any, AnyArguments>,
    ) -> Result<Changed> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            if update().execute(&mut *tx).await?.rows_affected() == 0 {
                return Err(StoreError::UnknownServer);
            }
            let changed = self.raise(&mut tx, id, None).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// Removes a server with its runs and their output.
    ///
    /// # Errors
    /// `ServerBusy` while a run of it has not ended, `UnknownServer`.
    pub async fn remove_server(&self, id: i64) -> Result<()> {
        // Output first, and in batches: it may be too much for one transaction.
        for run in self.again(|| self.ended_runs(id)).await? {
            self.drop_output(&run).await?;
        }
        self.again(|| async {
            let mut tx = self.begin().await?;
            // Who asks for a run waits for this lock, so none comes in between. A run that
            // is being claimed is still seen as pending: nothing is waited for here.
            let sql = "SELECT id FROM servers WHERE id = $1 {for_update}";
            if self.query(sql).bind(id).fetch_optional(&mut *tx).await?.is_none() {
                return Err(StoreError::UnknownServer);
            }
            self.refuse_busy(&mut tx, id).await?;
            self.query("DELETE FROM servers WHERE id = $1").bind(id).execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    /// The runs of a server all of whose runs have ended.
    async fn ended_runs(&self, id: i64) -> Result<Vec<String>> {
        let mut tx = self.snapshot().await?;
        self.refuse_busy(&mut tx, id).await?;
        let runs = self.query("SELECT id FROM runs WHERE server_id = $1").bind(id);
        let runs = runs.fetch_all(&mut *tx).await?;
        Ok(runs.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    pub(super) async fn refuse_busy(&self, tx: &mut AnyConnection, id: i64) -> Result<()> {
        let sql =
            "SELECT id FROM runs WHERE server_id = $1 AND status IN ('pending', 'installing')";
        match self.query(sql).bind(id).fetch_optional(tx).await? {
            Some(_) => Err(StoreError::ServerBusy),
            None => Ok(()),
        }
    }
}
