//! What every answer of the web tier tells browsers. A page that wants more than nothing says
//! so itself, in its own policy; none has a script that stands in the page.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::response::Response;

use super::Site;

/// For what is no page, and for pages of browsers' own, as for JSON.
const NOTHING: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Adds what is missing.
pub async fn add(State(site): State<Site>, mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(X_FRAME_OPTIONS, "DENY");
    // Not less: without a referrer, browsers hide the origin of our own forms from us.
    set(REFERRER_POLICY, "same-origin");
    if site.has_tls() {
        set(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    // No answer is kept by anybody on the way, unless it says so.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NOTHING));
    response
}
