//! Which kinds of problems there are: the same words in answers, description and page.

use axum::http::StatusCode;

/// Which kinds of problems there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request is not what the route takes.
    Malformed,
    /// No token or session, or none that is good.
    Unauthorized,
    /// The token's scopes, or its user, don't allow it; or another site sent it.
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
            Self::Unauthorized => {
                (Status::UNAUTHORIZED, "unauthorized", "A good token or session is needed")
            }
            Self::Forbidden => (Status::FORBIDDEN, "forbidden", "Not allowed"),
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
