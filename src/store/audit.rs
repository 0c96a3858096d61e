//! The audit log: who did what, and when. Rows are added, and forgotten when they are old.

use std::time::Duration;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Result, Store, rows};
use crate::model::{Actor, AuditEntry, Deed};

impl Store {
    /// Writes down what somebody did.
    pub async fn audit(&self, by: &Actor, deed: &Deed) -> Result<()> {
        self.again(|| async {
            let sql = "INSERT INTO audit_log \
                (at, user_id, actor, address, action, server_id, run_id, detail) \
                VALUES ({now}, $1, $2, $3, $4, $5, $6, $7)";
            self.query(sql)
                .bind(by.user_id)
                .bind(by.name.clone())
                .bind(by.address.clone())
                .bind(deed.action)
                .bind(deed.server_id)
                .bind(deed.run_id.clone())
                .bind(deed.detail.clone())
                .execute(&self.writes)
                .await?;
            Ok(())
        })
        .await
    }

    /// What was done, the newest first, about one server or all, at most so many.
    pub async fn audited(&self, server_id: Option<i64>, limit: i64) -> Result<Vec<AuditEntry>> {
        self.again(|| async {
            let sql = match server_id {
                None => "SELECT * FROM audit_log ORDER BY id DESC LIMIT $1",
                Some(_) => "SELECT * FROM audit_log WHERE server_id = $2 ORDER BY id DESC LIMIT $1",
            };
            let last = self.query(sql).bind(limit);
            let last = server_id.into_iter().fold(last, |last, id| last.bind(id));
            let rows = last.fetch_all(&self.reads).await?;
            rows.iter().map(entry).collect()
        })
        .await
    }

    /// Forgets what was done longer ago than this.
    pub async fn forget_audited(&self, age: Duration) -> Result<()> {
        self.again(|| async {
            let sql = "DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log \
                WHERE at < (SELECT {now}) - $1 ORDER BY at LIMIT $2)";
            self.forget(sql, age).await
        })
        .await
    }
}

fn entry(row: &AnyRow) -> Result<AuditEntry> {
    Ok(AuditEntry {
        id: row.try_get("id")?,
        at: rows::time(row, "at")?,
        user_id: row.try_get("user_id")?,
        actor: row.try_get("actor")?,
        address: row.try_get("address")?,
        action: row.try_get("action")?,
        server_id: row.try_get("server_id")?,
        run_id: row.try_get("run_id")?,
        detail: row.try_get("detail")?,
    })
}
