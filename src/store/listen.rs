//! Who may hear what is announced. One place decides, for pages, API and gateway: the owner of
//! the server, for as long as the session or the token lasts with which they asked.

use std::collections::{BTreeSet, HashMap};

use sqlx::Row;

use super::{Result, Store};
use crate::model::{Listening, Proof, Subject};

impl Store {
    /// Whether each of them may listen, in their order. Nobody may hear of a server that does not
    /// exist.
    ///
    /// # Errors
    /// Fails if the database can't be asked.
    pub async fn may_listen(&self, listening: &[Listening]) -> Result<Vec<bool>> {
        let (mut servers, mut runs) = (BTreeSet::new(), BTreeSet::new());
        let (mut sessions, mut tokens) = (BTreeSet::new(), BTreeSet::new());
        for one in listening {
            match &one.subject {
                Subject::Server(id) => servers.insert(id.to_string()),
                Subject::Run(id) => runs.insert(id.clone()),
            };
            match one.proof {
                Some(Proof::Session(id)) => sessions.insert(id.to_string()),
                Some(Proof::Token(id)) => tokens.insert(id.to_string()),
                None => false,
            };
        }
        let sql = "SELECT CAST(id AS TEXT), CAST(user_id AS TEXT) FROM servers \
            WHERE id IN ({listed_numbers})";
        let of_servers = self.users_of(sql, &servers).await?;
        let sql = "SELECT runs.id, CAST(user_id AS TEXT) FROM runs \
            JOIN servers ON servers.id = server_id WHERE runs.id IN ({listed})";
        let of_runs = self.users_of(sql, &runs).await?;
        let sql = "SELECT CAST(id AS TEXT), CAST(user_id AS TEXT) FROM sessions \
            WHERE id IN ({listed_numbers}) AND {live}";
        let of_sessions = self.users_of(sql, &sessions).await?;
        let sql = "SELECT CAST(id AS TEXT), CAST(user_id AS TEXT) FROM tokens \
            WHERE id IN ({listed_numbers}) AND (expires_at IS NULL OR expires_at > {now}) \
                AND ',' || scopes || ',' LIKE '%,read,%'";
        let of_tokens = self.users_of(sql, &tokens).await?;
        let may = |one: &Listening| {
            let owner = match &one.subject {
                Subject::Server(id) => of_servers.get(&id.to_string()),
                Subject::Run(id) => of_runs.get(id),
            };
            let proven = match one.proof {
                Some(Proof::Session(id)) => of_sessions.get(&id.to_string()),
                Some(Proof::Token(id)) => of_tokens.get(&id.to_string()),
                None => Some(&one.user_id),
            };
            owner == Some(&one.user_id) && proven == Some(&one.user_id)
        };
        Ok(listening.iter().map(may).collect())
    }

    /// Whose each of these is, by id; without those that are not there.
    async fn users_of(
        &self,
        sql: &'static str,
        ids: &BTreeSet<String>,
    ) -> Result<HashMap<String, String>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let ids = serde_json::to_string(ids).expect("texts become JSON");
        self.again(|| async {
            let rows = self.query(sql).bind(ids.as_str()).fetch_all(&self.reads).await?;
            rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
        })
        .await
    }
}
