//! Each request: which it is, in all that is logged of it; how it was answered, in what is counted.
//! Of its address only the route's pattern is told, for an address can hold a secret.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use tracing::field::Empty;
use tracing::{Instrument, Span};
use uuid::Uuid;

use super::Site;

/// Names and counts a request. Who asks it for help finds its name in the answer.
pub async fn request(State(site): State<Site>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = Uuid::new_v4().simple().to_string();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "none".to_owned());
    // Of the highest level, so that also a log of errors alone has it.
    let span = tracing::error_span!(
        "request", request = id, method = %request.method(), route, user = Empty
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    let (code, took) = (response.status().as_u16(), start.elapsed());
    site.requests.answered(&route, code, took);
    span.in_scope(|| tracing::debug!(code, ms = took.as_millis() as u64, "answered"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// It is this user who asks.
pub fn asked_by(user_id: i64) {
    Span::current().record("user", user_id);
}
