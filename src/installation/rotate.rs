//! Another key for everything that is kept encrypted. Roles notice, and leave; none that
//! drives runs may be there when it begins.

use std::io;
use std::time::Duration;

use thiserror::Error;
use tokio::time::sleep;

use super::open::KEY_CHECK;
use super::{AloneError, Installation};
use crate::config::Settings;
use crate::model::{Actor, Deed};
use crate::store::StoreError;
use crate::vault::{Place, Vault, VaultError};

/// How often a role looks whether its key is still the installation's.
const LOOK: Duration = Duration::from_secs(5);

/// Why the key was not changed.
#[derive(Debug, Error)]
pub enum RotateError {
    /// The installation can't be opened, or somebody works there, with the old key.
    #[error(transparent)]
    Open(#[from] AloneError),
    /// The new key is none, or something does not open with the old one.
    #[error(transparent)]
    Key(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key comes from the environment, and so must the new one.
    #[error(
        "GROUNDCREW_NEW_KEY is not set: the key is in GROUNDCREW_KEY, so the new one must be given, too. Make one with `openssl rand -base64 32`, and set it for every role when this is done"
    )]
    NotSet,
    /// The new key's file is not where the old one's is.
    #[error(
        "everything is encrypted with the new key, but the file {from} could not be renamed to {to}; do that by hand, before anything else"
    )]
    Rename {
        /// Where the new key is.
        from: String,
        /// Where it belongs.
        to: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Installation {
    /// Encrypts everything with another key: `new`, or, where the key is in the data folder's
    /// file, one that is made and put there. Gives how many values there were.
    ///
    /// # Errors
    /// Says why not; then nothing was changed, but for `Rename`.
    pub async fn rotate_key(
        settings: &Settings,
        by: &Actor,
        new: Option<&str>,
    ) -> Result<usize, RotateError> {
        // Nobody starts an `up` here meanwhile.
        let (installation, _lock) = Self::open_alone(settings).await?;
        let (file, next) = (settings.key_file(), settings.next_key_file());
        let in_file = settings.key.is_none();
        let vault = match new {
            Some(key) if in_file => Vault::keep(&next, key)?,
            Some(key) => Vault::new(key, "GROUNDCREW_NEW_KEY")?,
            None if in_file => Vault::make(&next)?,
            None => return Err(RotateError::NotSet),
        };
        let old = &installation.vault;
        let reseal = |sealed: &crate::store::Sealed, row: &str, value: &[u8]| {
            let place = Place(sealed.place, row, sealed.column);
            if vault.open(place, value).is_ok() {
                return Ok(None);
            }
            Ok::<_, RotateError>(Some(vault.seal(place, &old.open(place, value)?)))
        };
        let count = installation.store.reseal(reseal).await?;
        if in_file {
            std::fs::rename(&next, &file).map_err(|source| RotateError::Rename {
                from: next.display().to_string(),
                to: file.display().to_string(),
                source,
            })?;
        }
        // A web or a command that was open has noticed by then, and left. What it sealed before
        // that has the old key.
        sleep(2 * LOOK).await;
        let late = installation.store.reseal(reseal).await?;
        installation.audit(by, Deed { action: "key.rotate", ..Deed::default() }).await;
        Ok(count + late)
    }

    /// Resolves when the installation has another key than the one that it was opened with.
    pub async fn key_changed(&self) {
        let (place, _) = KEY_CHECK;
        loop {
            sleep(LOOK).await;
            // A database that is away says nothing.
            if let Ok(Some(check)) = self.store.key_check().await
                && self.vault.open(place, &check).is_err()
            {
                return;
            }
        }
    }
}
