//! A copy of an embedded database, beside everybody who writes to it.

use std::path::Path;

use super::dialect::Dialect;
use super::{Result, Store, StoreError};

impl Store {
    /// Writes the database as it is at one moment into this file, which is there and empty.
    /// Nobody waits for it.
    ///
    /// # Errors
    /// `NoFile` for Postgres, which has tools of its own.
    pub async fn copy_into(&self, file: &Path) -> Result<()> {
        if self.dialect == Dialect::Postgres {
            return Err(StoreError::NoFile(self.place.to_string()));
        }
        let path = file.to_str().ok_or_else(|| StoreError::File {
            path: file.display().to_string(),
            problem: "SQLite takes only names in UTF-8; choose another one".to_owned(),
        })?;
        // Not `.backup`, which begins anew whenever somebody writes. No time limit: it is large.
        let done = self.query("VACUUM INTO $1").bind(path.to_owned()).execute(&self.reads).await;
        done.map(drop).map_err(|error| StoreError::from(error).at(&self.place))
    }
}
