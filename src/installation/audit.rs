//! Who did what: every verb of an installation is told by whom, and writes it down.

use super::Installation;
use crate::model::{Actor, Deed};

impl Installation {
    /// Writes down what was just done. It is done, whether or not this can be written: then
    /// the log of this process has it.
    pub async fn audit(&self, by: &Actor, deed: Deed) {
        if let Err(error) = self.store.audit(by, &deed).await {
            let error = anyhow::Error::new(error);
            tracing::error!(
                actor = by.name,
                action = deed.action,
                server = deed.server_id,
                run = deed.run_id,
                "done, and not written to the audit log: {error:#}"
            );
        }
    }
}
