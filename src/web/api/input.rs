//! What a request brings: body, query, and the things that its path names. What can't be read
//! is a [`Problem`], and what is another user's is not found.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::problem::{Kind, Problem};
use crate::model::{RunResource, Server};
use crate::web::Site;
use crate::web::auth::Caller;

/// The longest body, in bytes.
pub const LONGEST_BODY: usize = 1024 * 1024;

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = Json::from_request(request, state).await;
        read.map(|Json(body)| Self(body)).map_err(unreadable)
    }
}

/// A JSON body that may be missing, or null.
pub struct MaybeBody<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for MaybeBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if request.headers().contains_key(header::CONTENT_TYPE) {
            let Body(body) = Body::<Option<T>>::from_request(request, state).await?;
            return Ok(Self(body.unwrap_or_default()));
        }
        match Bytes::from_request(request, state).await {
            Ok(bytes) if bytes.is_empty() => Ok(Self(T::default())),
            Ok(_) => Err(media_type()),
            Err(error) => Err(unreadable(JsonRejection::BytesRejection(error))),
        }
    }
}

fn unreadable(rejection: JsonRejection) -> Problem {
    // "Failed to … : WHERE: WHAT at line 1 column 2"
    let text = rejection.body_text();
    let what = text.split_once(": ").map_or(text.as_str(), |(_, what)| what);
    match rejection {
        JsonRejection::JsonDataError(_) => Problem::new(Kind::Invalid, what),
        JsonRejection::JsonSyntaxError(_) => {
            Problem::malformed(format!("the body is no JSON: {what}"))
        }
        JsonRejection::MissingJsonContentType(_) => media_type(),
        rejection if rejection.status() == Kind::TooLarge.status() => {
            Problem::new(Kind::TooLarge, format!("a body has {LONGEST_BODY} bytes at most"))
        }
        _ => Problem::malformed("the body could not be read to its end; send it again"),
    }
}

fn media_type() -> Problem {
    Problem::new(Kind::MediaType, "send JSON, and say so: `Content-Type: application/json`")
}

/// The values after the question mark.
pub struct Values<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Values<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        read.map(|Query(values)| Self(values)).map_err(|rejection| {
            let text = rejection.body_text();
            let what = text.split_once(": ").map_or(text.as_str(), |(_, what)| what);
            Problem::malformed(format!("the query is wrong: {what}"))
        })
    }
}

/// The id or name in the path.
pub struct Named(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Path::from_request_parts(parts, state).await;
        // What is no text names nothing.
        let Path(name) = read.map_err(|_| Problem::not_found("the path is no text in UTF-8"))?;
        Ok(Self(name))
    }
}

/// The server that the path names, and the caller, whose it is.
pub struct OwnServer(pub Caller, pub Server);

impl FromRequestParts<Site> for OwnServer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, site).await?;
        let Named(id) = Named::from_request_parts(parts, site).await?;
        // A text that is no number names no server.
        let server = site.installation.store.server_of(caller.user_id, id.parse().unwrap_or(0));
        let server = server.await?;
        Ok(Self(caller, server))
    }
}

/// The run that the path names, and the caller, whose it is.
pub struct OwnRun(pub Caller, pub RunResource);

impl FromRequestParts<Site> for OwnRun {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, site).await?;
        let Named(id) = Named::from_request_parts(parts, site).await?;
        let id = Uuid::parse_str(&id).unwrap_or_default().to_string();
        let run = site.installation.store.run_of(caller.user_id, &id).await?;
        Ok(Self(caller, run))
    }
}
