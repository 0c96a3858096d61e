//! Servers that a worker can log in to already: added, their host key confirmed by a person,
//! tried again. The run of the job `prepare` does there what the script does elsewhere.
//!
//! Promise 9: nothing is sent before a person has confirmed the key that the server shows. What
//! the person gave to log in with is used for that one run, and then forgotten.

use std::collections::BTreeMap;
use std::net::IpAddr;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::servers::{check_provider, check_server_name, deed};
use super::{Installation, JoinError, ServerError, Wanted, WantedJoin, check_private_key};
use crate::catalog::Catalog;
use crate::join::{KeyPair, PREPARE};
use crate::model::{
    APP_USER, Actor, Deed, JoinsBy, NewJoin, NewRun, NewServer, Provision, Server, Status,
};
use crate::remote::Target;
use crate::remote::host_key::{describe, fingerprint_of};
use crate::store::StoreError;
use crate::vault::Place;

/// A server that a worker can log in to, as a person, or a program, enters it.
#[derive(Debug)]
pub struct WantedLogin {
    /// The server, and what is to be installed.
    pub server: WantedJoin,
    /// The user to log in as at first: root, or one with `sudo -n`.
    pub ssh_user: String,
    /// The private key to log in with at first. Without one, a worker takes what it has.
    pub private_key: Option<Zeroizing<String>>,
}

impl Installation {
    /// Adds a server that a worker can log in to. A worker learns which key it shows, and then
    /// it waits for a person. What is to be installed is checked now.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub async fn add_by_login(
        &self,
        by: &Actor,
        catalog: &Catalog,
        wanted: WantedLogin,
    ) -> Result<Server, JoinError> {
        let WantedLogin { server: wanted, ssh_user, private_key } = wanted;
        check_server_name(&wanted.name)?;
        check_provider(wanted.provider.as_deref())?;
        let target = Target::new(Some(&ssh_user), &wanted.host, Some(wanted.ssh_port))
            .map_err(ServerError::from)?;
        self.addresses.check(&target.host).await.map_err(ServerError::from)?;
        if let Some(key) = &private_key {
            check_private_key(key).await?;
        }
        let wants = self.wants(catalog, &wanted)?;
        let keys = KeyPair::make(&format!("groundcrew-{}", wanted.name));
        let first_key =
            private_key.map(|key| self.vault.seal(first_key_place(&keys.public), key.as_bytes()));
        let new = NewServer {
            user_id: wanted.user_id,
            name: wanted.name,
            public_ip: target.host.parse::<IpAddr>().ok().map(|address| address.to_string()),
            host: target.host.clone(),
            ssh_port: wanted.ssh_port,
            ssh_user,
            host_key: None,
            provider: wanted.provider,
            join: Some(NewJoin {
                by: JoinsBy::Login,
                line: None,
                public_key: Some(keys.public),
                first_key,
                wants,
            }),
        };
        let seal = |id| Some(self.seal_key(id, &keys.private));
        let (server, changed) = self.store.add_server(&new, seal).await?;
        let detail = Some(format!("{}: {target}, joins by login", server.name));
        self.audit(by, Deed { detail, ..deed("server.add", server.id) }).await;
        self.announce(changed).await;
        Ok(server)
    }

    /// A person has compared the key that the server shows: it is pinned, and the run begins
    /// that prepares the server. Confirmed again, nothing happens.
    ///
    /// # Errors
    /// `NotOffered`, and those of the store.
    pub async fn confirm_host_key(
        &self,
        by: &Actor,
        catalog: &Catalog,
        server: &Server,
        fingerprint: &str,
    ) -> Result<(), JoinError> {
        let is_it = |key: &String| fingerprint_of(key).as_deref() == Some(fingerprint);
        if server.host_key.as_ref().is_some_and(is_it) {
            return Ok(());
        }
        let Some(key) = server.host_key_offered.clone().filter(is_it) else {
            let shown = server.host_key_offered.as_deref().map(describe);
            return Err(JoinError::NotOffered(shown));
        };
        let run = self.preparing(catalog, server)?;
        let asked = self.store.confirm_host_key(server.id, &key, &run).await?;
        let detail = Some(describe(&key));
        self.audit(by, Deed { detail, ..deed("server.confirm", server.id) }).await;
        self.announce(asked.changed).await;
        self.hint(&run.id).await;
        Ok(())
    }

    /// Goes on from the step that failed; a key that waits to be confirmed is asked for anew.
    pub(super) async fn retry_login(
        &self,
        by: &Actor,
        catalog: &Catalog,
        provision: &Provision,
    ) -> Result<(), JoinError> {
        let (store, server) = (&self.store, &provision.server);
        let status = |number| provision.steps.iter().find(|step| step.number == number);
        let status = |number| status(number).map(|step| step.status);
        let mut run = None;
        let changed = if server.host_key.is_none() {
            store.ask_host_key_again(server.id).await?
        } else if status(3) == Some(Status::Completed) {
            if status(4) == Some(Status::Completed) {
                let problem = "it has joined, and nothing of it failed; ask for a run";
                return Err(StoreError::NotProvisionable(problem).into());
            }
            store.retry_connectivity(server.id).await?
        } else {
            let prepares = provision.prepare_run.clone().unwrap_or_default();
            let found = store.run(&prepares).await?;
            let cancelled = found.is_some_and(|found| found.run.status == Status::Cancelled);
            if cancelled {
                let another = self.preparing(catalog, server)?;
                run = Some(another.id.clone());
                store.prepare_again(server.id, &another).await?.changed
            } else {
                run = Some(prepares.clone());
                store.retry(&prepares, None).await?
            }
        };
        self.audit(by, deed("server.retry", server.id)).await;
        self.announce(changed).await;
        if let Some(run) = run {
            self.hint(&run).await;
        }
        Ok(())
    }

    /// The run that prepares a server.
    fn preparing(&self, catalog: &Catalog, server: &Server) -> Result<NewRun, JoinError> {
        let public_key = server.public_key.clone().unwrap_or_default();
        let parameters = BTreeMap::from([
            ("public_key".to_owned(), public_key),
            ("app_user".to_owned(), APP_USER.to_owned()),
        ]);
        let plan = catalog.plan(&[PREPARE], &parameters).map_err(JoinError::Prepare)?;
        let run = Wanted {
            server_id: server.id,
            jobs: vec![PREPARE.to_owned()],
            parameters,
            untested_system: false,
        };
        Ok(self.new_run(&Uuid::now_v7().to_string(), &plan, run))
    }
}

/// Where the key is kept that a person gave to log in to this server at first.
pub fn first_key_of(server: &Server) -> Place<'_> {
    first_key_place(server.public_key.as_deref().unwrap_or_default())
}

/// Bound to the row by the server's own key, which is made with it and is no other's: the row
/// has no number yet when it is sealed.
fn first_key_place(public_key: &str) -> Place<'_> {
    Place("servers", public_key, "first_key")
}
