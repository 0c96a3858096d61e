//! Workers over the API. They belong to the installation, so its first user sees to them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::input::Named;
use super::problem::Problem;
use crate::store::WorkerStatus;
use crate::web::Site;
use crate::web::auth::Caller;

/// Lists who works, when it was last heard of, and which runs it holds
///
/// For the installation's first user.
#[utoipa::path(get, path = "/workers", tag = "workers",
    operation_id = "list_workers", security(("token" = ["read"])),
    responses((status = 200, description = "All that were heard of within a day", body = Vec<WorkerStatus>)))]
pub async fn list(
    State(site): State<Site>,
    caller: Caller,
) -> Result<Json<Vec<WorkerStatus>>, Problem> {
    caller.must_be_operator()?;
    Ok(Json(site.installation.store.workers().await?))
}

/// Has a worker take nothing new, and end when its last run has ended
///
/// For the installation's first user.
#[utoipa::path(post, path = "/workers/{name}/drain", tag = "workers",
    params(("name" = String, Path, description = "Its name")),
    operation_id = "drain_worker", security(("token" = ["operate"])),
    responses((status = 204, description = "It takes nothing new from now on")))]
pub async fn drain(
    State(site): State<Site>,
    caller: Caller,
    Named(name): Named,
) -> Result<StatusCode, Problem> {
    caller.must_be_operator()?;
    site.installation.drain(&caller.actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
