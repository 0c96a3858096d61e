//! Servers: all at a glance, one with what ran on it, and the form that adds one.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;

use super::line;
use super::overview::overview;
use super::page::Page;
use super::provisioning::resource;
use super::sent::Sent;
use crate::model::JoinsBy;
use crate::web::Site;
use crate::web::api::{AddServer, AskRun, Body, OwnServer, Problem, add_server, descriptions};
use crate::web::auth::Caller;

/// So many runs a server's page shows.
const RUNS: i64 = 10;

/// `GET /servers`.
pub async fn list(State(site): State<Site>, caller: Caller) -> Result<Page, Problem> {
    Ok(Page::new("Servers").with("servers", overview(&site, caller.user_id).await?))
}

/// `GET /servers/new`.
pub async fn new(State(site): State<Site>) -> Page {
    Page::new("AddServer").with("jobs", descriptions(&site))
}

/// `GET /servers/{id}`.
pub async fn show(
    State(site): State<Site>,
    OwnServer(caller, server): OwnServer,
    headers: HeaderMap,
) -> Result<Page, Problem> {
    let (resource, live) = resource(&site, &caller, server.id, &headers).await?;
    let store = &site.installation.store;
    let runs = store.runs_of(caller.user_id, Some(server.id), None, RUNS).await?;
    let page = Page::new("Server").with("server", resource).always("live", live);
    Ok(page.with("runs", runs).with("jobs", descriptions(&site)))
}

/// A server as the form has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    name: String,
    host: String,
    ssh_port: u16,
    ssh_user: String,
    way: JoinsBy,
    private_key: Option<String>,
    jobs: Vec<String>,
    parameters: BTreeMap<String, String>,
}

/// `POST /servers`.
pub async fn add(
    State(site): State<Site>,
    caller: Caller,
    Body(form): Body<Form>,
) -> Result<Sent, Problem> {
    let Form { jobs, parameters, .. } = form;
    let wanted = AddServer {
        name: form.name,
        host: form.host,
        ssh_port: form.ssh_port,
        ssh_user: form.ssh_user,
        joins_by: Some(form.way),
        provider: None,
        install: Some(AskRun { jobs, parameters, untested_system: false }),
        host_key: None,
        private_key: form.private_key,
    };
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
