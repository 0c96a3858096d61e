//! The web tier: whether the installation is well, who is signed in, what they may hear, the pages,
//! the API, and the way in for new servers. It asks the store and the installation's verbs, and never a
//! host.

mod api;
mod auth;
mod broadcasting;
mod headers;
mod join;
mod limit;
mod pages;
mod people;
mod request;
mod session;

use std::sync::Arc;

use axum::Router;
use axum::http::Uri;
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::routing::post;

use crate::catalog::Jobs;
use crate::gateway::App;
use crate::health::Health;
use crate::installation::Installation;
use crate::metrics::Requests;
use limit::Limits;

/// What the web tier answers from. Cheap to clone.
#[derive(Clone)]
pub struct Site {
    /// The store, and how the others are told.
    pub installation: Installation,
    /// What can be asked for.
    pub jobs: Arc<Jobs>,
    /// The address that browsers see, without a slash at its end.
    pub url: Arc<str>,
    /// Where browsers find the gateway; None: where they find the pages.
    gateway: Option<Arc<Uri>>,
    /// What subscriptions are signed with.
    app: Arc<App>,
    limits: Arc<Limits>,
    health: Health,
    requests: Requests,
}

// By hand: the application has a secret.
impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Site({})", self.url)
    }
}

impl Site {
    /// The site of an installation, which browsers see at this address.
    pub fn new(
        installation: &Installation,
        jobs: &Arc<Jobs>,
        app: App,
        url: &str,
        health: &Health,
    ) -> Self {
        Self {
            installation: installation.clone(),
            jobs: jobs.clone(),
            url: url.into(),
            gateway: None,
            app: Arc::new(app),
            limits: Arc::new(Limits::new()),
            health: health.clone(),
            requests: installation.metrics.register(Requests::new),
        }
    }

    /// With a gateway that browsers find elsewhere.
    #[must_use]
    pub fn with_gateway(self, address: Option<&Uri>) -> Self {
        Self { gateway: address.cloned().map(Arc::new), ..self }
    }

    /// Whether browsers come with TLS.
    fn has_tls(&self) -> bool {
        self.url.starts_with("https:")
    }
}

pub use pages::paths as page_paths;

/// Everything that the web tier answers.
pub fn router(site: Site) -> Router {
    Router::new()
        .route("/broadcasting/auth", post(broadcasting::auth))
        .merge(site.health.router())
        .merge(pages::router(&site))
        .merge(join::router())
        .merge(api::router(&site))
        .method_not_allowed_fallback(api::wrong_method)
        .layer(map_response_with_state(site.clone(), headers::add))
        .layer(from_fn_with_state(site.clone(), request::request))
        .with_state(site)
}
