//! The pages: what browsers show of servers, runs, jobs and workers, and the forms on them. Handlers
//! are thin: they call what the API calls, and give a page of `ui/src/contract.ts`, or say where a
//! form leads to; [`present`] speaks Inertia's protocol for all of them.

mod account;
mod asked;
mod built;
mod document;
mod door;
mod jobs;
mod line;
mod overview;
mod page;
mod people;
mod present;
mod provisioning;
mod runs;
mod sent;
mod servers;
mod shared;
mod workers;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, post};

pub use door::{not_wanted, where_to};
pub use sent::Sent;

use super::{Site, api};
use present::present;

/// All pages and forms that are for who is signed in.
fn routes() -> Vec<(&'static str, MethodRouter<Site>)> {
    vec![
        ("/", get(servers::list)),
        ("/servers", get(servers::list).post(servers::add)),
        ("/servers/new", get(servers::new)),
        ("/servers/{id}", get(servers::show).delete(servers::remove)),
        ("/servers/{id}/provisioning", get(provisioning::show)),
        ("/servers/{id}/confirm", post(provisioning::confirm)),
        ("/servers/{id}/retry", post(provisioning::retry)),
        ("/servers/{id}/runs", post(runs::ask)),
        ("/runs", get(runs::list)),
        ("/runs/{id}", get(runs::show)),
        ("/runs/{id}/output.txt", get(runs::output)),
        ("/runs/{id}/cancel", post(runs::cancel)),
        ("/runs/{id}/retry", post(runs::retry)),
        ("/runs/{id}/abandon", post(runs::abandon)),
        ("/jobs", get(jobs::list)),
        ("/jobs/{name}", get(jobs::show)),
        ("/workers", get(workers::list)),
        ("/workers/{name}/drain", post(workers::drain)),
        ("/account", get(account::show)),
        ("/tokens", post(account::make_token)),
        ("/tokens/{id}", delete(account::revoke_token)),
    ]
}

/// The paths of all of them, as the router has them.
pub fn paths() -> Vec<&'static str> {
    routes().into_iter().map(|(path, _)| path).collect()
}

/// Everything that browsers see, and what is said where there is nothing.
pub fn router(site: &Site) -> Router<Site> {
    let mut signed_in = Router::new();
    for (path, methods) in routes() {
        signed_in = signed_in.route(path, methods);
    }
    let signed_in = signed_in
        .route_layer(from_fn_with_state(site.clone(), door::door))
        .layer(DefaultBodyLimit::max(api::LONGEST_BODY));
    let seen = signed_in
        .route("/sign-in", get(people::sign_in))
        .route("/welcome/{link}", get(people::welcome))
        .merge(super::people::router())
        .method_not_allowed_fallback(api::wrong_method)
        .fallback(api::no_route)
        .layer(from_fn_with_state(site.clone(), present));
    seen.route("/build/{*name}", get(built::show))
}
