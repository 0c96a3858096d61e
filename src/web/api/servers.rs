//! Servers over the API.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::input::{Body, OwnServer, Values};
use super::page::{Page, PageQuery};
use super::problem::Problem;
use crate::installation::WantedServer;
use crate::model::Server;
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
    /// console. It is pinned: a host with another key is not talked to.
    #[schema(
        example = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEq4HmRnT9m0MSq+mmEgBrIFRUGhqjBjpHE9GlyD2u7k"
    )]
    host_key: String,
    /// The private key to log in with, without a passphrase. Kept encrypted, and never shown.
    /// Without one, workers take what they have.
    #[schema(format = Password)]
    private_key: Option<String>,
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
        (status = 201, description = "The server", body = Server,
            headers(("Location" = String, description = "Where it is"))),
        (status = 409, description = "One of yours has this name")))]
pub async fn add(
    State(site): State<Site>,
    caller: Caller,
    Body(wanted): Body<AddServer>,
) -> Result<impl IntoResponse, Problem> {
    let wanted = WantedServer {
        user_id: caller.user_id,
        name: wanted.name,
        host: wanted.host,
        ssh_port: wanted.ssh_port,
        ssh_user: wanted.ssh_user,
        host_key: wanted.host_key,
        private_key: wanted.private_key.map(Zeroizing::new),
    };
    let server = site.installation.add_server(&caller.actor, wanted).await?;
    let place = [(header::LOCATION, format!("/api/v1/servers/{}", server.id))];
    Ok((StatusCode::CREATED, place, Json(server)))
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
