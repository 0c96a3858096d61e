//! The web tier: for now, whether the installation is well.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::installation::Installation;

/// Everything that the web tier answers.
pub fn router(installation: Installation) -> Router {
    Router::new().route("/health", get(health)).with_state(installation)
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
