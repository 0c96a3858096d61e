//! Who may hear of a server: its owner. The one place that pages, API and gateway ask.

use std::collections::{BTreeSet, HashMap};

use sqlx::Row;

use super::{Result, Store};

/// Somebody who listens, or wants to.
#[derive(Debug, Clone)]
pub struct Listening {
    /// Whose changes.
    pub server_id: i64,
    /// Who, as the authorization named them.
    pub user_id: String,
    /// In which session, if in one.
    pub session: Option<String>,
}

impl Store {
    /// Whether each of them may listen, in their order. Nobody may hear of a server that does not
    /// exist.
    ///
    /// # Errors
    /// Fails if the database can't be asked.
    pub async fn may_listen(&self, listening: &[Listening]) -> Result<Vec<bool>> {
        if listening.is_empty() {
            return Ok(Vec::new());
        }
        let ids: BTreeSet<_> = listening.iter().map(|one| one.server_id).collect();
        let ids = serde_json::to_string(&ids).expect("numbers become JSON");
        let owners: HashMap<i64, String> = self
            .again(|| async {
                let sql = "SELECT id, user_id FROM servers WHERE id IN ({listed})";
                let rows = self.query(sql).bind(ids.as_str()).fetch_all(&self.reads).await?;
                rows.iter()
                    .map(|row| Ok((row.try_get(0)?, row.try_get::<i64, _>(1)?.to_string())))
                    .collect()
            })
            .await?;
        Ok(listening.iter().map(|one| owners.get(&one.server_id) == Some(&one.user_id)).collect())
    }
}
