//! What a new server asks for: the script of its one line, and to be heard when the script
//! calls back. Neither has a session or a token of the API: a line is known by the hash of its
//! token, a callback by the host key that has signed it.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Site;
use super::limit::Limits;
use crate::join::{Token, signed_by};
use crate::listen::Peer;
use crate::model::{Callback, Called, Facts, FailureKind, Status};

/// The longest body of a callback, in bytes.
const LONGEST_BODY: usize = 16 * 1024;
/// What is stored of a failure, in characters.
const LONGEST_ERROR: usize = 4000;

/// Both routes.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/join/{token}", get(script))
        .route("/servers/{id}/provision/step", post(call_back))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(Extension(Arc::new(Limits::new())))
}

/// The script, or 410: text that a shell can be given.
async fn script(
    State(site): State<Site>,
    Extension(Peer(peer)): Extension<Peer>,
    Path(token): Path<String>,
) -> Response {
    let from = peer.to_canonical();
    let found = site.installation.script(&site.jobs.now(), &token, from).await;
    let (status, text) = match found {
        Ok(Some(script)) => (StatusCode::OK, script),
        Ok(None) => (
            StatusCode::GONE,
            says("This line is used up, or an hour old: get a fresh one where you got it."),
        ),
        Err(error) => {
            tracing::error!("no script was given: {:#}", anyhow::Error::new(error));
            (
                StatusCode::SERVICE_UNAVAILABLE,
                says("The installation can't answer now: try again in a moment."),
            )
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "text/x-shellscript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, text).into_response()
}

/// A script that does nothing but say this.
fn says(text: &str) -> String {
    format!("echo '{}' >&2; exit 1\n", text.replace('\'', ""))
}

/// What the script says of a step.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    step: i64,
    status: String,
    token: Option<String>,
    kind: Option<String>,
    error: Option<String>,
    output: Option<String>,
    os_name: Option<String>,
    os_version: Option<String>,
    os_codename: Option<String>,
    addresses: Option<String>,
}

/// How a callback is refused: status, cause, and where the server stands if that is to be told.
struct Refusal(StatusCode, String, Option<Status>);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, detail, provision_status) = self;
        let mut body = json!({ "status": status.as_u16(), "detail": detail });
        if let Some(stands) = provision_status {
            body["provision_status"] = json!(stands);
        }
        (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
    }
}

async fn call_back(
    State(site): State<Site>,
    Extension(Peer(peer)): Extension<Peer>,
    Extension(limits): Extension<Arc<Limits>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let address = peer.to_canonical();
    let from = address.to_string();
    let server_id = id.parse().unwrap_or(0);
    let callback = match read(server_id, &from, &headers, body) {
        Ok(callback) => callback,
        Err(refusal) => {
            // Anybody can send what is none: that must not fill the audit log.
            if let Err(wait) = limits.stranger(address) {
                return too_many(wait);
            }
            site.installation.refuse_callback(server_id, &from, &refusal.1).await;
            return refusal.into_response();
        }
    };
    let taken = |provision_status: Status| {
        Json(json!({ "provision_status": provision_status })).into_response()
    };
    match site.installation.call_back(&callback).await {
        Ok(Called::Taken { provision_status, .. } | Called::Stored { provision_status }) => {
            taken(provision_status)
        }
        Ok(Called::Stranger(why)) => {
            Refusal(StatusCode::FORBIDDEN, why.to_owned(), None).into_response()
        }
        Ok(Called::Conflict { problem, provision_status }) => {
            let stands = Some(provision_status);
            Refusal(StatusCode::CONFLICT, problem.to_owned(), stands).into_response()
        }
        Err(error) => {
            let status = match error.is_temporary() {
                true => StatusCode::SERVICE_UNAVAILABLE,
                false => StatusCode::INTERNAL_SERVER_ERROR,
            };
            tracing::error!("a callback was not taken: {:#}", anyhow::Error::new(error));
            Refusal(status, "nothing is lost; it is asked again".to_owned(), None).into_response()
        }
    }
}

