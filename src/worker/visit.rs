//! Visits to servers that join: which host key one shows that nobody knows yet, and step 4, the
//! first login with the key that is pinned.
//!
//! A visit only looks, so that it needs no fence on the host; a lease in SQL keeps two workers
//! from writing (promise 4), and who dies in the middle is followed by another (promise 6). A
//! host that is away takes up no slot: it is visited again, by whoever comes first.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::Worker;
use super::lease::{Keeper, LEASE};
use super::prepare::target;
use crate::model::{Actor, Changed, ConnectivityClaim, Deed, Facts, FailureKind, Server, Stranger};
use crate::remote::{Failure, offered_key, visit};
use crate::stop::stopped;
use crate::store::StoreError;

/// A server may be away so long before its step is failed.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// To learn a host key takes so long at most.
pub const LEARN: Duration = Duration::from_secs(70);
/// A visit takes so long at most, with all logins.
const VISIT: Duration = Duration::from_secs(120);
/// Between visits of a host that is away: at first, and at most.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(20));

impl Worker {
    /// Does step 4 of a server, if the host can be reached; gives it back, where it can't.
    pub(super) async fn connect(&self, claim: &ConnectivityClaim) {
        let since = Instant::now();
        let (store, lease) = (self.installation.store.clone(), claim.lease);
        let keeper = Keeper::keep(since, move || {
            let store = store.clone();
            async move { store.renew_connectivity(&lease, LEASE).await }
        });
        let mut stop = self.stop.clone();
        let written = tokio::select! {
            visited = self.log_in(claim) => self.write(claim, visited).await,
            () = keeper.lost() => Err(StoreError::Fenced),
            () = stopped(&mut stop) => self.leave_to_others(claim).await,
        };
        if let Err(error) = written {
            // The lease expires, and another worker visits it.
            tracing::warn!("step 4 is let go of: {:#}", anyhow::Error::new(error));
        }
    }

    pub(super) async fn leave_to_others(
        &self,
        claim: &ConnectivityClaim,
    ) -> Result<(), StoreError> {
        self.installation.store.hand_back_connectivity(&claim.lease).await
    }

    /// As root and as the app user, before any parameter is sent.
    async fn log_in(&self, claim: &ConnectivityClaim) -> Result<Facts, Failure> {
        let server = &claim.server;
        self.may_be_there(server).await?;
        let target = target(server)?;
        let ssh = self.login(server, claim.private_key.as_deref())?;
        match timeout(VISIT, visit(&ssh, &target)).await {
            Ok(visited) => visited,
            Err(_) => Err(Failure::new(
                FailureKind::Unreachable,
                format!("{target} lets us in, and does not answer"),
            )),
        }
    }

    /// What the visit has shown; what was wanted is asked for with it.
    async fn write(
        &self,
        claim: &ConnectivityClaim,
        visited: Result<Facts, Failure>,
    ) -> Result<(), StoreError> {
        let (store, lease, server) = (&self.installation.store, &claim.lease, &claim.server);
        let failure = match visited {
            Ok(facts) => {
                let connected = store.complete_connectivity(lease, &facts).await?;
                tracing::info!("connected");
                // Whoever looks sees the server connected before its run begins.
                self.installation.announce(connected.changed).await;
                if let Some(run) = connected.run {
                    self.installation.hint(&run).await;
                    self.asked(server, run).await;
                }
                return Ok(());
            }
            Err(failure) => failure,
        };
        tracing::info!("not connected: {failure}");
        let changed = match self.again(&failure, claim.unreachable_for) {
            Some(after) => store.connectivity_away(lease, after, &failure.message).await?,
            None => {
                let message = given_up(&failure);
                store.fail_connectivity(lease, failure.kind, &message).await?
            }
        };
        self.installation.announce(changed).await;
        Ok(())
    }

    async fn asked(&self, server: &Server, run: String) {
        let name = format!("worker {}", self.name);
        let by = Actor { user_id: None, name, address: None };
        let (server_id, run_id) = (Some(server.id), Some(run));
        let deed = Deed { action: "run.ask", server_id, run_id, ..Deed::default() };
        self.installation.audit(&by, deed).await;
    }

    /// Learns which key a server shows, for a person to confirm.
    pub(super) async fn learn(&self, stranger: &Stranger) {
        let mut stop = self.stop.clone();
        let learned = tokio::select! {
            learned = self.offered(&stranger.server) => learned,
            // Another worker asks in a moment.
            () = stopped(&mut stop) => return,
        };
        match self.offer(stranger, learned).await {
            Ok(Some(changed)) => self.installation.announce(changed).await,
            Ok(None) => {}
            Err(error) => {
                let error = anyhow::Error::new(error);
                tracing::warn!("no host key is written: {error:#}");
            }
        }
    }

    async fn offered(&self, server: &Server) -> Result<String, Failure> {
        self.may_be_there(server).await?;
        let key = offered_key(&target(server)?).await?;
        Ok(key.key().to_owned())
    }

    async fn offer(
        &self,
        stranger: &Stranger,
        learned: Result<String, Failure>,
    ) -> Result<Option<Changed>, StoreError> {
        let (store, id) = (&self.installation.store, stranger.server.id);
        let failure = match learned {
            Ok(key) => return store.offer_host_key(id, &key).await,
            Err(failure) => failure,
        };
        match self.again(&failure, stranger.unreachable_for) {
            Some(after) => store.stranger_away(id, after, &failure.message).await,
            None => store.fail_stranger(id, failure.kind, &given_up(&failure)).await,
        }
    }

    /// A name may lead elsewhere than when the server was added.
    async fn may_be_there(&self, server: &Server) -> Result<(), Failure> {
        let checked = self.installation.addresses.check(&server.host).await;
        checked.map_err(|error| Failure::new(FailureKind::AddressRefused, error.to_string()))
    }

    /// When to come again; None where that is of no use, or was tried for long enough.
    fn again(&self, failure: &Failure, away_for: Option<i64>) -> Option<Duration> {
        let away = Duration::from_millis(away_for.unwrap_or(0).unsigned_abs());
        let patience = PATIENCE.min(self.patience);
        let (first, most) = AGAIN;
        (failure.kind == FailureKind::Unreachable && away < patience)
            .then(|| (first + away / 4).min(most))
    }
}

/// What is said of a server that was waited for in vain, or can't be used.
fn given_up(failure: &Failure) -> String {
    match failure.kind {
        FailureKind::Unreachable => {
            format!("{failure}. It was tried for some minutes; mend the cause, then retry")
        }
        _ => failure.message.clone(),
    }
}
