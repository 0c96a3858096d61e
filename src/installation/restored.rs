//! The database was restored from a backup: what the operator says once, before any role starts.

use std::fs::File;

use super::{AloneError, Installation};
use crate::config::Settings;
use crate::model::Actor;
use crate::store::{Backup, StoreError};

/// An installation whose database was restored, and that nobody works on.
#[derive(Debug)]
pub struct Restored {
    installation: Installation,
    /// What the database holds.
    pub backup: Backup,
    _lock: Option<File>,
}

impl Restored {
    /// Looks at it, and changes nothing.
    ///
    /// # Errors
    /// Says who works there, or why it can't be opened.
    pub async fn look(settings: &Settings) -> Result<Self, AloneError> {
        let (installation, _lock) = Installation::open_alone(settings).await?;
        let backup = installation.store.backup_found().await?;
        Ok(Self { installation, backup, _lock })
    }

    /// Makes it ready for roles, and gives what it held.
    ///
    /// # Errors
    /// Those of the database: nothing was changed then.
    pub async fn make_ready(self, by: &Actor) -> Result<Backup, StoreError> {
        self.installation.store.restored(by).await
    }
}
