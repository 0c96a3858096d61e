//! When a role leaves: it is told to, or its key is not the installation's any more, or a later
//! version has changed the schema to one that it can't use.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use crate::installation::Installation;
use crate::store::{Store, StoreError};
use crate::supervised;

/// What a role says that holds a key which is not the installation's any more.
const KEY_CHANGED: &str = "the installation's key was changed, and this role has the old one; leaving. \
    Set GROUNDCREW_KEY to the new one, or bring its file here, and start again";

/// How often the schema is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// What may have a role leave.
pub struct Leave {
    interrupt: Signal,
    terminate: Signal,
    installation: Installation,
}

impl Leave {
    /// From now on, a signal ends nothing by itself.
    ///
    /// # Errors
    /// Fails if signals can't be listened to.
    pub fn of(installation: &Installation) -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            installation: installation.clone(),
        })
    }

    /// Returns when it is time to leave, with what the role exits with.
    pub async fn time(&mut self) -> ExitCode {
        let code = tokio::select! {
            _ = self.interrupt.recv() => {
                tracing::info!("interrupted; leaving");
                ExitCode::SUCCESS
            }
            _ = self.terminate.recv() => {
                tracing::info!("told to stop; leaving");
                ExitCode::SUCCESS
            }
            () = self.installation.key_changed() => {
                tracing::error!("{KEY_CHANGED}");
                ExitCode::FAILURE
            }
            error = schema_changed(&self.installation.store) => {
                tracing::error!("leaving: {error}");
                ExitCode::FAILURE
            }
        };
        supervised::leaving();
        code
    }
}

/// Resolves when the schema has become one that this binary can't use.
async fn schema_changed(store: &Store) -> StoreError {
    loop {
        sleep(LOOK).await;
        // A database that is away says nothing.
        if let Err(error @ StoreError::NewerSchema { .. }) = store.check_schema().await {
            return error;
        }
    }
}
