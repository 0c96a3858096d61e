//! Workers and the line of runs that wait. They are the installation's, so its first user sees to
//! them.

use axum::extract::State;

use super::page::Page;
use super::sent::Sent;
use crate::web::Site;
use crate::web::api::{Named, Problem};
use crate::web::auth::Caller;

/// So many of those that wait are shown.
const LINE: i64 = 100;

/// `GET /workers`.
pub async fn list(State(site): State<Site>, caller: Caller) -> Result<Page, Problem> {
    caller.must_be_operator()?;
    let store = &site.installation.store;
    let page = Page::new("Workers").with("workers", store.workers().await?);
    Ok(page.with("line", store.runs_that_wait(LINE).await?))
}

/// `POST /workers/{name}/drain`.
pub async fn drain(
    State(site): State<Site>,
    caller: Caller,
    Named(name): Named,
) -> Result<Sent, Problem> {
    caller.must_be_operator()?;
    site.installation.drain(&caller.actor, &name).await?;
    Ok(Sent::back().notice("It takes nothing new from now on, and ends when its last run has."))
}
