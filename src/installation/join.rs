//! Servers that join by the script: added with a one-time line, called back from, tried again.

use std::collections::BTreeMap;
use std::net::IpAddr;

use thiserror::Error;
use uuid::Uuid;

use super::servers::{check_provider, check_server_name, deed};
use super::{Installation, ServerError, Wanted};
use crate::catalog::{Catalog, PlanError};
use crate::join::{Bootstrap, KeyPair, LINE_LASTS, OneLine, Token};
use crate::model::{
    Actor, Callback, Called, Deed, FailureKind, JoinsBy, NewJoin, NewLine, NewRun, NewServer,
    Server, Status,
};
use crate::remote::{Target, describe_host_key};
use crate::store::StoreError;

/// A server that joins by the script, as a person, or a program, enters it.
#[derive(Debug)]
pub struct WantedJoin {
    /// Its owner.
    pub user_id: i64,
    /// Unique among its owner's servers.
    pub name: String,
    /// A name or an address: there a worker must meet the key that has signed.
    pub host: String,
    /// The port of its sshd.
    pub ssh_port: u16,
    /// Whose machine it is.
    pub provider: Option<String>,
    /// What is to be installed once it has joined: names of jobs ...
    pub jobs: Vec<String>,
    /// ... and values of their parameters.
    pub parameters: BTreeMap<String, String>,
    /// Also on a system that a job was not tested on.
    pub untested_system: bool,
}

/// Why a server was not added, or gets no line.
#[derive(Debug, Error)]
pub enum JoinError {
    /// Nobody told us how servers reach us.
    #[error(
        "it is not known at which address new servers reach this installation; set GROUNDCREW_URL, \
         as https://panel.example.com or http://203.0.113.1:8080"
    )]
    NoUrl,
    /// What was entered of the server is wrong, or it can't be stored.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// What is to be installed can't be.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The operator's own job `prepare` can't be made a script of.
    #[error("the job `prepare`, which new servers run, is not right: {0}")]
    Prepare(PlanError),
    /// The key that somebody confirms is not the one that the server shows.
    #[error(
        "the server does not show a host key with this fingerprint; {}",
        .0.as_ref().map_or("it shows none that waits to be confirmed".to_owned(),
            |shown| format!("it shows {shown}. Compare that with its console"))
    )]
    NotOffered(Option<String>),
}

impl From<StoreError> for JoinError {
    fn from(error: StoreError) -> Self {
        Self::Server(error.into())
    }
}

