//! Everything that is kept encrypted, in one list, and the one transaction in which all of it
//! gets another key.

use sqlx::{AssertSqlSafe, Row};

use super::{Result, Store, StoreError};

/// A column with values that the vault has sealed.
#[derive(Debug, Clone, Copy)]
pub struct Sealed {
    /// Its table.
    pub table: &'static str,
    /// SQL of the text that names the row, as [`crate::vault::Place`] has it.
    pub row: &'static str,
    /// The column.
    pub column: &'static str,
    /// The table that it was sealed for: this one, or the one that it will be moved to.
    pub place: &'static str,
}

/// All of them. A test compares this list with the schema.
pub const SEALED: [Sealed; 5] = [
    Sealed {
        table: "installation",
        row: "CAST(one AS TEXT)",
        column: "key_check",
        place: "installation",
    },
    Sealed { table: "servers", row: "CAST(id AS TEXT)", column: "private_key", place: "servers" },
    Sealed { table: "servers", row: "public_key", column: "first_key", place: "servers" },
    Sealed { table: "runs", row: "id", column: "secrets", place: "runs" },
    Sealed { table: "provision_wants", row: "run_id", column: "secrets", place: "runs" },
];

impl Store {
    /// Seals everything anew: `reseal` is given place and value, and gives the new value, if it
    /// needs one. All or nothing. Gives how many were new. Digests of requests are forgotten: who
    /// repeats one of these asks a second time.
    ///
    /// # Errors
    /// Those of `reseal`: nothing was changed then.
    pub async fn reseal<E: From<StoreError>>(
        &self,
        reseal: impl Fn(&Sealed, &str, &[u8]) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<usize, E> {
        let done = self.again(|| async {
            let mut tx = self.begin().await?;
            let mut count = 0;
            for sealed in &SEALED {
                let Sealed { table, row, column, .. } = sealed;
                let sql = format!("SELECT {row}, {column} FROM {table} WHERE {column} IS NOT NULL");
                let values = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *tx).await?;
                let sql = format!("UPDATE {table} SET {column} = $2 WHERE {row} = $1");
                for value in &values {
                    let name: String = value.try_get(0)?;
                    let new = match reseal(sealed, &name, &value.try_get::<Vec<u8>, _>(1)?) {
                        Ok(Some(new)) => new,
                        Ok(None) => continue,
                        Err(error) => return Ok(Err(error)),
                    };
                    let update = sqlx::query(AssertSqlSafe(sql.clone())).bind(name).bind(new);
                    update.execute(&mut *tx).await?;
                    count += 1;
                }
            }
            self.query("DELETE FROM idempotency_keys").execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(Ok(count))
        });
        done.await?
    }
}
