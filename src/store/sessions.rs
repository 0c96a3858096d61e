//! Sessions: known by the SHA-256 of what a browser's cookie holds only (promise 8). Every
//! process asks here, so one that was ended at one of them is ended at all.

use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{Result, Store, ms, rows};
use crate::model::{NewSession, Session};

/// A session that a browser showed, and whose it is.
#[derive(Debug, Clone)]
pub struct ShownSession {
    /// The session.
    pub session: Session,
    /// Its user.
    pub user_id: i64,
    /// Their name.
    pub user: String,
    /// Whether that is the installation's first user, who sees to its workers.
    pub operator: bool,
}

impl Store {
    /// Begins a session, if the user's password still has the hash that it was checked against.
    /// None: it was changed meanwhile.
    pub async fn begin_session(
        &self,
        user_id: i64,
        password_hash: &str,
        new: &NewSession,
        lasts: Duration,
    ) -> Result<Option<Session>> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            // Who changes the password waits for this, and then ends the session.
            let sql = "SELECT id FROM users WHERE id = $1 AND password_hash = $2 {for_update}";
            let user = self.query(sql).bind(user_id).bind(password_hash.to_owned());
            if user.fetch_optional(&mut *tx).await?.is_none() {
                return Ok(None);
            }
            let session = self.insert_session(&mut tx, user_id, new, lasts).await?;
            tx.commit().await?;
            Ok(Some(session))
        })
        .await
    }

    /// A session instead of the one that the browser had: an id that somebody knew before is
    /// worth nothing after a sign-in.
    pub(super) async fn insert_session(
        &self,
        tx: &mut AnyConnection,
        user_id: i64,
        new: &NewSession,
        lasts: Duration,
    ) -> Result<Session> {
        if let Some(former) = new.instead_of {
            let sql = "DELETE FROM sessions WHERE session_hash = $1";
            self.query(sql).bind(former.to_vec()).execute(&mut *tx).await?;
        }
        let sql = "INSERT INTO sessions (user_id, session_hash, created_at, last_seen_at, \
                expires_at, address, agent) \
            VALUES ($1, $2, {now}, {now}, {now} + $3, $4, $5) RETURNING *";
        let row = self
            .query(sql)
            .bind(user_id)
            .bind(new.hash.to_vec())
            .bind(ms(lasts))
            .bind(new.address.clone())
            .bind(new.agent.clone())
            .fetch_one(tx)
            .await?;
        session(&row)
    }

    /// The session with this hash, if it has not ended; notes, to the minute, that it was seen.
    pub async fn shown_session(&self, hash: &[u8]) -> Result<Option<ShownSession>> {
        self.again(|| async {
            let sql = "SELECT sessions.*, users.name AS user_name, \
                    CASE WHEN last_seen_at > {now} - 60000 THEN 0 ELSE 1 END AS note_seen, \
                    CASE WHEN user_id = (SELECT min(id) FROM users) THEN 1 ELSE 0 END AS operator \
                FROM sessions JOIN users ON users.id = user_id \
                WHERE session_hash = $1 AND {live}";
            let row = self.query(sql).bind(hash.to_vec()).fetch_optional(&self.reads).await?;
            let Some(row) = row else { return Ok(None) };
            let shown = ShownSession {
                session: session(&row)?,
                user_id: row.try_get("user_id")?,
                user: row.try_get("user_name")?,
                operator: rows::flag(&row, "operator")?,
            };
            if rows::flag(&row, "note_seen")? {
                let sql = "UPDATE sessions SET last_seen_at = {now} WHERE id = $1";
                self.query(sql).bind(shown.session.id).execute(&self.writes).await?;
            }
            Ok(Some(shown))
        })
        .await
    }

    /// A user's sessions, the newest first.
    pub async fn sessions_of(&self, user_id: i64) -> Result<Vec<Session>> {
        self.again(|| async {
            let sql = "SELECT * FROM sessions WHERE user_id = $1 AND {live} ORDER BY id DESC";
            let rows = self.query(sql).bind(user_id).fetch_all(&self.reads).await?;
            rows.iter().map(session).collect()
        })
        .await
    }

    /// Ends a session.
    pub async fn end_session(&self, id: i64) -> Result<()> {
        self.again(|| async {
            let ended = self.query("DELETE FROM sessions WHERE id = $1").bind(id);
            ended.execute(&self.writes).await?;
            Ok(())
        })
        .await
    }

    /// Changes a password that was checked against `old`, ends the user's other sessions and
    /// links, and gives this session another id. `false`: it was changed meanwhile.
    pub async fn change_password(
        &self,
        user_id: i64,
        (old, new): (&str, &str),
        (session_id, session_hash): (i64, &[u8]),
    ) -> Result<bool> {
        self.again(|| async {
            let mut tx = self.begin().await?;
            let sql = "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
            let changed = self.query(sql).bind(user_id).bind(old.to_owned()).bind(new.to_owned());
            if changed.execute(&mut *tx).await?.rows_affected() == 0 {
                return Ok(false);
            }
            let sql = "DELETE FROM sign_in_links WHERE user_id = $1";
            self.query(sql).bind(user_id).execute(&mut *tx).await?;
            let sql = "DELETE FROM sessions WHERE user_id = $1 AND id <> $2";
            self.query(sql).bind(user_id).bind(session_id).execute(&mut *tx).await?;
            let sql = "UPDATE sessions SET session_hash = $2 WHERE id = $1";
            let kept = self.query(sql).bind(session_id).bind(session_hash.to_vec());
            kept.execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Forgets sessions and links whose time is over.
    pub async fn forget_sessions(&self) -> Result<()> {
        self.again(|| async {
            for sql in [
                "DELETE FROM sessions WHERE NOT ({live})",
                "DELETE FROM sign_in_links WHERE expires_at <= {now}",
            ] {
                self.query(sql).execute(&self.writes).await?;
            }
            Ok(())
        })
        .await
    }
}

fn session(row: &AnyRow) -> Result<Session> {
    Ok(Session {
        id: row.try_get("id")?,
        created_at: rows::time(row, "created_at")?,
        last_seen_at: rows::time(row, "last_seen_at")?,
        expires_at: rows::time(row, "expires_at")?,
        address: row.try_get("address")?,
        agent: row.try_get("agent")?,
    })
}
