//! Opens an installation for a command that nobody may work beside.

use std::fs::File;

use thiserror::Error;

use super::Installation;
use super::open::{OpenError, Role, lock_folder};
use crate::config::Settings;
use crate::store::StoreError;

/// Who was heard of within so many ms still runs.
const ALIVE: i64 = 15_000;

/// Why it can't be opened so.
#[derive(Debug, Error)]
pub enum AloneError {
    /// The installation can't be opened, or an `up` has it.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody works there.
    #[error(
        "the worker {name} runs on {host}; stop all roles (up, worker, web, gateway), and try again. One that was killed is forgotten after 15 s"
    )]
    Running {
        /// The worker.
        name: String,
        /// Its machine.
        host: String,
    },
}

impl Installation {
    /// Opens it if no worker was heard of lately. As long as the lock is kept, no `up` starts in
    /// the data folder.
    pub(super) async fn open_alone(
        settings: &Settings,
    ) -> Result<(Self, Option<File>), AloneError> {
        let (installation, _) = Self::open(settings, Role::Command).await?;
        let lock = match settings.data.is_dir() {
            true => Some(lock_folder(&settings.data, &settings.data.display().to_string())?),
            false => None,
        };
        let workers = match settings.is_embedded() && lock.is_some() {
            // The lock shows that nobody is there.
            true => vec![],
            false => installation.store.workers().await?,
        };
        match workers.into_iter().find(|worker| worker.silent < ALIVE) {
            Some(worker) => Err(AloneError::Running { name: worker.name, host: worker.host }),
            None => Ok((installation, lock)),
        }
    }
}
