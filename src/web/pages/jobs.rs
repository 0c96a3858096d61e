//! What can be asked for.

use axum::extract::State;
use serde_json::{Value, json};

use super::page::Page;
use crate::model::Server;
use crate::web::Site;
use crate::web::api::{Named, Problem, description_of, descriptions};
use crate::web::auth::Caller;

/// More servers than anybody chooses from in a list.
const MOST: i64 = 1000;

/// `GET /jobs`.
pub async fn list(State(site): State<Site>) -> Page {
    Page::new("Jobs").with("jobs", descriptions(&site))
}

/// `GET /jobs/{name}`.
pub async fn show(
    State(site): State<Site>,
    caller: Caller,
    Named(name): Named,
) -> Result<Page, Problem> {
    let job = description_of(&site, &name)?;
    let servers = site.installation.store.servers_of(caller.user_id, 0, MOST).await?;
    // Those that a worker may be sent to.
    let ready = servers.iter().filter(|server| server.host_key.is_some());
    let choice = |server: &Server| json!({ "id": server.id, "name": server.name });
    let choices: Vec<Value> = ready.map(choice).collect();
    Ok(Page::new("Job").with("job", job).with("servers", choices))
}
