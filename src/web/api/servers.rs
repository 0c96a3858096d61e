//! Servers over the API.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::input::{Body, OwnServer, Values};
use super::page::{Page, PageQuery};
use super::problem::Problem;
use crate::installation::{WantedJoin, WantedLogin, WantedServer};
use crate::join::OneLine;
use crate::model::{JoinsBy, Server};
use crate::web::Site;
use crate::web::auth::Caller;

/// A server to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddServer {
    /// Unique among your servers: letters, digits, spaces, `-`, `_` and `.`.
    #[schema(min_length = 1, max_length = 100, example = "edge-1")]
    name: String,
    /// A name or an address.
    #[schema(min_length = 1, max_length = 253, example = "203.0.113.24")]
    host: String,
    /// The port of its sshd.
    #[serde(default = "ssh_port")]
    #[schema(minimum = 1, default = 22)]
    ssh_port: u16,
    /// The user to log in as: root, or one with `sudo -n`.
    #[serde(default = "ssh_user")]
    #[schema(min_length = 1, max_length = 253, default = "root")]
    ssh_user: String,
    /// The key that the server has, as `cat /etc/ssh/ssh_host_ed25519_key.pub` prints it on its
    /// console. It is pinned: a host with another key is not talked to. Without one, `join` says
    /// how the server gets in.
    #[schema(
        example = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEq4HmRnT9m0MSq+mmEgBrIFRUGhqjBjpHE9GlyD2u7k"
    )]
    host_key: Option<String>,
    /// The private key to log in with, without a passphrase. Kept encrypted, and never shown.
    /// Without one, workers take what they have.
    #[schema(format = Password)]
    private_key: Option<String>,
    /// Of a new server: how it joins.
    join: Option<Join>,
}

/// How a new server joins, and what is installed then.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// `script`: the answer has a line to run on it, as root. `login`: a worker can log in
    /// already; it shows the server's host key, which waits to be confirmed.
    by: JoinsBy,
    /// Whose machine it is.
    #[schema(max_length = 100, example = "Hetzner")]
    provider: Option<String>,
    /// Jobs to run once it has joined; those that they need come with them.
    #[serde(default)]
    #[schema(example = json!(["nginx"]))]
    install: Vec<String>,
    /// Values of their parameters. Secrets are kept encrypted, and never shown.
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    /// Also on a system that a job was not tested on.
    #[serde(default)]
    untested_system: bool,
}

/// A server that was added.
#[derive(Serialize, ToSchema)]
pub struct AddedServer {
    /// The server.
    #[serde(flatten)]
    server: Server,
    /// The line to run on it, where it joins by the script: shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    line: Option<OneLine>,
}

/// What is to be done for a server to go on joining.
#[derive(Serialize, ToSchema)]
pub struct Retried {
    /// A fresh line to run on it, shown this once; null where a worker goes on by itself.
    line: Option<OneLine>,
}

fn ssh_port() -> u16 {
    22
}

fn ssh_user() -> String {
    "root".to_owned()
}

/// Lists your servers
#[utoipa::path(get, path = "/servers", tag = "servers", params(PageQuery),
    operation_id = "list_servers", security(("token" = ["read"])),
    responses((status = 200, description = "A page of them, in the order in which they were added", body = Page<Server>)))]
pub async fn list(
    State(site): State<Site>,
    caller: Caller,
    Values(page): Values<PageQuery>,
) -> Result<Json<Page<Server>>, Problem> {
    let (rows, after) = (page.rows()?, page.cursor()?.unwrap_or(0));
    let servers = site.installation.store.servers_of(caller.user_id, after, rows).await?;
    Ok(Json(Page::of(servers, rows, |server| server.id.to_string())))
}

/// Adds a server
///
/// One that is ready, with its host key and a private key to log in with; or a new one, with
/// `join`, which is made ready first.
#[utoipa::path(post, path = "/servers", tag = "servers", request_body = AddServer,
    operation_id = "add_server", security(("token" = ["write"])),
    responses(
        (status = 201, description = "The server", body = AddedServer,
            headers(("Location" = String, description = "Where it is"))),
        (status = 409, description = "One of yours has this name, or it is not known at which \
            address new servers reach us")))]
