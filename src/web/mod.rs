//! The web tier: whether the installation is well, the API, and the way in for new servers. It asks the store and the
//! installation's verbs, and never a host.

mod api;
mod auth;
mod health;
mod join;
mod limit;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::catalog::Jobs;
use crate::installation::Installation;

/// What the web tier answers from. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Site {
    /// The store, and how the others are told.
    pub installation: Installation,
    /// What can be asked for.
    pub jobs: Arc<Jobs>,
}

/// Everything that the web tier answers.
pub fn router(site: Site) -> Router {
    let api = api::router(&site);
    Router::new()
        .route("/health", get(health::health))
        .merge(join::router())
        .merge(api)
        .method_not_allowed_fallback(api::wrong_method)
        .fallback(api::no_route)
        .with_state(site)
}