impl Installation {
    /// Adds a server that joins by the script, and gives the one line to run on it: it is kept
    /// nowhere, so that it can be shown this once only (promise 8). What is to be installed is
    /// checked now, and asked for once the server has joined.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub async fn add_joining(
        &self,
        by: &Actor,
        catalog: &Catalog,
        wanted: WantedJoin,
    ) -> Result<(Server, OneLine), JoinError> {
        check_server_name(&wanted.name)?;
        check_provider(wanted.provider.as_deref())?;
        let target = Target::new(Some("root"), &wanted.host, Some(wanted.ssh_port))
            .map_err(ServerError::from)?;
        self.addresses.check(&target.host).await.map_err(ServerError::from)?;
        self.url()?;
        let wants = self.wants(catalog, &wanted)?;
        let keys = KeyPair::make(&format!("groundcrew-{}", wanted.name));
        let token = Token::make();
        let new = NewServer {
            user_id: wanted.user_id,
            name: wanted.name,
            public_ip: target.host.parse::<IpAddr>().ok().map(|address| address.to_string()),
            host: target.host.clone(),
            ssh_port: wanted.ssh_port,
            ssh_user: "root".to_owned(),
            host_key: None,
            provider: wanted.provider,
            join: Some(NewJoin {
                by: JoinsBy::Script,
                line: Some(new_line(&token)),
                public_key: Some(keys.public),
                first_key: None,
                wants,
            }),
        };
        let seal = |id| Some(self.seal_key(id, &keys.private));
        let (server, changed) = self.store.add_server(&new, seal).await?;
        let detail = Some(format!("{}: {target}, joins by the script", server.name));
        self.audit(by, Deed { detail, ..deed("server.add", server.id) }).await;
        self.announce(changed).await;
        let line = self.one_line(catalog, &server, &token)?;
        Ok((server, line))
    }

    /// The run to ask for once the server has joined, if there is anything to be installed.
    pub(super) fn wants(
        &self,
        catalog: &Catalog,
        wanted: &WantedJoin,
    ) -> Result<Option<NewRun>, PlanError> {
        if wanted.jobs.is_empty() {
            return Ok(None);
        }
        let plan = catalog.plan(&wanted.jobs, &wanted.parameters)?;
        let run = Wanted {
            server_id: 0,
            jobs: wanted.jobs.clone(),
            parameters: wanted.parameters.clone(),
            untested_system: wanted.untested_system,
        };
        Ok(Some(self.new_run(&Uuid::now_v7().to_string(), &plan, run)))
    }

    /// A fresh line for a server that has not joined: the former one is worth nothing any more,
    /// and what was done so far is forgotten.
    ///
    /// # Errors
    /// `NotProvisionable` if it has joined, `ServerBusy` while a run of it has not ended.
    pub async fn renew_line(
        &self,
        by: &Actor,
        catalog: &Catalog,
        server: &Server,
    ) -> Result<OneLine, JoinError> {
        self.url()?;
        let token = Token::make();
        let changed = self.store.renew_line(server.id, &new_line(&token)).await?;
        self.audit(by, deed("server.line", server.id)).await;
        self.announce(changed).await;
        self.one_line(catalog, server, &token)
    }

    /// Tries the provisioning of a server again, from the step that failed: where its run failed,
    /// that goes on; where only the login failed, a worker logs in again; else there is a fresh
    /// line to run.
    ///
    /// # Errors
    /// `NotProvisionable` if nothing of it failed or waits.
    pub async fn retry_provision(
        &self,
        by: &Actor,
        catalog: &Catalog,
        server: &Server,
    ) -> Result<Option<OneLine>, JoinError> {
        let (provision, run) = self.store.progress(server.id).await?;
        if let Some(run) = run.filter(|run| run.run.status == Status::Failed) {
            let changed = self.store.retry(&run.run.id, None).await?;
            self.audit(by, deed("server.retry", server.id)).await;
            self.announce(changed).await;
            self.hint(&run.run.id).await;
            return Ok(None);
        }
        if server.joins_by == Some(JoinsBy::Login) {
            return self.retry_login(by, catalog, &provision).await.map(|()| None);
        }
        let login = provision.steps.iter().find(|step| step.number == 4);
        let another_host =
            |kind| matches!(kind, Some(FailureKind::HostKeyChanged | FailureKind::HostKeyUnknown));
        match login {
            // Another host's key at its address: whoever ran the line, it was not this server.
            Some(step) if step.status == Status::Failed && !another_host(step.error_kind) => {
                let changed = self.store.retry_connectivity(server.id).await?;
                self.audit(by, deed("server.retry", server.id)).await;
                self.announce(changed).await;
                Ok(None)
            }
            Some(step) if step.status == Status::Completed => {
                let problem = "it has joined, and nothing of it failed; ask for a run";
                Err(StoreError::NotProvisionable(problem).into())
            }
            _ => self.renew_line(by, catalog, server).await.map(Some),
        }
    }

    /// The script of the line with this token, if it may be given to who asks from there.
    ///
    /// # Errors
    /// `NoUrl`, `Prepare`, and those of the store.
    pub async fn script(
        &self,
        catalog: &Catalog,
        token: &str,
        from: IpAddr,
    ) -> Result<Option<String>, JoinError> {
        let Some(token) = Token::read(token) else { return Ok(None) };
        let server = self.store.joining(&token.hash(), &from.to_string()).await?;
        server.map(|server| self.bootstrap(catalog, &server, &token)).transpose()
    }

    /// Takes what a new server's script calls back, announces it, and writes down who was
    /// refused: of that, nothing else is stored.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn call_back(&self, callback: &Callback) -> Result<Called, StoreError> {
        let called = self.store.call_back(callback).await?;
        match &called {
            Called::Taken { changed, .. } => {
                self.announce(*changed).await;
                if callback.step == 1 && callback.failed.is_none() {
                    let detail = Some(describe_host_key(&callback.signed_by));
                    let deed = Deed { detail, ..deed("server.enroll", callback.server_id) };
                    self.audit(&host(callback.server_id, &callback.from), deed).await;
                }
            }
            Called::Stored { .. } => {}
            Called::Stranger(problem) | Called::Conflict { problem, .. } => {
                self.refuse_callback(callback.server_id, &callback.from, problem).await;
            }
        }
        Ok(called)
    }

    /// Writes down that somebody's callback was refused.
    pub async fn refuse_callback(&self, server_id: i64, from: &str, why: &str) {
        let detail = Some(why.to_owned());
        let deed = Deed { detail, ..deed("callback.refused", server_id) };
        self.audit(&host(server_id, from), deed).await;
    }

    /// The line of this server that has this token, if any host may still enroll with it.
    ///
    /// # Errors
    /// `NoUrl`, `Prepare`, and those of the store.
    pub async fn line_of(
        &self,
        catalog: &Catalog,
        server_id: i64,
        token: &str,
    ) -> Result<Option<OneLine>, JoinError> {
        let Some(token) = Token::read(token) else { return Ok(None) };
        // From no address: a line that a host has taken is not good for others.
        let server = self.store.joining(&token.hash(), "").await?;
        let server = server.filter(|server| server.id == server_id);
        server.map(|server| self.one_line(catalog, &server, &token)).transpose()
    }

    fn url(&self) -> Result<&str, JoinError> {
        self.url.as_deref().ok_or(JoinError::NoUrl)
    }

    fn one_line(
        &self,
        catalog: &Catalog,
        server: &Server,
        token: &Token,
    ) -> Result<OneLine, JoinError> {
        let script = self.bootstrap(catalog, server, token)?;
        Ok(OneLine::new(self.url()?, token, &script))
    }

    fn bootstrap(
        &self,
        catalog: &Catalog,
        server: &Server,
        token: &Token,
    ) -> Result<String, JoinError> {
        let bootstrap = Bootstrap {
            url: self.url()?,
            server_id: server.id,
            token: token.text(),
            public_key: server.public_key.as_deref().unwrap_or_default(),
            ssh_port: server.ssh_port,
        };
        bootstrap.script(catalog).map_err(JoinError::Prepare)
    }
}

fn new_line(token: &Token) -> NewLine {
    let lasts = i64::try_from(LINE_LASTS.as_millis()).unwrap_or(i64::MAX / 4);
    NewLine { token_hash: token.hash(), lasts }
}

/// Who calls back, for the audit log.
fn host(server_id: i64, from: &str) -> Actor {
    let address = Some(from.to_owned());
    Actor { user_id: None, name: format!("host {server_id}"), address }
}