pub async fn add(
    State(site): State<Site>,
    caller: Caller,
    Body(wanted): Body<AddServer>,
) -> Result<impl IntoResponse, Problem> {
    let AddServer { name, host, ssh_port, ssh_user, host_key, private_key, join } = wanted;
    let private_key = private_key.map(Zeroizing::new);
    let (installation, user_id) = (&site.installation, caller.user_id);
    let (server, line) = match (join, host_key) {
        (None, Some(host_key)) => {
            let wanted =
                WantedServer { user_id, name, host, ssh_port, ssh_user, host_key, private_key };
            (installation.add_server(&caller.actor, wanted).await?, None)
        }
        (Some(join), None) => {
            let by = join.by;
            let server = WantedJoin {
                user_id,
                name,
                host,
                ssh_port,
                provider: join.provider,
                jobs: join.install,
                parameters: join.parameters,
                untested_system: join.untested_system,
            };
            let catalog = site.jobs.now();
            match by {
                JoinsBy::Script if private_key.is_some() || ssh_user != "root" => {
                    return Err(Problem::invalid(
                        "join",
                        "the script lets workers in as root, with a key of its own; leave out \
                         private_key and ssh_user",
                    ));
                }
                JoinsBy::Script => {
                    let added = installation.add_joining(&caller.actor, &catalog, server).await?;
                    (added.0, Some(added.1))
                }
                JoinsBy::Login => {
                    let wanted = WantedLogin { server, ssh_user, private_key };
                    let added = installation.add_by_login(&caller.actor, &catalog, wanted).await?;
                    (added, None)
                }
            }
        }
        _ => {
            return Err(Problem::invalid(
                "host_key",
                "either give the host_key of a server that is ready, or say in join how it gets in",
            ));
        }
    };
    let place = [(header::LOCATION, format!("/api/v1/servers/{}", server.id))];
    Ok((StatusCode::CREATED, place, Json(AddedServer { server, line })))
}

/// Tries a server's provisioning again, from the step that failed
///
/// Where a worker can't log in yet there is a fresh line to run on the server: the former one is
/// worth nothing any more.
#[utoipa::path(post, path = "/servers/{id}/provisioning/retry", tag = "servers",
    params(("id" = i64, Path, description = "Its id")),
    operation_id = "retry_provisioning", security(("token" = ["write"])),
    responses(
        (status = 200, description = "It goes on, or a line is to be run", body = Retried),
        (status = 409, description = "It has joined, or a run of it has not ended")))]
pub async fn retry(
    State(site): State<Site>,
    OwnServer(caller, server): OwnServer,
) -> Result<Json<Retried>, Problem> {
    let catalog = site.jobs.now();
    let line = site.installation.retry_provision(&caller.actor, &catalog, &server).await?;
    Ok(Json(Retried { line }))
}

/// Shows a server
#[utoipa::path(get, path = "/servers/{id}", tag = "servers",
    params(("id" = i64, Path, description = "Its id")),
    operation_id = "show_server", security(("token" = ["read"])),
    responses((status = 200, description = "The server", body = Server)))]
pub async fn show(OwnServer(_, server): OwnServer) -> Json<Server> {
    Json(server)
}

/// Removes a server, its runs and their output
///
/// Nothing is changed on the host.
#[utoipa::path(delete, path = "/servers/{id}", tag = "servers",
    params(("id" = i64, Path, description = "Its id")),
    operation_id = "remove_server", security(("token" = ["write"])),
    responses(
        (status = 204, description = "It is removed"),
        (status = 409, description = "A run of it has not ended")))]
pub async fn remove(
    State(site): State<Site>,
    OwnServer(caller, server): OwnServer,
) -> Result<StatusCode, Problem> {
    site.installation.remove_server(&caller.actor, &server).await?;
    Ok(StatusCode::NO_CONTENT)
}
