//! `GET /health`: for who watches over the installation.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Site;

/// 200 if database, queue and notifications answer, else 503 and which does not.
pub async fn health(State(site): State<Site>) -> (StatusCode, Json<Value>) {
    let database = site.installation.store.check_schema().await.is_ok();
    let (queue, bus) = match &site.installation.wire {
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
