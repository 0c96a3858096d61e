//! A server: a machine to provision, as the store keeps it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Connection, JoinsBy, NewJoin, Status};

/// A machine to provision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Server {
    /// Counts from 1 within the installation.
    pub id: i64,
    /// Unique among its owner's servers.
    pub name: String,
    /// A name or an address.
    pub host: String,
    /// The port of its sshd.
    pub ssh_port: u16,
    /// The user to log in as.
    pub ssh_user: String,
    /// Its pinned host key, as `ssh-ed25519 AAAA…`: type and base64. Without one, nothing is
    /// sent there.
    pub host_key: Option<String>,
    /// A key that it showed and that waits for a person to confirm it.
    pub host_key_offered: Option<String>,
    /// Whether a private key is kept for it. Without one, a worker takes its own.
    pub has_key: bool,
    /// The public half of that key, where we made the pair.
    pub public_key: Option<String>,
    /// Whose machine it is, as a person entered it.
    pub provider: Option<String>,
    /// The address that others reach it at.
    pub public_ip: Option<String>,
    /// Its address among its neighbours.
    pub private_ip: Option<String>,
    /// Whether a worker has logged in there.
    pub connection: Connection,
    /// Its system, as `Debian`.
    pub os_name: Option<String>,
    /// As `12`.
    pub os_version: Option<String>,
    /// As `bookworm`.
    pub os_codename: Option<String>,
    /// Which way it joins; none if it was added with its host key.
    pub joins_by: Option<JoinsBy>,
    /// Where its provisioning stands: that of its joining, then of the last run that has begun.
    pub provision_status: Status,
    /// One up with every change that a page could show.
    pub revision: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it, or a run of it, last changed.
    pub updated_at: Timestamp,
}

/// A server that is about to be added.
#[derive(Debug, Clone)]
pub struct NewServer {
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
    /// Its pinned host key, as `ssh-ed25519 AAAA…`, where somebody vouches for one.
    pub host_key: Option<String>,
    /// Whose machine it is.
    pub provider: Option<String>,
    /// The address that others reach it at.
    pub public_ip: Option<String>,
    /// How it joins, if it has to.
    pub join: Option<NewJoin>,
}

/// What a transition raised: to be announced once it is committed (promise 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a change must be announced"]
pub struct Changed {
    /// The server that changed.
    pub server_id: i64,
    /// Its revision from now on.
    pub revision: i64,
    /// When, by the database's clock.
    pub at: Timestamp,
}

impl Changed {
    /// The change that made it what it is.
    pub fn to(server: &Server) -> Self {
        Self { server_id: server.id, revision: server.revision, at: server.updated_at }
    }
}
