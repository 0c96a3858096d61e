//! Runs: all of them, one step by step, its output as a file, and what an operator does about it.

use axum::body::{Body as Content, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream::try_unfold;

use super::page::Page;
use super::sent::Sent;
use crate::installation::Wanted;
use crate::store::{Store, StoreError};
use crate::web::Site;
use crate::web::api::{
    AskRun, Body, OwnRun, OwnServer, PageQuery, Problem, RetryRun, StepQuery, Values, page_of,
};
use crate::web::auth::Caller;

/// So much of a file is in memory at once, in bytes.
const SLICE: u64 = 2 * 1024 * 1024;

/// `GET /runs`.
pub async fn list(
    State(site): State<Site>,
    caller: Caller,
    Values(page): Values<PageQuery>,
) -> Result<Page, Problem> {
    Ok(Page::new("Runs").with("runs", page_of(&site, &caller, None, &page).await?))
}

/// `GET /runs/{id}`.
pub async fn show(OwnRun(_, run): OwnRun) -> Page {
    Page::new("Run").with("run", run)
}

/// `POST /servers/{id}/runs`.
pub async fn ask(
    State(site): State<Site>,
    OwnServer(caller, server): OwnServer,
    Body(wanted): Body<AskRun>,
) -> Result<Sent, Problem> {
    let AskRun { jobs, parameters, untested_system } = wanted;
    let wanted = Wanted { server_id: server.id, jobs, parameters, untested_system };
    let (id, _) = site.installation.ask(&caller.actor, &site.jobs.now(), wanted).await?;
    Ok(Sent::to(format!("/runs/{id}")))
}

/// `POST /runs/{id}/cancel`.
pub async fn cancel(
    State(site): State<Site>,
    OwnRun(caller, run): OwnRun,
) -> Result<Sent, Problem> {
    site.installation.cancel(&caller.actor, &run).await?;
    Ok(Sent::back())
}

/// `POST /runs/{id}/retry`.
pub async fn retry(
    State(site): State<Site>,
    OwnRun(caller, run): OwnRun,
    Body(RetryRun { from }): Body<RetryRun>,
) -> Result<Sent, Problem> {
    site.installation.retry(&caller.actor, &run, from.as_deref()).await?;
    Ok(Sent::back())
}

/// `POST /runs/{id}/abandon`.
pub async fn abandon(
    State(site): State<Site>,
    OwnRun(caller, run): OwnRun,
) -> Result<Sent, Problem> {
    site.installation.abandon(&caller.actor, &run).await?;
    Ok(Sent::back())
}

/// `GET /runs/{id}/output.txt`: all that there is by now, a part after the other.
pub async fn output(
    State(site): State<Site>,
    OwnRun(_, run): OwnRun,
    Values(query): Values<StepQuery>,
) -> Response {
    let step = query.step.map(|step| i64::from(step.get()));
    let store = site.installation.store.clone();
    let name = format!("attachment; filename=\"{}.txt\"", run.run.id);
    let headers =
        [(CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    let parts = try_unfold((store, run.run.id, 0), move |(store, run, offset)| async move {
        let part = part(&store, &run, step, offset).await?;
        let next = offset + part.len() as u64;
        Ok::<_, StoreError>((!part.is_empty()).then_some((part, (store, run, next))))
    });
    (headers, Content::from_stream(parts)).into_response()
}

async fn part(
    store: &Store,
    run: &str,
    step: Option<i64>,
    offset: u64,
) -> Result<Bytes, StoreError> {
    let slice = store.output_slice(run, step, offset, SLICE).await?;
    Ok(slice.bytes.into())
}
