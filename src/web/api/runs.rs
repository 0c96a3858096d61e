//! Runs over the API.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::input::{Body, MaybeBody, OwnRun, OwnServer, Values};
use super::once::{IdempotencyKey, Known, Once};
use super::page::{Page, PageQuery};
use super::problem::Problem;
use crate::installation::Wanted;
use crate::model::RunResource;
use crate::store::RunSummary;
use crate::web::Site;
use crate::web::auth::Caller;

/// So much output is sent at once, where nothing is said, in bytes.
const OUTPUT: u64 = 1024 * 1024;
/// So much at most.
const MOST_OUTPUT: u64 = 4 * 1024 * 1024;

/// What is to be done on a server.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskRun {
    /// Names of jobs; those that they need come with them.
    #[schema(min_items = 1, example = json!(["nginx"]))]
    pub jobs: Vec<String>,
    /// Values of their parameters. Secrets are kept encrypted, and never shown.
    #[serde(default)]
    #[schema(example = json!({"app_user": "deploy"}))]
    pub parameters: BTreeMap<String, String>,
    /// Also on a system that a job was not tested on.
    #[serde(default)]
    pub untested_system: bool,
}

/// From where a run goes on.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryRun {
    /// From this step on: its number, its name, or `JOB.STEP`. Where nothing is said, from the
    /// step that failed.
    pub from: Option<String>,
}

/// Whose output, where all of it is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepQuery {
    /// Only what this step wrote, by its number.
    pub step: Option<NonZeroU16>,
}

/// Which part of the output.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OutputQuery {
    /// Only what this step wrote, by its number.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 65535)]
    step: Option<NonZeroU16>,
    /// From this byte on; 0 where nothing is said.
    #[serde(default)]
    #[param(minimum = 0)]
    offset: u64,
    /// So many bytes at most; 1048576 where nothing is said.
    #[param(minimum = 1, maximum = 4194304)]
    limit: Option<u64>,
}

/// Asks for a run
///
/// A worker does it; the answer comes at once. Send an `Idempotency-Key` to be able to ask again
/// when the answer was lost: for a day, the same key with the same request gives the same answer,
/// and there is one run.
#[utoipa::path(post, path = "/servers/{id}/runs", tag = "runs", request_body = AskRun,
    params(
        ("id" = i64, Path, description = "The server's id"),
        ("Idempotency-Key" = Option<String>, Header,
            description = "1 to 255 visible ASCII characters, new for each request, as a UUID",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    operation_id = "ask_run", security(("token" = ["operate"])),
    responses((status = 201, description = "The run, which waits for a worker", body = RunResource,
        headers(("Location" = String, description = "Where it is")))))]
pub async fn ask(
    State(site): State<Site>,
    OwnServer(caller, server): OwnServer,
    key: IdempotencyKey,
    Body(wanted): Body<AskRun>,
) -> Result<Response, Problem> {
    let once = Once::new(&site, &caller, key, &format!("ask {}", server.id), &wanted);
    let mut known = once.recall().await?;
    if let Some(Known::Answered(status, body)) = known {
        return Ok(asked(status, body));
    }
    // What is wrong is told before anything is kept, so that the key is still free.
    let plan = site.jobs.now().plan(&wanted.jobs, &wanted.parameters)?;
    if known.is_none() {
        known = Some(once.begin(Uuid::now_v7().to_string()).await?);
    }
    let id = match known {
        Some(Known::Making(id)) => id,
        Some(Known::Answered(status, body)) => return Ok(asked(status, body)),
        None => return Err(Problem::internal("a request that is neither new nor known")),
    };
    let wanted = Wanted {
        server_id: server.id,
        jobs: wanted.jobs,
        parameters: wanted.parameters,
        untested_system: wanted.untested_system,
    };
    site.installation.ask_planned(&caller.actor, &id, &plan, wanted).await?;
    let run = site.installation.store.run_of(caller.user_id, &id).await?;
    let body = serde_json::to_string(&run).map_err(Problem::internal)?;
    let (status, body) = once.answered(StatusCode::CREATED.as_u16(), body).await?;
    Ok(asked(status, body))
}

/// The answer, which may be an earlier one.
fn asked(status: u16, body: String) -> Response {
    #[derive(Deserialize)]
    struct Made {
        id: String,
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::CREATED);
    let place = serde_json::from_str::<Made>(&body)
        .map(|made| [(header::LOCATION, format!("/api/v1/runs/{}", made.id))]);
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, place.ok(), body).into_response()
}

/// Lists the runs of a server, the newest first
#[utoipa::path(get, path = "/servers/{id}/runs", tag = "runs",
    params(("id" = i64, Path, description = "The server's id"), PageQuery),
    operation_id = "list_runs_of_server", security(("token" = ["read"])),
    responses((status = 200, description = "A page of them", body = Page<RunSummary>)))]
pub async fn list_of_server(
    State(site): State<Site>,
    OwnServer(caller, server): OwnServer,
    Values(page): Values<PageQuery>,
) -> Result<Json<Page<RunSummary>>, Problem> {
    page_of(&site, &caller, Some(server.id), &page).await.map(Json)
}

/// Lists your runs, the newest first
#[utoipa::path(get, path = "/runs", tag = "runs", params(PageQuery),
    operation_id = "list_runs", security(("token" = ["read"])),
    responses((status = 200, description = "A page of them", body = Page<RunSummary>)))]
