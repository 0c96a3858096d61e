//! The audit log: who did what, and when. Rows are only added.

use super::{Result, Store};
use crate::model::{Actor, Deed};

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
}
