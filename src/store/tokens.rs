//! Bearer tokens, known by the SHA-256 of their text only (promise 8).

use std::collections::BTreeSet;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Result, Store, StoreError, rows};
use crate::model::{NewToken, Scope, Token};

/// A token that somebody showed, and whose it is.
#[derive(Debug, Clone)]
pub struct ShownToken {
    /// The token.
    pub token: Token,
    /// Its owner.
    pub user_id: i64,
    /// Whether that is the installation's first user, who sees to its workers.
    pub operator: bool,
    /// Whether its time is over, by the database's clock.
    pub expired: bool,
}

impl Store {
    /// Keeps a token by its hash.
    ///
    /// # Errors
    /// `TokenNameTaken`.
    pub async fn add_token(&self, user_id: i64, new: &NewToken, hash: &[u8]) -> Result<Token> {
        self.again(|| async {
            let sql = "INSERT INTO tokens (user_id, name, token_hash, scopes, created_at, expires_at) \
                VALUES ($1, $2, $3, $4, {now}, $5) RETURNING *";
            let added = self
                .query(sql)
                .bind(user_id)
                .bind(new.name.clone())
                .bind(hash.to_vec())
                .bind(words(&new.scopes))
                .bind(new.expires_at.map(|at| at.as_millisecond()))
                .fetch_one(&self.writes)
                .await
                .map_err(StoreError::from);
            match added {
                Ok(row) => token(&row),
                Err(error) if error.is_taken() => Err(StoreError::TokenNameTaken(new.name.clone())),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// The token with this hash; notes, to the minute, that it was used.
    pub async fn shown_token(&self, hash: &[u8]) -> Result<Option<ShownToken>> {
        self.again(|| async {
            let sql = "SELECT tokens.*, \
                    CASE WHEN expires_at <= {now} THEN 1 ELSE 0 END AS expired, \
                    CASE WHEN last_used_at > {now} - 60000 THEN 0 ELSE 1 END AS note_use, \
                    CASE WHEN user_id = (SELECT min(id) FROM users) THEN 1 ELSE 0 END AS operator \
                FROM tokens WHERE token_hash = $1";
            let row = self.query(sql).bind(hash.to_vec()).fetch_optional(&self.reads).await?;
            let Some(row) = row else { return Ok(None) };
            let shown = ShownToken {
                token: token(&row)?,
                user_id: row.try_get("user_id")?,
                operator: rows::flag(&row, "operator")?,
                expired: rows::flag(&row, "expired")?,
            };
            if rows::flag(&row, "note_use")? && !shown.expired {
                let sql = "UPDATE tokens SET last_used_at = {now} WHERE id = $1";
                self.query(sql).bind(shown.token.id).execute(&self.writes).await?;
            }
            Ok(Some(shown))
        })
        .await
    }

    /// A user's tokens, by id, those after this one, at most so many.
    pub async fn tokens_of(&self, user_id: i64, after: i64, limit: i64) -> Result<Vec<Token>> {
        self.again(|| async {
            let sql = "SELECT * FROM tokens WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3";
            let rows = self.query(sql).bind(user_id).bind(after).bind(limit);
            rows.fetch_all(&self.reads).await?.iter().map(token).collect()
        })
        .await
    }

    /// Forgets a user's token: whoever shows it from now on is refused. Gives what it was.
    pub async fn revoke_token(&self, user_id: i64, id: i64) -> Result<Option<Token>> {
        self.again(|| async {
            let sql = "DELETE FROM tokens WHERE user_id = $1 AND id = $2 RETURNING *";
            let row = self.query(sql).bind(user_id).bind(id);
            row.fetch_optional(&self.writes).await?.as_ref().map(token).transpose()
        })
        .await
    }
}

fn words(scopes: &BTreeSet<Scope>) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",")
}

fn token(row: &AnyRow) -> Result<Token> {
    let scopes: String = row.try_get("scopes")?;
    let scopes = scopes.split(',').map(str::parse).collect::<Result<_, String>>();
    Ok(Token {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        scopes: scopes.map_err(|error| sqlx::Error::Decode(error.into()))?,
        created_at: rows::time(row, "created_at")?,
        last_used_at: rows::maybe_time(row, "last_used_at")?,
        expires_at: rows::maybe_time(row, "expires_at")?,
    })
}
