//! Opens an installation from its settings, and says clearly what is missing.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};
use thiserror::Error;

use super::{Addresses, Installation, Wire};
use crate::bus::{Bus, BusError};
use crate::config::Settings;
use crate::metrics::Metrics;
use crate::queue::{Queue, QueueError};
use crate::store::{Store, StoreError};
use crate::vault::{Place, Vault, VaultError};

/// Sealed with the key when an installation begins, so that another key is noticed.
pub(super) const KEY_CHECK: (Place<'static>, &[u8]) =
    (Place("installation", "1", "key_check"), b"groundcrew");

/// Who opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `up`: makes what is missing, and keeps in memory what is not set.
    Up,
    /// A role that runs apart: needs both URLs.
    Apart,
    /// A command of a person's, beside the roles.
    Command,
}

/// Why an installation can't be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The store can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Redis can't be used as queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// Redis can't be used as bus.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The key can't be used.
    #[error(transparent)]
    Key(#[from] VaultError),
    /// A role that runs apart has no database, or no Redis, that others reach.
    #[error(
        "{0} is not set: a role that runs apart needs DATABASE_URL and REDIS_URL, the same for all roles. For all of it in one process, start `groundcrew up`"
    )]
    NotSet(&'static str),
    /// There is no installation in the folder.
    #[error(
        "there is no installation in the folder {0}: start one there with `groundcrew up`, or name the right folder with --data, or its database with DATABASE_URL"
    )]
    NoInstallation(String),
    /// The folder can't be used.
    #[error("the data folder {0} can't be used; name another with --data")]
    Folder(String, #[source] io::Error),
    /// Another `up` has it.
    #[error(
        "another `groundcrew up` is running on the data folder {0}; end that one, or name another folder with --data"
    )]
    Locked(String),
    /// The key is gone.
    #[error(
        "GROUNDCREW_KEY is not set, and there is no key file {0}, but this installation's secrets are encrypted with one. Bring the key back (from a backup, or the machine where `up` made it); without it, keys and secret parameters must be entered anew"
    )]
    KeyMissing(String),
    /// There was never one.
    #[error(
        "GROUNDCREW_KEY is not set: roles that run apart need the same key, 32 bytes in base64, as `openssl rand -base64 32` prints them"
    )]
    KeyNotSet,
    /// It is another one.
    #[error(
        "{0} is not the key that this installation's secrets are encrypted with. Bring the right one back; nothing was changed"
    )]
    KeyChanged(String),
}

impl Installation {
    /// Opens the installation that the settings name. The lock, if there is one, must be
    /// kept for as long as it is used.
    ///
    /// # Errors
    /// Says what is missing or out of reach, and what to do.
    pub async fn open(settings: &Settings, role: Role) -> Result<(Self, Option<File>), OpenError> {
        if role == Role::Apart && settings.database_url.is_none() {
            return Err(OpenError::NotSet("DATABASE_URL"));
        }
        if role == Role::Apart && settings.redis_url.is_none() {
            return Err(OpenError::NotSet("REDIS_URL"));
        }
        let folder = settings.data.display().to_string();
        let mut lock = None;
        if role == Role::Up {
            lock = Some(lock_folder(&settings.data, &folder)?);
        } else if settings.is_embedded() && !settings.data.join("groundcrew.db").exists() {
            return Err(OpenError::NoInstallation(folder));
        }
        let store = Store::open(&settings.database(), role == Role::Up).await?;
        if role == Role::Up {
            store.migrate().await?;
        }
        store.check_schema().await?;
        let vault = open_vault(settings, &store, role).await?;
        let wire = open_wire(settings, role).await?;
        let id = store.installation().await?.into();
        if lock.is_some() && settings.is_embedded() {
            // The lock shows that whoever drove runs here is gone: nobody need wait for that.
            store.expire_leases().await?;
        }
        let url = settings.url.as_deref().map(Arc::from);
        let addresses = Addresses::of(settings);
        let metrics = Metrics::of(&store, wire.as_ref()).into();
        Ok((Self { id, url, store, vault, addresses, wire, metrics }, lock))
    }
}

pub(super) fn lock_folder(path: &Path, shown: &str) -> Result<File, OpenError> {
    let unusable = |error| OpenError::Folder(shown.to_owned(), error);
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path.join("lock"))
        .map_err(unusable)?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(OpenError::Locked(shown.to_owned())),
        Err(error) => Err(unusable(error.into())),
    }
}

async fn open_wire(settings: &Settings, role: Role) -> Result<Option<Wire>, OpenError> {
    let prefix = &settings.redis_prefix;
    Ok(match &settings.redis_url {
        Some(url) => {
            let queue = Queue::redis(url, prefix).await?;
            let bus = Bus::redis(url, prefix).await?;
            Some(Wire { queue, bus })
        }
        None if role == Role::Up => Some(Wire { queue: Queue::memory(), bus: Bus::memory() }),
        None => None,
    })
}

/// The vault with the installation's one key, which an `up` makes at its first start.
async fn open_vault(settings: &Settings, store: &Store, role: Role) -> Result<Vault, OpenError> {
    let file = settings.key_file();
    let check = store.key_check().await?;
    let (vault, from) = match &settings.key {
        Some(key) => (Vault::new(key, "GROUNDCREW_KEY")?, "GROUNDCREW_KEY".to_owned()),
        None => {
            let shown = file.display().to_string();
            let vault = match Vault::read(&file)? {
                Some(vault) => rotated(settings, check.as_deref())?.unwrap_or(vault),
                None if check.is_some() => return Err(OpenError::KeyMissing(shown)),
                None if role == Role::Up => Vault::make(&file)?,
                None => return Err(OpenError::KeyNotSet),
            };
            (vault, shown)
        }
    };
    let (place, text) = KEY_CHECK;
    let check = match check {
        Some(check) => check,
        // Whoever is first decides; another key beside it is noticed below.
        None => store.set_key_check(&vault.seal(place, text)).await?,
    };
    vault.open(place, &check).map_err(|_| OpenError::KeyChanged(from))?;
    Ok(vault)
}

/// The next key, if everything is encrypted with it already: whoever rotated was killed before
/// it could put the key where it belongs, which is done here.
fn rotated(settings: &Settings, check: Option<&[u8]>) -> Result<Option<Vault>, VaultError> {
    let (file, next) = (settings.key_file(), settings.next_key_file());
    let (Some(check), Some(vault)) = (check, Vault::read(&next)?) else { return Ok(None) };
    if vault.open(KEY_CHECK.0, check).is_err() {
        return Ok(None);
    }
    let failed = |error| VaultError::File(file.display().to_string(), error);
    std::fs::rename(&next, &file).map_err(failed)?;
    Ok(Some(vault))
}
