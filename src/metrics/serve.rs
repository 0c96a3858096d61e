//! The listener of its own: `/metrics`, `/healthz` and `/readyz`. What it shows is for who runs the
//! installation, so it is never a part of what browsers reach.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::sync::watch;

use super::{Metrics, text};
use crate::config::MetricsSettings;
use crate::health::Health;
use crate::listen;

/// Serves both until `stop` says true, if an address for it is set.
///
/// # Errors
/// Fails if the address is taken: two roles of a machine need one each.
pub fn serve(
    settings: &MetricsSettings,
    metrics: &Arc<Metrics>,
    health: &Health,
    stop: watch::Receiver<bool>,
) -> Result<()> {
    let Some(address) = settings.metrics_listen else { return Ok(()) };
    let listener = listen::open(address, false).with_context(|| why(address))?;
    tracing::info!(at = %listener.local_addr()?, "metrics can be read");
    let router = Router::new().route("/metrics", get(read)).with_state(metrics.clone());
    let router = router.merge(health.router());
    tokio::spawn(listen::serve(listener, None, router, vec![], stop));
    Ok(())
}

fn why(address: SocketAddr) -> String {
    format!(
        "listening on {address} for metrics; does another role of this machine have it? Each needs one \
         of its own: --metrics-listen or GROUNDCREW_METRICS_LISTEN"
    )
}

async fn read(State(metrics): State<Arc<Metrics>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, text::TYPE)], metrics.text())
}
