//! Who we are: the installation's id, and the proof that its key is still the same.

use sqlx::Row;
use uuid::Uuid;

use super::{Result, Store};

impl Store {
    /// The installation's id, a UUID; made at the first call, the same for all callers.
    pub async fn installation(&self) -> Result<String> {
        let made = Uuid::new_v4().to_string();
        self.again(|| async {
            let known = self.query("SELECT id FROM installation");
            if let Some(row) = known.fetch_optional(&self.reads).await? {
                return Ok(row.try_get(0)?);
            }
            let sql = "INSERT INTO installation (one, id, created_at) VALUES (1, $1, {now}) \
                ON CONFLICT DO NOTHING";
            self.query(sql).bind(made.as_str()).execute(&self.writes).await?;
            let row = self.query("SELECT id FROM installation").fetch_one(&self.writes).await?;
            Ok(row.try_get(0)?)
        })
        .await
    }

    /// A known text, encrypted with the key that this installation began with.
    pub async fn key_check(&self) -> Result<Option<Vec<u8>>> {
        self.again(|| async {
            let check = self.query("SELECT key_check FROM installation");
            match check.fetch_optional(&self.reads).await? {
                Some(row) => Ok(row.try_get(0)?),
                None => Ok(None),
            }
        })
        .await
    }

    /// Sets it where none is; gives the one that is there then.
    pub async fn set_key_check(&self, check: &[u8]) -> Result<Vec<u8>> {
        self.installation().await?;
        self.again(|| async {
            self.query("UPDATE installation SET key_check = $1 WHERE key_check IS NULL")
                .bind(check.to_vec())
                .execute(&self.writes)
                .await?;
            let row = self.query("SELECT key_check FROM installation");
            Ok(row.fetch_one(&self.writes).await?.try_get(0)?)
        })
        .await
    }
}
