//! What belongs to whom: one user's servers and runs. Everything that is asked for over the
//! web is looked up here; what is another user's is not found.

use sqlx::Row;

use super::{Result, RunSummary, Store, StoreError, rows};
use crate::model::{RunResource, Server};

impl Store {
    /// The installation's first user: owns what is made at the command line.
    pub async fn first_user(&self) -> Result<i64> {
        self.again(|| async {
            let first = self.query("SELECT min(id) FROM users");
            Ok(first.fetch_one(&self.reads).await?.try_get(0)?)
        })
        .await
    }

    /// A user's servers, by id, those after this one, at most so many.
    pub async fn servers_of(&self, user_id: i64, after: i64, limit: i64) -> Result<Vec<Server>> {
        self.again(|| async {
            let sql = "SELECT * FROM servers WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3";
            let rows = self.query(sql).bind(user_id).bind(after).bind(limit);
            let rows = rows.fetch_all(&self.reads).await?;
            Ok(rows.iter().map(rows::server).collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The server of this id.
    ///
    /// # Errors
    /// `UnknownServer` if there is none, or it is another user's.
    pub async fn server_of(&self, user_id: i64, id: i64) -> Result<Server> {
        self.again(|| async {
            let sql = "SELECT * FROM servers WHERE user_id = $1 AND id = $2";
            let row = self.query(sql).bind(user_id).bind(id).fetch_optional(&self.reads).await?;
            Ok(rows::server(&row.ok_or(StoreError::UnknownServer)?)?)
        })
        .await
    }

    /// A user's runs, the newest first, of one server or of all; those before this id, at
    /// most so many.
    pub async fn runs_of(
        &self,
        user_id: i64,
        server_id: Option<i64>,
        before: Option<&str>,
        limit: i64,
    ) -> Result<Vec<RunSummary>> {
        self.again(|| async {
            // Two statements: each has an index that ends where the page does.
            let sql = match server_id {
                None => {
                    "SELECT runs.*, servers.name AS server FROM runs \
                        JOIN servers ON servers.id = runs.server_id \
                        WHERE runs.owner_id = $1 AND runs.id < $2 ORDER BY runs.id DESC LIMIT $3"
                }
                Some(_) => {
                    "SELECT runs.*, servers.name AS server FROM runs \
                        JOIN servers ON servers.id = runs.server_id \
                        WHERE runs.server_id = $4 AND servers.user_id = $1 AND runs.id < $2 \
                        ORDER BY runs.id DESC LIMIT $3"
                }
            };
            // `~` comes after all that an id has.
            let before = before.unwrap_or("~").to_owned();
            let page = self.query(sql).bind(user_id).bind(before).bind(limit);
            let page = server_id.into_iter().fold(page, |page, id| page.bind(id));
            let rows = page.fetch_all(&self.reads).await?;
            let summary = rows
                .iter()
                .map(|row| Ok(RunSummary { run: rows::run(row)?, server: row.try_get("server")? }));
            summary.collect()
        })
        .await
    }

    /// All of a run but its output, by its whole id.
    ///
    /// # Errors
    /// `UnknownRun` if there is none, or it is another user's.
    pub async fn run_of(&self, user_id: i64, id: &str) -> Result<RunResource> {
        let unknown = || StoreError::UnknownRun(id.to_owned());
        let owned = self.again(|| async {
            let sql = "SELECT runs.id FROM runs JOIN servers ON servers.id = runs.server_id \
                WHERE runs.id = $1 AND servers.user_id = $2";
            let row = self.query(sql).bind(id.to_owned()).bind(user_id);
            Ok(row.fetch_optional(&self.reads).await?.is_some())
        });
        if !owned.await? {
            return Err(unknown());
        }
        self.run(id).await?.ok_or_else(unknown)
    }
}
