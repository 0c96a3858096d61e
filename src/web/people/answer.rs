//! What is said to who sent a form: where to go, or what is wrong with which field.

use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::fields::wants_json;
use crate::installation::{SessionSecret, SignInError};
use crate::store::StoreError;
use crate::web::api::{FieldError, Problem};
use crate::web::pages::Sent;
use crate::web::{Site, session};

/// The answer to who has just signed in, with the new cookies.
pub async fn begun(
    site: &Site,
    parts: &Parts,
    secret: &SessionSecret,
    sent: Sent,
) -> Result<Response, Problem> {
    let Some(shown) = site.installation.session(secret).await? else {
        return Err(Problem::unauthorized(
            "the session was ended by somebody else; sign in again",
            false,
        ));
    };
    let token = session::token(site, shown.session.id);
    let answer = match wants_json(&parts.headers) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => sent.into_response(),
    };
    Ok(with_cookies(answer, session::cookies(site, secret, &token)))
}

/// Somebody has to wait before the next try.
pub fn too_many(wait: u64) -> Problem {
    let detail = format!("too many tries; wait {wait} s, and try again");
    Problem::too_many(wait).errors(vec![FieldError::new("name", detail)])
}

/// Which field is to blame; None: none of them.
fn field(error: &SignInError) -> Option<&'static str> {
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

/// An answer that changes cookies.
pub fn with_cookies<const N: usize>(mut response: Response, cookies: [HeaderValue; N]) -> Response {
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