fn too_many(wait: u64) -> Response {
    let detail = format!("wait {wait} s, as Retry-After says");
    let refusal = Refusal(StatusCode::TOO_MANY_REQUESTS, detail, None);
    ([(header::RETRY_AFTER, wait.to_string())], refusal).into_response()
}

/// A callback whose signature is good.
fn read(
    server_id: i64,
    from: &str,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Callback, Refusal> {
    let malformed = |why: String| Refusal(StatusCode::BAD_REQUEST, why, None);
    let body = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let why = format!("a callback has {LONGEST_BODY} bytes at most");
            Refusal(StatusCode::PAYLOAD_TOO_LARGE, why, None)
        }
        _ => malformed("the body could not be read to its end".to_owned()),
    })?;
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or_else(|| malformed(format!("the header {name} is missing")))
    };
    let provision = header("Groundcrew-Provision")?;
    if provision.len() != 32 || !provision.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(malformed("Groundcrew-Provision is 32 hexadecimal digits".to_owned()));
    }
    let sequence = header("Groundcrew-Sequence")?.parse().ok().filter(|sequence| *sequence > 0);
    let sequence: i64 =
        sequence.ok_or_else(|| malformed("Groundcrew-Sequence counts from 1".to_owned()))?;
    let signature = header("Groundcrew-Signature")?;
    let path = format!("/servers/{server_id}/provision/step");
    let signed_by = signed_by(&path, provision, sequence, &body, signature)
        .map_err(|error| Refusal(StatusCode::FORBIDDEN, error.to_string(), None))?;
    let body_digest = hex::encode(Sha256::digest(&body));
    let body: Body = serde_json::from_slice(&body)
        .map_err(|error| malformed(format!("the body is not what a script sends: {error}")))?;
    if !(1..=3).contains(&body.step) {
        return Err(malformed(format!("a script has no step {}", body.step)));
    }
    let failed = match body.status.as_str() {
        "completed" => None,
        "failed" => Some(failure(&body)),
        other => {
            let other: String = other.chars().take(40).collect();
            return Err(malformed(format!("{other:?} is no status that a step ends with")));
        }
    };
    Ok(Callback {
        server_id,
        provision: provision.to_owned(),
        sequence,
        body_digest,
        signed_by,
        token_hash: body.token.as_deref().and_then(Token::read).map(|token| token.hash()),
        from: from.to_owned(),
        step: body.step,
        failed,
        facts: Facts {
            private_ip: body.addresses.as_deref().and_then(private_address),
            os_name: word(body.os_name),
            os_version: word(body.os_version),
            os_codename: word(body.os_codename),
            // That is known from where a worker meets it.
            public_ip: None,
        },
    })
}

/// Why a step failed, and what to do. A host is not trusted to be brief, or to send only text.
fn failure(body: &Body) -> (FailureKind, String) {
    let kind = match body.kind.as_deref() {
        Some("unsupported_host") => FailureKind::UnsupportedHost,
        Some("disk_full") => FailureKind::DiskFull,
        _ => FailureKind::ScriptFailed,
    };
    let mut text = body.error.clone().unwrap_or_else(|| "The script says no more.".to_owned());
    if kind == FailureKind::DiskFull {
        text += " The disk is full: make room (df -h), then run the line again.";
    }
    if let Some(output) = body.output.as_deref().filter(|output| !output.trim().is_empty()) {
        text += "\nThe end of its output:\n";
        text += output.trim_end();
    }
    let plain = |c: &char| !c.is_control() || *c == '\n';
    (kind, text.chars().filter(plain).take(LONGEST_ERROR).collect())
}

/// What a system is called.
fn word(text: Option<String>) -> Option<String> {
    let text: String = text?.chars().filter(|c| !c.is_control()).take(40).collect();
    Some(text).filter(|text| !text.is_empty())
}

/// The first address that only its neighbours reach.
fn private_address(addresses: &str) -> Option<String> {
    let addresses = addresses.split_ascii_whitespace().filter_map(|text| text.parse().ok());
    let mut private = addresses.filter(std::net::Ipv4Addr::is_private);
    private.next().map(|address| address.to_string())
}
