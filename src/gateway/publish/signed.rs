//! A request, as its sender signed it: who that is, and what it may use.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde::de::DeserializeOwned;

use crate::gateway::Shared;
use crate::gateway::app::App;
use crate::gateway::pusher::{Name, sign};
use crate::listen::Peer;

/// A request's time may be so many seconds away from ours.
const CLOCK: i64 = 600;
/// The longest request, in bytes.
const BODY: usize = 256 * 1024;

/// Why a request is refused, said for who wrote it.
#[derive(Debug)]
pub(super) struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

pub(super) fn refused<T>(status: StatusCode, why: impl Into<String>) -> Result<T, Refused> {
    Err(Refused(status, why.into()))
}

/// What was asked, by whom.
pub(super) struct Signed {
    pub(super) app: Arc<App>,
    pub(super) query: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Signed {
    pub(super) async fn read(shared: &Shared, id: &str, request: Request) -> Result<Self, Refused> {
        let (parts, body) = request.into_parts();
        let query = query_of(parts.uri.query().unwrap_or_default());
        let app = shared.apps.by_id(id);
        let app = match app {
            Some(app) if query.get("auth_key") == Some(&app.key) => app.clone(),
            _ => {
                return refused(
                    StatusCode::UNAUTHORIZED,
                    "no application has this id and auth_key",
                );
            }
        };
        let body = match to_bytes(Body::new(body), BODY).await {
            Ok(body) => body.to_vec(),
            Err(_) => return refused(StatusCode::PAYLOAD_TOO_LARGE, "a request is at most 256 KB"),
        };
        let checked = check(&app, &parts.method, parts.uri.path(), &query, &body);
        if let (Err(_), Some(Peer(peer))) = (&checked, parts.extensions.get::<Peer>()) {
            shared.hub.metrics.refused.inc();
            if shared.limits.is_guessing(*peer) {
                return refused(StatusCode::TOO_MANY_REQUESTS, "too many wrong signatures");
            }
        }
        checked.map(|()| Self { app, query, body })
    }

    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        serde_json::from_slice(&self.body).or_else(|error| {
            refused(StatusCode::BAD_REQUEST, format!("the body is not right: {error}"))
        })
    }

    /// The channel, if the application may use it.
    pub(super) fn channel(&self, name: &str) -> Result<Name, Refused> {
        let channel = match Name::addressed(name) {
            Ok(channel) => channel,
            Err(bad) => return refused(StatusCode::BAD_REQUEST, format!("{name:?}: {bad}")),
        };
        if !self.app.may_use(name) {
            let why = format!("application {} has no right to the channel {name}", self.app.id);
            return refused(StatusCode::FORBIDDEN, why);
        }
        Ok(channel)
    }

    pub(super) fn wants(&self, what: &str) -> bool {
        let info = self.query.get("info").map(String::as_str).unwrap_or_default();
        info.split(',').any(|info| info == what)
    }
}

/// The parameters, decoded, with names in lower case as Pusher signs them.
fn query_of(query: &str) -> BTreeMap<String, String> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.map(|(name, value)| (name.to_lowercase(), value.into_owned())).collect()
}

fn check(
    app: &App,
    method: &Method,
    path: &str,
    query: &BTreeMap<String, String>,
    body: &[u8],
) -> Result<(), Refused> {
    let unauthorized = |why| refused(StatusCode::UNAUTHORIZED, why);
    let signature = query.get("auth_signature").map(String::as_str).unwrap_or_default();
    if !sign::check_request(&app.secret, method.as_str(), path, query, signature) {
        return unauthorized("auth_signature is not right for this request");
    }
    if query.get("auth_version").is_none_or(|version| version != "1.0") {
        return unauthorized("auth_version is 1.0, and nothing else");
    }
    let time = query.get("auth_timestamp").and_then(|time| time.parse::<i64>().ok());
    let now = Timestamp::now().as_second();
    if time.is_none_or(|time| now.abs_diff(time) > CLOCK.unsigned_abs()) {
        return unauthorized("auth_timestamp is more than 600 s away from this server's clock");
    }
    let digest = query.get("body_md5").map(String::as_str);
    let is_right = match digest {
        Some(digest) => hex::encode(Md5::digest(body)) == digest.to_lowercase(),
        None => body.is_empty(),
    };
    if is_right { Ok(()) } else { unauthorized("body_md5 is not that of the body") }
}
