//! What can be asked for.

use axum::Json;
use axum::extract::State;

use super::input::Named;
use super::problem::Problem;
use crate::catalog::JobDescription;
use crate::web::Site;

/// Lists all jobs, by name
#[utoipa::path(get, path = "/jobs", tag = "jobs",
    operation_id = "list_jobs", security(("token" = ["read"])),
    responses((status = 200, description = "All jobs", body = Vec<JobDescription>)))]
pub async fn list(State(site): State<Site>) -> Json<Vec<JobDescription>> {
    Json(descriptions(&site))
}

/// All jobs, by name.
pub fn descriptions(site: &Site) -> Vec<JobDescription> {
    site.jobs.now().jobs().map(|job| job.describe()).collect()
}

/// Shows a job's parameters and steps
#[utoipa::path(get, path = "/jobs/{name}", tag = "jobs",
    params(("name" = String, Path, description = "Its name, as in nginx")),
    operation_id = "show_job", security(("token" = ["read"])),
    responses((status = 200, description = "The job", body = JobDescription)))]
pub async fn show(
    State(site): State<Site>,
    Named(name): Named,
) -> Result<Json<JobDescription>, Problem> {
    description_of(&site, &name).map(Json)
}

/// The job of this name.
///
/// # Errors
/// 404.
pub fn description_of(site: &Site, name: &str) -> Result<JobDescription, Problem> {
    let catalog = site.jobs.now();
    let job = catalog.job(name).map_err(|_| {
        Problem::not_found(format!("there is no job {name:?}")).hint("GET /api/v1/jobs lists all")
    })?;
    Ok(job.describe())
}
