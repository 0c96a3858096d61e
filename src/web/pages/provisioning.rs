//! The page on which a person watches a server being provisioned, and its forms.

use axum::extract::State;
use axum::http::HeaderMap;

use super::line;
use super::page::Page;
use super::sent::Sent;
use crate::web::Site;
use crate::web::api::{Body, ConfirmHostKey, OwnServer, Problem, resource_of};

/// `GET /servers/{id}/provisioning`.
pub async fn show(
    State(site): State<Site>,
    OwnServer(caller, server): OwnServer,
    headers: HeaderMap,
) -> Result<Page, Problem> {
    let (resource, live) = resource_of(&site, server.id).await?;
    let line = match &live.join {
        Some(join) => line::of(&site, &headers, caller.user_id, server.id, join).await?,
        None => None,
    };
    let page = Page::new("ServerProvisioning").with("server", resource).always("live", live);
    Ok(Page { line, ..page })
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
