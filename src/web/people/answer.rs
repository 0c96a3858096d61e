//! What is said to who sent a form: a page, or where to go, and for who asked for JSON a problem.

use axum::http::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::fields::wants_json;
use super::page::Page;
use crate::installation::{SessionSecret, SignInError};
use crate::store::StoreError;
use crate::web::api::{FieldError, Problem};
use crate::web::{Site, session};

/// The answer to who has just signed in, with the new cookies.
pub async fn begun(
    site: &Site,
    parts: &Parts,
    secret: &SessionSecret,
) -> Result<Response, Problem> {
    let Some(shown) = site.installation.session(secret).await? else {
        return Err(Problem::unauthorized(
            "the session was ended by somebody else; sign in again",
            false,
        ));
    };
    let token = session::token(site, shown.session.id);
    let answer =
        if wants_json(&parts.headers) { StatusCode::NO_CONTENT.into_response() } else { go("/") };
    Ok(with_cookies(answer, session::cookies(site, secret, &token)))
}

/// The form again, with what is wrong; or a problem, for who asked for JSON.
pub fn refused(parts: &Parts, error: SignInError, page: &Page<'_>) -> Result<Response, Problem> {
    if wants_json(&parts.headers) {
        return Err(problem(error));
    }
    match (&error, field(&error)) {
        (SignInError::Link, _) => Ok(Page::Gone.show(&[], StatusCode::GONE)),
        (_, Some(field)) => {
            let errors = [FieldError::new(field, error.to_string())];
            Ok(page.show(&errors, StatusCode::UNPROCESSABLE_ENTITY))
        }
        (_, None) => Err(problem(error)),
    }
}

/// The form again, or a problem: who asks has to wait.
pub fn too_many(parts: &Parts, wait: u64, page: &Page<'_>) -> Response {
    let problem = Problem::too_many(wait).into_response();
    if wants_json(&parts.headers) {
        return problem;
    }
    let detail = format!("too many tries; wait {wait} s, and try again");
    let mut shown = page.show(&[FieldError::new("name", detail)], StatusCode::TOO_MANY_REQUESTS);
    let wait = problem.headers().get(RETRY_AFTER).map(|wait| (RETRY_AFTER, wait.clone()));
    shown.headers_mut().extend(wait);
    shown
}

/// Which field is to blame; None: none of them.
pub fn field(error: &SignInError) -> Option<&'static str> {
    match error {
        SignInError::Wrong | SignInError::Name(_) => Some("name"),
        SignInError::Current => Some("current"),
        SignInError::Password(_) => Some("password"),
        SignInError::Store(StoreError::UserNameTaken(_)) => Some("name"),
        SignInError::Link | SignInError::Store(_) => None,
    }
}

/// What went wrong, for who asked for JSON, and where no field is to blame.
pub fn problem(error: SignInError) -> Problem {
    match (field(&error), error) {
        (Some(field), error) => Problem::invalid(field, error.to_string()),
        (None, SignInError::Store(error)) => error.into(),
        (None, error) => Problem::not_found(error.to_string()),
    }
}

/// Somewhere else, with GET.
pub fn go(path: &'static str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response()
}

/// An answer that changes cookies.
pub fn with_cookies<const N: usize>(mut response: Response, cookies: [HeaderValue; N]) -> Response {
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
