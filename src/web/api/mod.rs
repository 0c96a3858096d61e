//! `/api/v1`: the same verbs as the command line, for programs. One file a thing; each route
//! brings its own description, and what is described is what is served.

mod description;
mod input;
mod jobs;
mod once;
mod page;
mod problem;
mod provisioning;
mod runs;
mod servers;
mod tokens;
mod workers;

use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Json, Router};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

// What pages have in common with the API.
pub use input::{Body, LONGEST_BODY, Named, OwnRun, OwnServer, Values};
pub use jobs::{description_of, descriptions};
pub use page::PageQuery;
pub use problem::{FieldError, Kind, Problem};
pub use provisioning::{ConfirmHostKey, resource_of, resources_of};
pub use runs::{AskRun, RetryRun, StepQuery, page_of};
pub use servers::{AddServer, add_server};
pub use tokens::{CreateToken, create_token, revoke};

use super::Site;
use super::auth::{Gate, gate};

/// All routes of the API, with who may take them.
pub fn router(site: &Site) -> Router<Site> {
    let (routes, described) = OpenApiRouter::default().nest("/api/v1", routes()).split_for_parts();
    let description = description::finish(described);
    let gated = routes
        .route_layer(from_fn_with_state(Gate::new(site.clone(), &description), gate))
        .layer(DefaultBodyLimit::max(input::LONGEST_BODY));
    // What follows is for everybody: it says how to ask, and nothing of what there is.
    gated.route("/api/v1/openapi.json", get(async || Json(description))).merge(description::page())
}

fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::default()
        .routes(routes!(servers::list, servers::add))
        .routes(routes!(servers::show, servers::remove))
        .routes(routes!(servers::retry))
        .routes(routes!(provisioning::show))
        .routes(routes!(provisioning::show_live))
        .routes(routes!(provisioning::confirm))
        .routes(routes!(runs::list_of_server, runs::ask))
        .routes(routes!(runs::list))
        .routes(routes!(runs::show))
        .routes(routes!(runs::output))
        .routes(routes!(runs::cancel))
        .routes(routes!(runs::retry))
        .routes(routes!(runs::abandon))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::show))
        .routes(routes!(workers::list))
        .routes(routes!(workers::drain))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::remove))
}

/// What no route is for.
pub async fn no_route(uri: Uri) -> Problem {
    let path = uri.path();
    Problem::not_found(format!("nothing is at {path:?}"))
        .hint("GET /api/v1/docs shows all routes of the API")
}

/// What a route is for, but not with this method.
pub async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let path = uri.path();
    Problem::new(
        Kind::MethodNotAllowed,
        format!("{path:?} does not take {method}; the header Allow says which methods it takes"),
    )
}
