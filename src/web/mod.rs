//! The web tier: for now, whether the installation is well.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::installation::Installation;

/// Serves until `stop` says true.
pub async fn serve(
    listener: TcpListener,
    installation: Installation,
    mut stop: watch::Receiver<bool>,
) {
    let router = Router::new().route("/health", get(health)).with_state(installation);
    let stopped = async move {
        crate::stop::stopped(&mut stop).await;
    };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
        tracing::error!("the web tier ended: {:#}", anyhow::Error::new(error));
    }
}

/// `GET /health`: 200 if database, queue and notifications answer, else 503 and which does not.
async fn health(State(installation): State<Installation>) -> (StatusCode, Json<Value>) {
    let database = installation.store.check_schema().await.is_ok();
    let (queue, bus) = match &installation.wire {
        Some(wire) => (wire.queue.ping().await.is_ok(), wire.bus.ping().await.is_ok()),
        None => (true, true),
    };
    let status =
        if database && queue && bus { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = |well| if well { "ok" } else { "unreachable" };
    let body = json!({
        "status": if status == StatusCode::OK { "ok" } else { "unavailable" },
        "version": env!("CARGO_PKG_VERSION"),
        "database": word(database), "queue": word(queue), "notifications": word(bus),
    });
    (status, Json(body))
}
