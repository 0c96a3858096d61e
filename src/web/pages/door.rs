//! Only who is signed in sees pages; who is not, signs in, and is then where they wanted to go.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::present::Seen;
use crate::web::api::Problem;
use crate::web::auth::{Caller, address};
use crate::web::{Site, session};

const COOKIE: &str = "groundcrew_wanted";
/// So long one may look for the password, in seconds.
const LASTS: u64 = 15 * 60;
/// The longest address that is remembered.
const LONGEST: usize = 1000;

/// Lets in who is signed in. What they are refused is written down.
pub async fn door(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let caller = match let_in(&site, &mut request) {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = match caller.must_mean_it(&site, &method, request.headers()) {
        Ok(()) => {
            request.extensions_mut().insert(caller.clone());
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    };
    if response.status() == StatusCode::FORBIDDEN {
        caller.refused(&site, format!("{method} {path}")).await;
    }
    response
}

fn let_in(site: &Site, request: &mut Request) -> Result<Caller, Problem> {
    let seen = request.extensions().get::<Seen>().and_then(|Seen(shown)| shown.as_ref());
    let Some(shown) = seen else {
        return Err(Problem::unauthorized("sign in first: there is no session any more", false));
    };
    let caller = Caller::signed_in(shown, address(request.extensions())?);
    site.limits.caller(caller.proof()).map_err(Problem::too_many)?;
    Ok(caller)
}

/// The cookie that remembers where somebody wanted to go.
pub fn wanted(site: &Site, path: &str) -> HeaderValue {
    let path = if path.len() > LONGEST { "/" } else { path };
    session::set(site, COOKIE, &URL_SAFE_NO_PAD.encode(path), LASTS, "; HttpOnly")
}

/// Has the browser forget it, if it has it.
pub fn not_wanted(site: &Site, headers: &HeaderMap) -> Option<HeaderValue> {
    session::cookie(headers, COOKIE).map(|_| session::set(site, COOKIE, "", 0, "; HttpOnly"))
}

/// Where somebody wanted to go who has just signed in.
pub fn where_to(headers: &HeaderMap) -> String {
    let path = session::cookie(headers, COOKIE)
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .and_then(|path| String::from_utf8(path).ok());
    // Nothing that a browser takes for another site's.
    let is_ours = |path: &String| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            && path.chars().all(|c| c.is_ascii_graphic())
            && !path.starts_with("/sign-in")
    };
    path.filter(is_ours).unwrap_or_else(|| "/servers".to_owned())
}
