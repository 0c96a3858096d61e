//! Servers over the API.

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
use super::runs::AskRun;
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
    /// How it joins. `script`: the answer has a line to run on it as root. `login`: a worker logs
    /// in; it asks which host key the server shows, and waits until you have confirmed it. Where
    /// nothing is said, the server is ready, and its `host_key` is known.
    joins_by: Option<JoinsBy>,
    /// Whose machine it is.
    #[schema(max_length = 100)]
    provider: Option<String>,
    /// What to install once it has joined.
    install: Option<AskRun>,
    /// The key that the server has, as `cat /etc/ssh/ssh_host_ed25519_key.pub` prints it on its
    /// console. It is pinned: a host with another key is not talked to. None with `joins_by`.
    #[schema(
        example = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEq4HmRnT9m0MSq+mmEgBrIFRUGhqjBjpHE9GlyD2u7k"
    )]
    host_key: Option<String>,
    /// The private key to log in with, without a passphrase. Kept encrypted, and never shown; with
    /// `login` only until the server has a key pair of its own. Without one, workers take what they
    /// have.
    #[schema(format = Password)]
    private_key: Option<String>,
}

/// A server that was added.
#[derive(Serialize, ToSchema)]
pub struct AddedServer {
    #[serde(flatten)]
    pub server: Server,
    /// With `script`: what to run on it as root. It is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub line: Option<OneLine>,
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
#[utoipa::path(post, path = "/servers", tag = "servers", request_body = AddServer,
    operation_id = "add_server", security(("token" = ["write"])),
    responses(
        (status = 201, description = "The server", body = AddedServer,
            headers(("Location" = String, description = "Where it is"))),
        (status = 409, description = "One of yours has this name, or nobody knows how servers reach us")))]
pub async fn add(
    State(site): State<Site>,
    caller: Caller,
    Body(wanted): Body<AddServer>,
) -> Result<impl IntoResponse, Problem> {
    let added = add_server(&site, &caller, wanted).await?;
    let place = [(header::LOCATION, format!("/api/v1/servers/{}", added.server.id))];
    Ok((StatusCode::CREATED, place, Json(added)))
}

/// Adds a server, for pages and the API.
///
/// # Errors
/// Says what is wrong with which field.
pub async fn add_server(
    site: &Site,
    caller: &Caller,
    wanted: AddServer,
) -> Result<AddedServer, Problem> {
    let installation = &site.installation;
    let (server, line) = match (wanted.joins_by, &wanted.host_key) {
        (None, Some(host_key)) => {
            if wanted.install.is_some() {
                let why = "only a server that joins can be given jobs now; ask for a run instead";
                return Err(Problem::invalid("install", why));
            }
            let wanted = WantedServer {
                user_id: caller.user_id,
                host_key: host_key.clone(),
                name: wanted.name,
                host: wanted.host,
                ssh_port: wanted.ssh_port,
                ssh_user: wanted.ssh_user,
                private_key: wanted.private_key.map(Zeroizing::new),
            };
            (installation.add_server(&caller.actor, wanted).await?, None)
        }
        (None, None) => {
            let why = "give the server's host key, or say how it joins with `joins_by`";
            return Err(Problem::invalid("host_key", why));
        }
        (Some(_), Some(_)) => {
            let why = "the host key of a server that joins is learned; leave it away";
            return Err(Problem::invalid("host_key", why));
        }
        (Some(by), None) => join(site, caller, by, wanted).await?,
    };
    Ok(AddedServer { server, line })
}

/// Adds a server that joins.
async fn join(
    site: &Site,
    caller: &Caller,
    by: JoinsBy,
    wanted: AddServer,
) -> Result<(Server, Option<OneLine>), Problem> {
    let (installation, catalog) = (&site.installation, site.jobs.now());
    let install = wanted.install.unwrap_or_default();
    let server = WantedJoin {
        user_id: caller.user_id,
        name: wanted.name,
        host: wanted.host,
        ssh_port: wanted.ssh_port,
        provider: wanted.provider,
        jobs: install.jobs,
        parameters: install.parameters,
        untested_system: install.untested_system,
    };
    let private_key = wanted.private_key.map(Zeroizing::new);
    match by {
        JoinsBy::Login => {
            let ssh_user = wanted.ssh_user;
            let wanted = WantedLogin { server, ssh_user, private_key };
            Ok((installation.add_by_login(&caller.actor, &catalog, wanted).await?, None))
        }
        JoinsBy::Script if private_key.is_some() => {
            let why = "a server that joins by the script gets a key pair of its own; leave it away";
            Err(Problem::invalid("private_key", why))
        }
        JoinsBy::Script if wanted.ssh_user != "root" => {
            let why = "the script lets workers in as root; leave it away";
            Err(Problem::invalid("ssh_user", why))
        }
        JoinsBy::Script => {
            let (server, line) = installation.add_joining(&caller.actor, &catalog, server).await?;
            Ok((server, Some(line)))
        }
    }
}

/// Tries a server's provisioning again
///
/// From the step that failed on; what is in place stays. Where no login was reached, the answer
/// has a fresh line to run on the server.
#[utoipa::path(post, path = "/servers/{id}/retry", tag = "servers",
    params(("id" = i64, Path, description = "Its id")),
    operation_id = "retry_provisioning", security(("token" = ["write"])),
    responses(
        (status = 200, description = "The server, and the line to run on it, if there is a fresh one", body = AddedServer),
        (status = 409, description = "Nothing of it failed or waits")))]
pub async fn retry(
    State(site): State<Site>,
    OwnServer(caller, server): OwnServer,
) -> Result<Json<AddedServer>, Problem> {
    let catalog = site.jobs.now();
    let line = site.installation.retry_provision(&caller.actor, &catalog, &server).await?;
    let server = site.installation.store.server_of(caller.user_id, server.id).await?;
    Ok(Json(AddedServer { server, line }))
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
