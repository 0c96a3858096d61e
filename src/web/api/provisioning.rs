//! A server's provisioning over the API: the resource that pages show, too, what goes with it,
//! and the key that a person confirms.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::input::{Body, OwnServer};
use super::problem::Problem;
use crate::model::{
    JobText, Provision, ProvisioningLive, RunResource, ServerProvisioningResource, live,
    provisioning,
};
use crate::remote::host_key::fingerprint_of;
use crate::web::Site;

/// Changes with the code: another build may show the same revision in another way.
const BUILD: &str = env!("GROUNDCREW_BUILD");

/// A host key that a person has compared.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmHostKey {
    /// As the server's console shows it (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`).
    #[schema(
        min_length = 8,
        max_length = 80,
        example = "SHA256:8VsYdTrFxqMhV0iPAsA5jlXaNp3xRiMZAkFtWe3sHpc"
    )]
    pub fingerprint: String,
}

/// The resource of a server, and what goes with it: for pages and the API, from one place.
///
/// # Errors
/// Those of the store.
pub async fn resource_of(
    site: &Site,
    server_id: i64,
) -> Result<(ServerProvisioningResource, ProvisioningLive), Problem> {
    let (provision, run) = site.installation.store.progress(server_id).await?;
    let live = live(&provision, run.as_ref(), fingerprint_of);
    Ok((shape(site, &provision, run.as_ref()), live))
}

/// The resources of several servers, by id.
///
/// # Errors
/// Those of the store.
pub async fn resources_of(
    site: &Site,
    servers: &[i64],
) -> Result<Vec<ServerProvisioningResource>, Problem> {
    let found = site.installation.store.progress_of(servers).await?;
    let shaped = found.iter().map(|(provision, run)| shape(site, provision, run.as_ref()));
    Ok(shaped.collect())
}

fn shape(
    site: &Site,
    provision: &Provision,
    run: Option<&RunResource>,
) -> ServerProvisioningResource {
    let catalog = site.jobs.now();
    provisioning(provision, run, |name| {
        let job = catalog.job(name).ok()?;
        Some(JobText { title: job.title.clone(), description: job.description.clone() })
    })
}

/// Shows how far a server's provisioning is
///
/// Ask again with the `ETag` as `If-None-Match`: as long as nothing has changed, the answer is 304
/// and has no body.
#[utoipa::path(get, path = "/servers/{id}/provisioning", tag = "servers",
    params(
        ("id" = i64, Path, description = "The server's id"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier answer")),
    operation_id = "show_provisioning", security(("token" = ["read"])),
    responses(
        (status = 200, description = "The server with its steps", body = ServerProvisioningResource,
            headers(("ETag" = String, description = "Changes with the resource"))),
        (status = 304, description = "Nothing has changed")))]
pub async fn show(
    State(site): State<Site>,
    OwnServer(_, server): OwnServer,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if is_known(&headers, &tag(server.revision)) {
        return Ok(tagged(StatusCode::NOT_MODIFIED.into_response(), server.revision));
    }
    let (resource, _) = resource_of(&site, server.id).await?;
    let revision = resource.revision;
    Ok(tagged(Json(resource).into_response(), revision))
}

/// Shows what goes with it, and may change without a revision
///
/// Its place in the line, since when the server can't be reached, the host key to confirm.
#[utoipa::path(get, path = "/servers/{id}/provisioning/live", tag = "servers",
    params(("id" = i64, Path, description = "The server's id")),
    operation_id = "show_provisioning_live", security(("token" = ["read"])),
    responses((status = 200, description = "How it goes on, now", body = ProvisioningLive)))]
pub async fn show_live(
    State(site): State<Site>,
    OwnServer(_, server): OwnServer,
) -> Result<Json<ProvisioningLive>, Problem> {
    let (_, live) = resource_of(&site, server.id).await?;
    Ok(Json(live))
}

/// Confirms the host key that a server shows
///
/// It is pinned, and a worker logs in and prepares the server.
#[utoipa::path(post, path = "/servers/{id}/confirm", tag = "servers", request_body = ConfirmHostKey,
    params(("id" = i64, Path, description = "The server's id")),
    operation_id = "confirm_host_key", security(("token" = ["write"])),
    responses(
        (status = 200, description = "The server with its steps", body = ServerProvisioningResource),
        (status = 409, description = "It shows another key, or none that waits")))]
pub async fn confirm(
    State(site): State<Site>,
    OwnServer(caller, server): OwnServer,
    Body(wanted): Body<ConfirmHostKey>,
) -> Result<Json<ServerProvisioningResource>, Problem> {
    let catalog = site.jobs.now();
    let installation = &site.installation;
    installation.confirm_host_key(&caller.actor, &catalog, &server, &wanted.fingerprint).await?;
    let (resource, _) = resource_of(&site, server.id).await?;
    Ok(Json(resource))
}

fn tag(revision: i64) -> String {
    format!("\"{BUILD}-{revision}\"")
}

/// Whether one of the tags that the client has is this one.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    // Who changes answers on the way, to compress them, makes the tag a weak one.
    tags.any(|known| known.trim().trim_start_matches("W/") == tag)
}

/// An answer with the tag: to be kept, and asked about each time.
fn tagged(mut response: Response, revision: i64) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag(revision)) {
        headers.insert(header::ETAG, tag);
    }
    response
}
