//! Adds, changes and removes servers: what was entered is checked here, whoever entered it.

use std::process::Stdio;

use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use zeroize::Zeroizing;

use super::{AddressError, Installation};
use crate::model::{Actor, Deed, NewServer, Server};
use crate::remote::{HostKeyError, Target, TargetError, read_host_key};
use crate::store::StoreError;
use crate::vault::Place;

/// A server as a person, or a program, enters it.
#[derive(Debug)]
pub struct WantedServer {
    /// Its owner.
    pub user_id: i64,
    /// Unique among its owner's servers.
    pub name: String,
    /// A name or an address.
    pub host: String,
    /// The port of its sshd.
    pub ssh_port: u16,
    /// The user to log in as.
    pub ssh_user: String,
    /// The host key that somebody vouches for, as `ssh-ed25519 AAAA…`.
    pub host_key: String,
    /// The private key to log in with, as its file has it.
    pub private_key: Option<Zeroizing<String>>,
}

/// Why a server was not added or changed.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The name is none.
    #[error(
        "{0:?} is no name for a server: up to 100 letters, digits, spaces, `-`, `_` and `.`, and no `-` at its beginning"
    )]
    Name(String),
    /// The provider is none.
    #[error("{0:?} is no provider: up to 100 characters on one line, as Hetzner")]
    Provider(String),
    /// Host, user or port are none.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// No server may be there.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The host key is none.
    #[error(transparent)]
    HostKey(#[from] HostKeyError),
    /// A worker can't log in with the private key.
    #[error(
        "this is no private key that a worker can use: {0}. A key with a passphrase can't be used \
         where nobody is there to type it; make one without (`ssh-keygen -t ed25519 -N '' -f KEY`)"
    )]
    PrivateKey(String),
    /// ssh-keygen, which looks at keys, can't be started.
    #[error("ssh-keygen can't be started; install OpenSSH's client (Debian: openssh-client)")]
    Keygen(#[source] std::io::Error),
    /// It can't be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Installation {
    /// Adds a server.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub async fn add_server(
        &self,
        by: &Actor,
        wanted: WantedServer,
    ) -> Result<Server, ServerError> {
        check_server_name(&wanted.name)?;
        let target = Target::new(Some(&wanted.ssh_user), &wanted.host, Some(wanted.ssh_port))?;
        self.addresses.check(&target.host).await?;
        let host_key = read_host_key(&wanted.host_key)?;
        if let Some(key) = &wanted.private_key {
            check_private_key(key).await?;
        }
        let new = NewServer {
            user_id: wanted.user_id,
            name: wanted.name,
            host: target.host.clone(),
            ssh_port: wanted.ssh_port,
            ssh_user: wanted.ssh_user,
            host_key: Some(host_key),
            provider: None,
            public_ip: None,
            join: None,
        };
        let seal = |id| wanted.private_key.as_ref().map(|key| self.seal_key(id, key));
        let (server, changed) = self.store.add_server(&new, seal).await?;
        let detail = Some(format!("{}: {target}", server.name));
        self.audit(by, Deed { detail, ..deed("server.add", server.id) }).await;
        self.announce(changed).await;
        Ok(server)
    }

    /// Keeps another private key to log in with.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub async fn set_private_key(
        &self,
        by: &Actor,
        server_id: i64,
        key: &str,
    ) -> Result<(), ServerError> {
        check_private_key(key).await?;
        let sealed = self.seal_key(server_id, key);
        let changed = self.store.set_private_key(server_id, &sealed).await?;
        self.audit(by, deed("server.private_key", server_id)).await;
        self.announce(changed).await;
        Ok(())
    }

    /// Pins another host key (promise 9).
    ///
    /// # Errors
    /// `Store`.
    pub async fn rekey_server(
        &self,
        by: &Actor,
        server_id: i64,
        host_key: &str,
    ) -> Result<(), ServerError> {
        let changed = self.store.rekey_server(server_id, &read_host_key(host_key)?).await?;
        self.audit(by, deed("server.rekey", server_id)).await;
        self.announce(changed).await;
        Ok(())
    }

    /// Removes a server with its runs and their output.
    ///
    /// # Errors
    /// `ServerBusy` while a run of it has not ended, `UnknownServer`.
    pub async fn remove_server(&self, by: &Actor, server: &Server) -> Result<(), StoreError> {
        self.store.remove_server(server.id).await?;
        let detail = Some(server.name.clone());
        self.audit(by, Deed { detail, ..deed("server.remove", server.id) }).await;
        Ok(())
    }

    pub(super) fn seal_key(&self, id: i64, key: &str) -> Vec<u8> {
        self.vault.seal(Place("servers", &id.to_string(), "private_key"), key.as_bytes())
    }
}

pub(super) fn deed(action: &'static str, server_id: i64) -> Deed {
    Deed { action, server_id: Some(server_id), ..Deed::default() }
}

/// Whether a server may be called this.
///
/// # Errors
/// `Name`.
pub fn check_server_name(name: &str) -> Result<(), ServerError> {
    let fits = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
    let is_name = !name.trim().is_empty()
        && name.chars().count() <= 100
        && name.chars().all(fits)
        && !name.starts_with('-');
    if is_name { Ok(()) } else { Err(ServerError::Name(name.to_owned())) }
}

/// Whether this can be whose machine a server is.
///
/// # Errors
/// `Provider`.
pub(super) fn check_provider(provider: Option<&str>) -> Result<(), ServerError> {
    let fits = |text: &&str| text.chars().count() > 100 || text.chars().any(char::is_control);
    match provider.filter(fits) {
        Some(odd) => Err(ServerError::Provider(odd.chars().take(100).collect())),
        None => Ok(()),
    }
}

/// Whether ssh can use a private key without a person. It is handed over in a pipe, and
/// touches no disk.
///
/// # Errors
/// `PrivateKey`, `Keygen`.
pub async fn check_private_key(key: &str) -> Result<(), ServerError> {
    let mut keygen = Command::new("ssh-keygen")
        .args(["-y", "-P", "", "-f", "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(ServerError::Keygen)?;
    if let Some(mut pipe) = keygen.stdin.take() {
        // Who ends before it has read all says why.
        let _ = pipe.write_all(key.as_bytes()).await;
    }
    let output = keygen.wait_with_output().await.map_err(ServerError::Keygen)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    let why = last.unwrap_or("ssh-keygen says nothing").replace("Load key \"/dev/stdin\": ", "");
    Err(ServerError::PrivateKey(why))
}
