//! Requests that must not be done twice, whoever repeats them and however often.
//!
//! What is made gets its id here, before it is made. Who comes a second time, at the same
//! moment or after a crash, gets the same id, makes the same thing once more (which changes
//! nothing), and gives the same answer. So nobody waits, and nothing is left locked.

use std::time::Duration;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Result, Store};

/// A request that came before, or that is here for the first time.
#[derive(Debug, Clone)]
pub struct Repeatable {
    /// The sealed digest of the request that came first.
    pub request: Vec<u8>,
    /// The id that what is made has, or gets.
    pub made: String,
    /// Its HTTP status and body, once it was answered.
    pub answer: Option<(u16, String)>,
}

impl Store {
    /// The request that came first with this key.
    pub async fn request(&self, user_id: i64, key: &str) -> Result<Option<Repeatable>> {
        self.again(|| async {
            let sql = "SELECT * FROM idempotency_keys WHERE user_id = $1 AND key = $2";
            let row = self.query(sql).bind(user_id).bind(key.to_owned());
            row.fetch_optional(&self.reads).await?.as_ref().map(repeatable).transpose()
        })
        .await
    }

    /// Keeps a request under its key, and gives the one that is there then: this one, or the
    /// one that came before it.
    pub async fn remember_request(
        &self,
        user_id: i64,
        key: &str,
        request: &[u8],
        made: &str,
    ) -> Result<Repeatable> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "INSERT INTO idempotency_keys (user_id, key, request, made, created_at) \
                VALUES ($1, $2, $3, $4, {now}) ON CONFLICT DO NOTHING";
            self.query(sql)
                .bind(user_id)
                .bind(key.to_owned())
                .bind(request.to_vec())
                .bind(made.to_owned())
                .execute(&mut *tx)
                .await?;
            let sql = "SELECT * FROM idempotency_keys WHERE user_id = $1 AND key = $2";
            let row = self.query(sql).bind(user_id).bind(key.to_owned());
            let row = row.fetch_one(&mut *tx).await?;
            tx.commit().await?;
            repeatable(&row)
        })
        .await
    }

    /// Keeps the answer, and gives the one that is there then: the first one stays.
    pub async fn remember_answer(
        &self,
        user_id: i64,
        key: &str,
        status: u16,
        body: &str,
    ) -> Result<Option<Repeatable>> {
        self.again(|| async {
            let sql = "UPDATE idempotency_keys \
                SET status = COALESCE(status, $3), body = COALESCE(body, $4) \
                WHERE user_id = $1 AND key = $2 RETURNING *";
            let row = self
                .query(sql)
                .bind(user_id)
                .bind(key.to_owned())
                .bind(i64::from(status))
                .bind(body.to_owned())
                .fetch_optional(&self.writes)
                .await?;
            row.as_ref().map(repeatable).transpose()
        })
        .await
    }

    /// Forgets requests that are older than this.
    pub async fn forget_requests(&self, age: Duration) -> Result<()> {
        self.again(|| async {
            let sql = "DELETE FROM idempotency_keys WHERE (user_id, key) IN \
                (SELECT user_id, key FROM idempotency_keys \
                    WHERE created_at < (SELECT {now}) - $1 ORDER BY created_at LIMIT $2)";
            self.forget(sql, age).await
        })
        .await
    }
}

fn repeatable(row: &AnyRow) -> Result<Repeatable> {
    let status: Option<i64> = row.try_get("status")?;
    let body: Option<String> = row.try_get("body")?;
    Ok(Repeatable {
        request: row.try_get("request")?,
        made: row.try_get("made")?,
        answer: status.map(|status| status as u16).zip(body),
    })
}
