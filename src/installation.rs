//! What all roles of one installation share: the store, the way to tell the others,
//! and the vault. Here is chosen whether they are embedded or apart.

mod addresses;
mod alone;
mod ask;
mod audit;
mod join;
mod login;
mod open;
mod operate;
mod restored;
mod rotate;
mod servers;
mod sessions;
mod tokens;
mod users;

use std::sync::Arc;

pub use addresses::{AddressError, Addresses};
pub use alone::AloneError;
pub use ask::{AskError, Wanted};
pub use join::{JoinError, WantedJoin};
pub use login::{WantedLogin, first_key_of};
pub use open::{OpenError, Role};
pub use operate::OperateError;
pub use restored::Restored;
pub use rotate::RotateError;
pub use servers::{ServerError, WantedServer, check_private_key, check_server_name};
pub use sessions::{SessionSecret, SignInError, Visitor};
pub use tokens::TokenError;
pub use users::{UserError, user_name};

use crate::bus::Bus;
use crate::metrics::Metrics;
use crate::model::Changed;
use crate::queue::Queue;
use crate::store::Store;
use crate::vault::Vault;

/// One installation, opened. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Installation {
    /// Its id, under which hosts keep its runs.
    pub id: Arc<str>,
    /// The address that browsers and new servers see, if it is known.
    pub url: Option<Arc<str>>,
    /// The one source of truth.
    pub store: Store,
    /// For what is kept encrypted.
    pub vault: Vault,
    /// Where servers may not be.
    pub addresses: Addresses,
    /// None for a command beside an `up` with everything in memory: the store is all
    /// that both can reach, and `up` looks there.
    pub wire: Option<Wire>,
    /// What this process counts.
    pub metrics: Arc<Metrics>,
}

/// How one process tells the others.
#[derive(Clone)]
pub struct Wire {
    /// Which run to look at next.
    pub queue: Queue,
    /// Who changed.
    pub bus: Bus,
}

// By hand: there is nothing to see, and the addresses may hold a password.
impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

impl Installation {
    /// Announces a change that is committed (promise 2). What can't be announced now, or
    /// here, the sweeper announces.
    pub async fn announce(&self, changed: Changed) {
        let Some(wire) = &self.wire else { return };
        if let Err(error) = wire.bus.announce(&changed).await {
            let error = anyhow::Error::new(error);
            tracing::debug!(server = changed.server_id, "not announced yet: {error:#}");
            self.metrics.announcements.failed();
            return;
        }
        self.metrics.announcements.announced(changed.at);
        if let Err(error) = self.store.announced(&changed).await {
            let error = anyhow::Error::new(error);
            tracing::debug!(server = changed.server_id, "announced, and not noted: {error:#}");
        }
    }

    /// Says that a run may be claimed. Without it, workers find the run in the store, a little later.
    pub async fn hint(&self, run: &str) {
        let Some(wire) = &self.wire else { return };
        if let Err(error) = wire.queue.hint(run).await {
            tracing::debug!(run, "no hint given: {:#}", anyhow::Error::new(error));
        }
    }
}
