//! A browser's session on its way: the cookie that holds it, and what shows that a request
//! comes from a page of ours.
//!
//! Against requests that other sites have a browser make there are two things. The browser says
//! where a request comes from (`Sec-Fetch-Site`, or `Origin`), and that must be here. And who
//! is signed in must show a token that only pages of ours can read, as Laravel has it: in the
//! cookie `XSRF-TOKEN`, and back in the header `X-XSRF-TOKEN`, `X-CSRF-TOKEN`, or a form's `_token`.

use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Site;
use crate::installation::SessionSecret;
use crate::store::{ShownSession, StoreError};

/// The longest that browsers keep a session's cookie, in seconds: as long as it lasts.
const LASTS: u64 = 30 * 24 * 60 * 60;
/// The name that Laravel's clients know.
const XSRF: &str = "XSRF-TOKEN";

/// The session that a request shows, if it has not ended.
///
/// # Errors
/// Those of the store.
pub async fn of(site: &Site, headers: &HeaderMap) -> Result<Option<ShownSession>, StoreError> {
    match secret(site, headers) {
        Some(secret) => site.installation.session(secret).await,
        None => Ok(None),
    }
}

/// What the request's cookie holds.
pub fn secret<'h>(site: &Site, headers: &'h HeaderMap) -> Option<&'h str> {
    cookie(headers, name(site))
}

/// The name of the cookie. With TLS, the prefix has browsers take it from this very host only.
fn name(site: &Site) -> &'static str {
    if site.has_tls() { "__Host-groundcrew_session" } else { "groundcrew_session" }
}

/// Our cookies' values need no quotes and no decoding.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|one| one.split_once('='));
    pairs.find(|(known, _)| known.trim() == name).map(|(_, value)| value.trim())
}

/// The cookies of a session that was just begun, or got another secret.
pub fn cookies(site: &Site, secret: &SessionSecret, token: &str) -> [HeaderValue; 2] {
    [set(site, name(site), secret, LASTS, "; HttpOnly"), set(site, XSRF, token, LASTS, "")]
}

/// The cookie that pages read, for who has lost it.
pub fn token_cookie(site: &Site, token: &str) -> HeaderValue {
    set(site, XSRF, token, LASTS, "")
}

/// Has the browser forget both.
pub fn no_cookies(site: &Site) -> [HeaderValue; 2] {
    [set(site, name(site), "", 0, "; HttpOnly"), set(site, XSRF, "", 0, "")]
}

/// A cookie of ours, for so many seconds; 0 has the browser forget it.
pub fn set(site: &Site, name: &str, value: &str, lasts: u64, more: &str) -> HeaderValue {
    let tls = if site.has_tls() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={lasts}; SameSite=Lax{more}{tls}");
    let mut cookie = HeaderValue::try_from(text).expect("base64url is fit for a header");
    cookie.set_sensitive(true);
    cookie
}

/// The token of a session. It follows from the session's number and GROUNDCREW_KEY, so that
/// nothing more is kept, and pages that are open keep theirs when the secret changes.
pub fn token(site: &Site, session: i64) -> String {
    URL_SAFE_NO_PAD.encode(site.installation.vault.derive(&purpose(session)))
}

fn purpose(session: i64) -> String {
    format!("csrf of session {session}")
}

/// Whether this is the session's token.
pub fn is_token(site: &Site, session: i64, shown: &str) -> bool {
    let shown = URL_SAFE_NO_PAD.decode(shown);
    shown.is_ok_and(|shown| site.installation.vault.derives(&purpose(session), &shown))
}

/// Whether a request's header shows the session's token.
pub fn has_token(site: &Site, session: i64, headers: &HeaderMap) -> bool {
    let shown = ["x-xsrf-token", "x-csrf-token"].iter().filter_map(|name| headers.get(*name));
    shown.filter_map(|value| value.to_str().ok()).any(|shown| is_token(site, session, shown))
}

/// Whether a request comes from a page of ours, or from no page at all, as far as is told.
pub fn is_from_here(site: &Site, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(from) = text("sec-fetch-site") {
        return matches!(from, "same-origin" | "none");
    }
    // Browsers tell it only where there is TLS. All of them tell a POST's origin.
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    let host = origin.split_once("://").map(|(_, host)| host);
    origin == &*site.url || (host.is_some() && host == text(HOST.as_str()))
}