pub async fn list(
    State(site): State<Site>,
    caller: Caller,
    Values(page): Values<PageQuery>,
) -> Result<Json<Page<RunSummary>>, Problem> {
    page_of(&site, &caller, None, &page).await.map(Json)
}

/// A page of somebody's runs, the newest first.
///
/// # Errors
/// 400, and those of the store.
pub async fn page_of(
    site: &Site,
    caller: &Caller,
    server_id: Option<i64>,
    page: &PageQuery,
) -> Result<Page<RunSummary>, Problem> {
    let (rows, before) = (page.rows()?, page.cursor::<Uuid>()?.map(|id| id.to_string()));
    let store = &site.installation.store;
    let runs = store.runs_of(caller.user_id, server_id, before.as_deref(), rows).await?;
    Ok(Page::of(runs, rows, |summary| summary.run.id.clone()))
}

/// Shows a run, step by step
#[utoipa::path(get, path = "/runs/{id}", tag = "runs",
    params(("id" = String, Path, description = "Its id", format = "uuid")),
    operation_id = "show_run", security(("token" = ["read"])),
    responses((status = 200, description = "The run, its steps, its place in the line and why it waits", body = RunResource)))]
pub async fn show(OwnRun(_, run): OwnRun) -> Json<RunResource> {
    Json(run)
}

/// Gives a run's output from an offset on, byte for byte as the host wrote it
///
/// Secrets are masked, at the same length. To follow a run, ask again with the offset that
/// `Next-Offset` says: nothing is missed and nothing comes twice.
#[utoipa::path(get, path = "/runs/{id}/output", tag = "runs",
    params(("id" = String, Path, description = "The run's id", format = "uuid"), OutputQuery),
    operation_id = "run_output", security(("token" = ["read"])),
    responses((status = 200, description = "The bytes", content_type = "application/octet-stream",
        headers(
            ("Next-Offset" = u64, description = "Where the next bytes begin"),
            ("Whole-Length" = u64, description = "How many bytes there are by now")))))]
pub async fn output(
    State(site): State<Site>,
    OwnRun(_, run): OwnRun,
    Values(query): Values<OutputQuery>,
) -> Result<Response, Problem> {
    let limit = query.limit.unwrap_or(OUTPUT);
    if !(1..=MOST_OUTPUT).contains(&limit) {
        return Err(Problem::malformed(format!("limit must be from 1 to {MOST_OUTPUT}")));
    }
    if query.offset > i64::MAX as u64 {
        return Err(Problem::malformed("offset is further than any output goes"));
    }
    let (step, offset) = (query.step.map(|step| i64::from(step.get())), query.offset);
    let slice = site.installation.store.output_slice(&run.run.id, step, offset, limit).await?;
    let headers = [
        ("next-offset", (offset + slice.bytes.len() as u64).to_string()),
        ("whole-length", slice.whole.to_string()),
        // Never to be shown as a page: a host wrote it.
        ("content-disposition", "attachment".to_owned()),
    ];
    Ok((headers, slice.bytes).into_response())
}

/// Cancels a run
///
/// One that no host has is cancelled at once. Else what it started is ended on the host, and the
/// run is `cancelled` once the host has said so; what was done stays.
#[utoipa::path(post, path = "/runs/{id}/cancel", tag = "runs",
    params(("id" = String, Path, description = "Its id", format = "uuid")),
    operation_id = "cancel_run", security(("token" = ["operate"])),
    responses(
        (status = 200, description = "The run, cancelled or with `cancel_requested_at`", body = RunResource),
        (status = 409, description = "It has ended")))]
pub async fn cancel(
    State(site): State<Site>,
    OwnRun(caller, run): OwnRun,
) -> Result<Json<RunResource>, Problem> {
    site.installation.cancel(&caller.actor, &run).await?;
    again(&site, &caller, &run).await
}

/// Tries a failed run again; what was completed stays
#[utoipa::path(post, path = "/runs/{id}/retry", tag = "runs",
    params(("id" = String, Path, description = "Its id", format = "uuid")),
    request_body = Option<RetryRun>,
    operation_id = "retry_run", security(("token" = ["operate"])),
    responses(
        (status = 200, description = "The run, which waits for a worker", body = RunResource),
        (status = 409, description = "It has not failed, or steps before that one are not completed")))]
pub async fn retry(
    State(site): State<Site>,
    OwnRun(caller, run): OwnRun,
    MaybeBody(RetryRun { from }): MaybeBody<RetryRun>,
) -> Result<Json<RunResource>, Problem> {
    site.installation.retry(&caller.actor, &run, from.as_deref()).await?;
    again(&site, &caller, &run).await
}

/// Gives a run up whose host is gone for good
///
/// Nobody asks the host about it again, even if it comes back.
#[utoipa::path(post, path = "/runs/{id}/abandon", tag = "runs",
    params(("id" = String, Path, description = "Its id", format = "uuid")),
    operation_id = "abandon_run", security(("token" = ["operate"])),
    responses(
        (status = 200, description = "The run, failed", body = RunResource),
        (status = 409, description = "It is not at work, and the host has said how it ended")))]
pub async fn abandon(
    State(site): State<Site>,
    OwnRun(caller, run): OwnRun,
) -> Result<Json<RunResource>, Problem> {
    site.installation.abandon(&caller.actor, &run).await?;
    again(&site, &caller, &run).await
}

/// The run as it is now.
async fn again(
    site: &Site,
    caller: &Caller,
    run: &RunResource,
) -> Result<Json<RunResource>, Problem> {
    Ok(Json(site.installation.store.run_of(caller.user_id, &run.run.id).await?))
}
