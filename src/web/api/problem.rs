//! What the API says when it does not do what it was asked: `application/problem+json`
//! (RFC 9457), with the cause and the next step in `detail`.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalog::PlanError;
use crate::installation::{AskError, OperateError, ServerError, TokenError};
use crate::store::StoreError;

/// The media type.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Which kinds of problems there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request is not what the route takes.
    Malformed,
    /// No token, or none that is good.
    Unauthorized,
    /// The token's scopes, or its user, don't allow it.
    Forbidden,
    /// There is no such thing, or it is another user's.
    NotFound,
    /// The route does not take this method.
    MethodNotAllowed,
    /// As things stand, it can't be done.
    Conflict,
    /// The body is too large.
    TooLarge,
    /// The body is no JSON, by its media type.
    MediaType,
    /// It can be read, and what it says is wrong.
    Invalid,
    /// The Idempotency-Key was used for another request.
    KeyReused,
    /// Too many requests.
    TooMany,
    /// A mistake of ours.
    Internal,
    /// The database does not answer, for now.
    Unavailable,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Malformed,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::TooLarge,
        Self::MediaType,
        Self::Invalid,
        Self::KeyReused,
        Self::TooMany,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        self.about().0
    }

    /// Status, the last part of `type`, and title.
    pub fn about(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as Status;
        match self {
            Self::Malformed => (Status::BAD_REQUEST, "malformed", "The request is malformed"),
            Self::Unauthorized => (Status::UNAUTHORIZED, "unauthorized", "A good token is needed"),
            Self::Forbidden => (Status::FORBIDDEN, "forbidden", "This token may not do this"),
            Self::NotFound => (Status::NOT_FOUND, "not-found", "There is no such thing"),
            Self::MethodNotAllowed => {
                (Status::METHOD_NOT_ALLOWED, "method-not-allowed", "Not with this method")
            }
            Self::Conflict => (Status::CONFLICT, "conflict", "Not as things stand"),
            Self::TooLarge => (Status::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            Self::MediaType => {
                (Status::UNSUPPORTED_MEDIA_TYPE, "media-type", "The body must be JSON")
            }
            Self::Invalid => {
                (Status::UNPROCESSABLE_ENTITY, "invalid", "What was sent is not valid")
            }
            Self::KeyReused => (
                Status::UNPROCESSABLE_ENTITY,
                "key-reused",
                "The Idempotency-Key belongs to another request",
            ),
            Self::TooMany => (Status::TOO_MANY_REQUESTS, "too-many", "Too many requests"),
            Self::Internal => (Status::INTERNAL_SERVER_ERROR, "internal", "A mistake of ours"),
            Self::Unavailable => {
                (Status::SERVICE_UNAVAILABLE, "unavailable", "The database does not answer")
            }
        }
    }
}

/// Why a request was not done.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: String,
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

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), challenge: None, wait: None }
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
        let errors = vec![FieldError { field: field.to_owned(), detail: detail.clone() }];
        Self { errors, ..Self::new(Kind::Invalid, detail) }
    }

    /// 429, with the seconds to wait.
    pub fn too_many(wait: u64) -> Self {
        let detail = format!("wait {wait} s, as Retry-After says, and ask less often");
        Self { wait: Some(wait), ..Self::new(Kind::TooMany, detail) }
    }

    /// 500. What it is goes to our log, and not to who asked.
    pub fn internal(what: impl std::fmt::Display) -> Self {
        tracing::error!("a request failed: {what}");
        Self::new(Kind::Internal, "the server's log says more; it is no fault of the request's")
    }

    fn errors(self, errors: Vec<FieldError>) -> Self {
        Self { errors, ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, name, title) = self.kind.about();
        let body = ProblemBody {
            kind: format!("/api/v1/docs#{name}"),
            title,
            status: status.as_u16(),
            detail: self.detail,
            errors: self.errors,
        };
        let body = serde_json::to_vec(&body).expect("texts are JSON");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        let challenge =
            self.challenge.map(|text| (WWW_AUTHENTICATE, HeaderValue::from_static(text)));
        let wait = self.wait.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds)));
        headers.extend(challenge.into_iter().chain(wait));
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::UnknownServer => Self::not_found(
                "there is no such server, or it is another user's; GET /api/v1/servers lists yours",
            ),
            StoreError::UnknownRun(_) => Self::not_found(
                "there is no such run, or it is another user's; GET /api/v1/runs lists yours",
            ),
            StoreError::Illegal { .. }
            | StoreError::NameTaken(_)
            | StoreError::TokenNameTaken(_)
            | StoreError::ServerBusy => Self::new(Kind::Conflict, error.to_string()),
            error if error.is_temporary() => {
                tracing::warn!("a request failed: {:#}", anyhow::Error::new(error));
                let detail =
                    "nothing is lost; try again in a moment, with the same Idempotency-Key";
                Self { wait: Some(2), ..Self::new(Kind::Unavailable, detail) }
            }
            error => Self::internal(format!("{:#}", anyhow::Error::new(error))),
        }
    }
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Self {
        let see = "GET /api/v1/jobs lists all";
        match error {
            PlanError::NoJob => Self::invalid("jobs", format!("name at least one job; {see}")),
            PlanError::UnknownJob { name, hint } => {
                let hint = hint.unwrap_or_else(|| see.to_owned());
                Self::invalid("jobs", format!("there is no job {name:?}; {hint}"))
            }
            PlanError::Parameters(errors) => {
                let errors: Vec<FieldError> = errors
                    .into_iter()
                    .map(|error| FieldError {
                        field: format!("parameters.{}", error.parameter),
                        detail: error.message,
                    })
                    .collect();
                let all: Vec<&str> = errors.iter().map(|error| error.detail.as_str()).collect();
                Self::new(Kind::Invalid, all.join("; ")).errors(errors)
            }
            error @ (PlanError::Conflict { .. } | PlanError::File(_)) => {
                Self::new(Kind::Invalid, error.to_string())
            }
        }
    }
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Plan(error) => error.into(),
            AskError::Store(error) => error.into(),
            error => Self::internal(format!("{:#}", anyhow::Error::new(error))),
        }
    }
}

impl From<ServerError> for Problem {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Store(error) => error.into(),
            ServerError::Name(_) => Self::invalid("name", error.to_string()),
            ServerError::Target(_) => Self::invalid("host", error.to_string()),
            ServerError::HostKey(_) => Self::invalid("host_key", error.to_string()),
            ServerError::PrivateKey(_) => Self::invalid("private_key", error.to_string()),
            error @ ServerError::Keygen(_) => {
                Self::internal(format!("{:#}", anyhow::Error::new(error)))
            }
        }
    }
}

impl From<OperateError> for Problem {
    fn from(error: OperateError) -> Self {
        match error {
            OperateError::Store(error) => error.into(),
            OperateError::NoStep { .. } | OperateError::AmbiguousStep(_) => {
                Self::invalid("from", error.to_string())
            }
            OperateError::NoWorker(name) => Self::not_found(format!(
                "no worker {name:?} was heard of; GET /api/v1/workers lists all"
            )),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Store(error) => error.into(),
            TokenError::Name(_) => Self::invalid("name", error.to_string()),
            TokenError::NoScope => Self::invalid("scopes", error.to_string()),
            TokenError::Expired(_) => Self::invalid("expires_at", error.to_string()),
        }
    }
}
