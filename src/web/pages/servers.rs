//! Servers: all at a glance, one with what ran on it, and the form that adds one.

use axum::extract::State;

use super::line;
use super::overview::overview;
use super::page::Page;
use super::sent::Sent;
use crate::join::PREPARE;
use crate::web::Site;
use crate::web::api::{AddServer, Body, OwnServer, Problem, add_server, descriptions, resource_of};
use crate::web::auth::Caller;

/// So many runs a server's page shows.
const RUNS: i64 = 10;

/// `GET /servers`.
pub async fn list(State(site): State<Site>, caller: Caller) -> Result<Page, Problem> {
    Ok(Page::new("Servers").with("servers", overview(&site, caller.user_id).await?))
}

/// `GET /servers/new`.
pub async fn new(State(site): State<Site>) -> Page {
    let mut jobs = descriptions(&site);
    // What every server gets that joins.
    jobs.retain(|job| job.name != PREPARE);
    Page::new("AddServer").with("jobs", jobs)
}

/// `GET /servers/{id}`.
pub async fn show(
    State(site): State<Site>,
    OwnServer(caller, server): OwnServer,
) -> Result<Page, Problem> {
    let (resource, live) = resource_of(&site, server.id).await?;
    let store = &site.installation.store;
    let runs = store.runs_of(caller.user_id, Some(server.id), None, RUNS).await?;
    let page = Page::new("Server").with("server", resource).always("live", live);
    Ok(page.with("runs", runs).with("jobs", descriptions(&site)))
}

/// `POST /servers`: the form is what the API takes.
pub async fn add(
    State(site): State<Site>,
    caller: Caller,
    Body(wanted): Body<AddServer>,
) -> Result<Sent, Problem> {
    let added = add_server(&site, &caller, wanted).await?;
    let sent = Sent::to(format!("/servers/{}/provisioning", added.server.id));
    Ok(match &added.line {
        Some(line) => line::kept(sent, &site, caller.user_id, &added.server, line),
        None => sent,
    })
}

/// `DELETE /servers/{id}`.
pub async fn remove(
    State(site): State<Site>,
    OwnServer(caller, server): OwnServer,
) -> Result<Sent, Problem> {
    site.installation.remove_server(&caller.actor, &server).await?;
    Ok(Sent::to("/servers").notice(format!("{} is removed.", server.name)))
}
