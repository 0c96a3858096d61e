//! The web tier: whether the installation is well, and the API. It asks the store and the
//! installation's verbs, and never a host.

mod api;
mod auth;
mod health;
mod limit;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

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

/// Serves until `stop` says true.
pub async fn serve(listener: TcpListener, site: Site, mut stop: watch::Receiver<bool>) {
    let router = router(site).into_make_service_with_connect_info::<SocketAddr>();
    let stopped = async move {
        crate::stop::stopped(&mut stop).await;
    };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
        tracing::error!("the web tier ended: {:#}", anyhow::Error::new(error));
    }
}

fn router(site: Site) -> Router {
    let api = api::router(&site);
    Router::new()
        .route("/health", get(health::health))
        .merge(api)
        .method_not_allowed_fallback(api::wrong_method)
        .fallback(api::no_route)
        .with_state(site)
}
