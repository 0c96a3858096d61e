//! Users: their names, whether they can sign in, and the links with which they choose a
//! password, known by their SHA-256 only (promise 8).

use std::time::Duration;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Result, Store, StoreError, ms, rows};
use crate::model::{NewSession, User};

/// What somebody's password is checked against.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Whose.
    pub user_id: i64,
    /// As a PHC string; None: no password was chosen yet.
    pub password_hash: Option<String>,
}

impl Store {
    /// All users, by id. The first one is the operator.
    pub async fn users(&self) -> Result<Vec<User>> {
        self.again(|| async {
            let sql = "SELECT users.*, (SELECT max(last_seen_at) FROM sessions \
                    WHERE user_id = users.id) AS last_seen_at FROM users ORDER BY id";
            self.query(sql).fetch_all(&self.reads).await?.iter().map(user).collect()
        })
        .await
    }

    /// Adds somebody who can't sign in yet.
    ///
    /// # Errors
    /// `UserNameTaken`.
    pub async fn add_user(&self, name: &str) -> Result<User> {
        self.again(|| async {
            let sql = "INSERT INTO users (name, created_at) VALUES ($1, {now}) \
                RETURNING *, NULL AS last_seen_at";
            let added = self.query(sql).bind(name.to_owned()).fetch_one(&self.writes).await;
            match added.map_err(StoreError::from) {
                Ok(row) => user(&row),
                Err(error) if error.is_taken() => Err(StoreError::UserNameTaken(name.to_owned())),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Removes somebody with their tokens and sessions.
    ///
    /// # Errors
    /// `UserHasServers`, whose runs may be going on.
    pub async fn remove_user(&self, id: i64) -> Result<()> {
        self.again(|| async {
            let removed = self.query("DELETE FROM users WHERE id = $1").bind(id);
            match removed.execute(&self.writes).await.map_err(StoreError::from) {
                Ok(_) => Ok(()),
                Err(error) if error.is_orphan() => Err(StoreError::UserHasServers),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// What the password of who has this name is checked against.
    pub async fn credentials(&self, name: &str) -> Result<Option<Credentials>> {
        self.again(|| async {
            let sql = "SELECT id, password_hash FROM users WHERE name = $1";
            let row = self.query(sql).bind(name.to_owned()).fetch_optional(&self.reads).await?;
            let Some(row) = row else { return Ok(None) };
            let (user_id, password_hash) = (row.try_get(0)?, row.try_get(1)?);
            Ok(Some(Credentials { user_id, password_hash }))
        })
        .await
    }

    /// Whether anybody ever chose a password.
    pub async fn anybody_can_sign_in(&self) -> Result<bool> {
        self.again(|| async {
            let sql = "SELECT id FROM users WHERE password_hash IS NOT NULL LIMIT 1";
            Ok(self.query(sql).fetch_optional(&self.reads).await?.is_some())
        })
        .await
    }

    /// Keeps a link that is good for so long.
    pub async fn add_link(&self, user_id: i64, hash: &[u8], lasts: Duration) -> Result<()> {
        self.again(|| async {
            let sql = "INSERT INTO sign_in_links (link_hash, user_id, created_at, expires_at) \
                VALUES ($1, $2, {now}, {now} + $3)";
            let added = self.query(sql).bind(hash.to_vec()).bind(user_id).bind(ms(lasts));
            added.execute(&self.writes).await?;
            Ok(())
        })
        .await
    }

    /// The name of who may use this link; None: it was used, or its time is over.
    pub async fn link(&self, hash: &[u8]) -> Result<Option<String>> {
        self.again(|| async {
            let sql = "SELECT name FROM sign_in_links \
                JOIN users ON users.id = user_id WHERE link_hash = $1 AND expires_at > {now}";
            let row = self.query(sql).bind(hash.to_vec()).fetch_optional(&self.reads).await?;
            Ok(row.map(|row| row.try_get(0)).transpose()?)
        })
        .await
    }

    /// Uses a link: gives its user this name and password, ends all their sessions and links,
    /// and begins a session.
    ///
    /// # Errors
    /// `UnknownLink`, `UserNameTaken`.
    pub async fn use_link(
        &self,
        hash: &[u8],
        name: &str,
        password_hash: &str,
        session: &NewSession,
        lasts: Duration,
    ) -> Result<i64> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "DELETE FROM sign_in_links WHERE link_hash = $1 AND expires_at > {now} \
                RETURNING user_id";
            let row = self.query(sql).bind(hash.to_vec()).fetch_optional(&mut *tx).await?;
            let user_id: i64 = row.ok_or(StoreError::UnknownLink)?.try_get(0)?;
            let sql = "UPDATE users SET name = $2, password_hash = $3 WHERE id = $1";
            self.query(sql)
                .bind(user_id)
                .bind(name.to_owned())
                .bind(password_hash.to_owned())
                .execute(&mut *tx)
                .await
                .map_err(|error| match StoreError::from(error) {
                    error if error.is_taken() => StoreError::UserNameTaken(name.to_owned()),
                    error => error,
                })?;
            for sql in [
                "DELETE FROM sign_in_links WHERE user_id = $1",
                "DELETE FROM sessions WHERE user_id = $1",
            ] {
                self.query(sql).bind(user_id).execute(&mut *tx).await?;
            }
            self.insert_session(&mut tx, user_id, session, lasts).await?;
            tx.commit().await?;
            Ok(user_id)
        })
        .await
    }
}

fn user(row: &AnyRow) -> Result<User> {
    Ok(User {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        can_sign_in: row.try_get::<Option<String>, _>("password_hash")?.is_some(),
        created_at: rows::time(row, "created_at")?,
        last_seen_at: rows::maybe_time(row, "last_seen_at")?,
    })
}
