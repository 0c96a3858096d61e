//! What the API says when it does not do what it was asked: `application/problem+json`
//! (RFC 9457), with the cause and the next step in `detail`.

mod causes;
mod kind;

use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub use kind::Kind;

/// The media type.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not done.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: Kind,
    detail: String,
    /// What a program does next; a page has its own ways.
    hint: Option<&'static str>,
    errors: Vec<FieldError>,
    /// Of a 401: how to show who asks.
    challenge: Option<&'static str>,
    /// Of a 429 or 503: so many seconds are to be waited.
    wait: Option<u64>,
}

/// A problem as it is sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Names the kind of problem: `/api/v1/docs#not-found`.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// The cause, and what to do.
    detail: String,
    /// What is wrong with which field, where that is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldError {
    /// As in `parameters.app_user`.
    field: String,
    /// What is wrong with it, and what it must be.
    detail: String,
}

impl FieldError {
    /// What is wrong with this field.
    pub fn new(field: &str, detail: impl Into<String>) -> Self {
        Self { field: field.to_owned(), detail: detail.into() }
    }
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { kind, detail, hint: None, errors: Vec::new(), challenge: None, wait: None }
    }

    /// 400.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(Kind::Malformed, detail)
    }

    /// 401; `shown`: there was a token.
    pub fn unauthorized(detail: impl Into<String>, shown: bool) -> Self {
        let challenge = match shown {
            true => r#"Bearer realm="groundcrew", error="invalid_token""#,
            false => r#"Bearer realm="groundcrew""#,
        };
        Self { challenge: Some(challenge), ..Self::new(Kind::Unauthorized, detail) }
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, detail)
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, detail)
    }

    /// 422, about one field.
    pub fn invalid(field: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let errors = vec![FieldError::new(field, detail.clone())];
        Self { errors, ..Self::new(Kind::Invalid, detail) }
    }

    /// 429, with the seconds to wait.
    pub fn too_many(wait: u64) -> Self {
        let detail = format!("wait {wait} s, and ask less often");
        let hint = Some("the header Retry-After says how long");
        Self { wait: Some(wait), hint, ..Self::new(Kind::TooMany, detail) }
    }

    /// 500. What it is goes to our log, and not to who asked.
    pub fn internal(what: impl std::fmt::Display) -> Self {
        tracing::error!("a request failed: {what}");
        Self::new(Kind::Internal, "the server's log says more; it is no fault of the request's")
    }

    /// With what is wrong with which field.
    pub fn errors(self, errors: Vec<FieldError>) -> Self {
        Self { errors, ..self }
    }

    /// With what a program does next.
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// Which kind it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The cause, and what to do.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What is wrong, by the field's name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.errors.iter().map(|error| (error.field.as_str(), error.detail.as_str()))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, name, title) = self.kind.about();
        let detail = match self.hint {
            Some(hint) => format!("{}; {hint}", self.detail),
            None => self.detail.clone(),
        };
        let body = ProblemBody {
            kind: format!("/api/v1/docs#{name}"),
            title,
            status: status.as_u16(),
            detail,
            errors: self.errors.clone(),
        };
        let body = serde_json::to_vec(&body).expect("texts are JSON");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        let challenge =
            self.challenge.map(|text| (WWW_AUTHENTICATE, HeaderValue::from_static(text)));
        let wait = self.wait.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds)));
        headers.extend(challenge.into_iter().chain(wait));
        // For who makes a page of it.
        response.extensions_mut().insert(self);
        response
    }
}
