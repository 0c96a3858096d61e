//! The page on which a person watches a server being provisioned, and its forms.

use axum::extract::State;
use axum::http::HeaderMap;

use super::line;
use super::page::Page;
use super::sent::Sent;
use crate::model::{ProvisioningLive, ServerProvisioningResource};
use crate::web::Site;
use crate::web::api::{Body, ConfirmHostKey, OwnServer, Problem, resource_of};
use crate::web::auth::Caller;

/// What the pages of a server show: as the API has it, and the one line where the browser has it.
pub(super) async fn resource(
    site: &Site,
    caller: &Caller,
    server: i64,
    headers: &HeaderMap,
) -> Result<(ServerProvisioningResource, ProvisioningLive), Problem> {
    let (resource, mut live) = resource_of(site, server).await?;
    line::put(&mut live, site, headers, caller.user_id, server).await?;
    Ok((resource, live))
}

/// `GET /servers/{id}/provisioning`.
pub async fn show(
    State(site): State<Site>,
    OwnServer(caller, server): OwnServer,
    headers: HeaderMap,
) -> Result<Page, Problem> {
    let (resource, live) = resource(&site, &caller, server.id, &headers).await?;
    Ok(Page::new("ServerProvisioning").with("server", resource).always("live", live))
}

/// `POST /servers/{id}/confirm`.
pub async fn confirm(
    State(site): State<Site>,
    OwnServer(caller, server): OwnServer,
    Body(wanted): Body<ConfirmHostKey>,
) -> Result<Sent, Problem> {
    let catalog = site.jobs.now();
    let installation = &site.installation;
    installation.confirm_host_key(&caller.actor, &catalog, &server, &wanted.fingerprint).await?;
    Ok(Sent::back())
}

/// `POST /servers/{id}/retry`.
pub async fn retry(
    State(site): State<Site>,
    OwnServer(caller, server): OwnServer,
) -> Result<Sent, Problem> {
    let catalog = site.jobs.now();
    let line = site.installation.retry_provision(&caller.actor, &catalog, &server).await?;
    Ok(match &line {
        Some(line) => line::kept(Sent::back(), &site, caller.user_id, &server, line),
        None => Sent::back(),
    })
}
