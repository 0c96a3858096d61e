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
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tokio::sync::watch;

use super::figures::{Whole, register_readiness};
use super::{Metrics, PREFIX, process, text};
use crate::config::MetricsSettings;
use crate::health::Health;
use crate::listen;

/// Serves all of them until the process ends, if an address for it is set: what was counted last is
/// read, too, and that it leaves.
///
/// # Errors
/// Fails if the address is taken: two roles of a machine need one each.
pub fn serve(settings: &MetricsSettings, health: &Health) -> Result<()> {
    let Some(address) = settings.metrics_listen else { return Ok(()) };
    let listener = listen::open(address, false).with_context(|| why(address))?;
    tracing::info!(at = %listener.local_addr()?, "metrics can be read");
    let metrics = health.installation().metrics.clone();
    let whole = health.jobs().map(|jobs| Whole::of(health.installation(), jobs));
    let reader = Arc::new(Reader { metrics, health: health.clone(), whole });
    let router = Router::new().route("/metrics", get(read)).with_state(reader);
    let router = router.merge(health.router());
    tokio::spawn(async move {
        let (_never, stop) = watch::channel(false);
        listen::serve(listener, None, router, vec![], stop).await;
    });
    Ok(())
}

fn why(address: SocketAddr) -> String {
    format!(
        "listening on {address} for metrics; does another role of this machine have it? Each needs one \
         of its own: --metrics-listen or GROUNDCREW_METRICS_LISTEN"
    )
}

/// What is read from.
struct Reader {
    metrics: Arc<Metrics>,
    health: Health,
    /// None for a role that plans nothing, and so does not know how long a step may take.
    whole: Option<Whole>,
}

async fn read(State(reader): State<Arc<Reader>>) -> impl IntoResponse {
    let Reader { metrics, health, whole } = &*reader;
    let mut now = Registry::with_prefix(PREFIX);
    register_readiness(&mut now, &health.check().await);
    if let Some(whole) = whole {
        whole.register(&mut now).await;
    }
    let build = Info::new([("version", env!("CARGO_PKG_VERSION")), ("role", health.role())]);
    now.register("build", "Which groundcrew this is, and what it does", build);
    let mut itself = Registry::default();
    process::register(&mut itself, metrics.started);
    ([(CONTENT_TYPE, text::TYPE)], metrics.text() + &text::of(&now) + &text::of(&itself))
}
