//! A user's servers at a glance: each with how far it is, and with what is on it.

use std::collections::HashMap;

use serde::Serialize;

use crate::join::PREPARE;
use crate::model::{Server, Status, StepResource};
use crate::web::Site;
use crate::web::api::{Problem, resources_of};

/// More servers than a page shows.
const MOST: i64 = 2000;

/// A server in the list.
#[derive(Serialize)]
pub struct ServerSummary {
    #[serde(flatten)]
    server: Server,
    /// Titles of the jobs that are in place, in the order in which they came.
    installed: Vec<String>,
    /// How far the provisioning is.
    progress: Progress,
    /// What is at work or failed now.
    step: Option<String>,
}

#[derive(Serialize)]
struct Progress {
    done: usize,
    of: usize,
}

/// All servers of a user. Only those that are not done are looked at any closer.
///
/// # Errors
/// Those of the store.
pub async fn overview(site: &Site, user_id: i64) -> Result<Vec<ServerSummary>, Problem> {
    let store = &site.installation.store;
    let catalog = site.jobs.now();
    let title = |name: String| match catalog.job(&name) {
        Ok(job) => job.title.clone(),
        Err(_) => name,
    };
    let servers = store.servers_of(user_id, 0, MOST).await?;
    let ids: Vec<i64> = servers.iter().map(|server| server.id).collect();
    let mut installed = store.installed(&ids).await?;
    let open = servers.iter().filter(|server| server.provision_status != Status::Completed);
    let open: Vec<i64> = open.map(|server| server.id).collect();
    let open = resources_of(site, &open).await?;
    let mut open: HashMap<i64, _> = open.into_iter().map(|one| (one.id, one.steps)).collect();
    let mut all = Vec::new();
    for server in servers {
        let jobs = installed.remove(&server.id).unwrap_or_default();
        let jobs = jobs.into_iter().filter(|name| name != PREPARE).map(title).collect();
        let steps = open.remove(&server.id).unwrap_or_default();
        let done = steps.iter().filter(|step| step.status.is_completed).count();
        let step = steps.iter().find(|step| step.status.is_installing || step.status.is_failed);
        all.push(ServerSummary {
            server,
            installed: jobs,
            progress: Progress { done, of: steps.len() },
            step: step.map(about),
        });
    }
    Ok(all)
}

/// The title of the job's step that it is about, or else its own.
fn about(step: &StepResource) -> String {
    let is_it = |status| matches!(status, Status::Installing | Status::Failed);
    let inside = step.steps.iter().find(|inside| is_it(inside.status));
    inside.map_or(&step.name, |inside| &inside.title).clone()
}
