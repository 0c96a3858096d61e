//! The HTTP API for publishers, as Pusher's server libraries and Laravel's `pusher` and `reverb`
//! connections use it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Shared;
use super::app::App;
use super::control::{Control, count_all};
use super::pusher::{Name, SocketId, sign};
use crate::listen::Peer;

/// A request's time may be so many seconds away from ours.
const CLOCK: i64 = 600;
/// The longest request, in bytes.
const BODY: usize = 256 * 1024;
/// The longest data of an event, in bytes.
const DATA: usize = 10 * 1024;
/// Channels of one event.
const CHANNELS: usize = 100;
/// Events of one batch.
const BATCH: usize = 10;
/// The longest name of an event, in characters.
const EVENT: usize = 200;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/apps/{id}/events", post(event))
        .route("/apps/{id}/batch_events", post(batch))
        .route("/apps/{id}/channels", get(channels))
        .route("/apps/{id}/channels/{name}", get(channel))
        .route("/apps/{id}/channels/{name}/users", get(users))
        .route("/apps/{id}/users/{user}/terminate_connections", post(terminate))
}

/// Why a request is refused, said for who wrote it.
#[derive(Debug)]
pub(super) struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

fn refused<T>(status: StatusCode, why: impl Into<String>) -> Result<T, Refused> {
    Err(Refused(status, why.into()))
}

/// What was asked, by whom.
struct Signed {
    app: Arc<App>,
    query: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Signed {
    async fn read(shared: &Shared, id: &str, request: Request) -> Result<Self, Refused> {
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

    fn json<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        serde_json::from_slice(&self.body).or_else(|error| {
            refused(StatusCode::BAD_REQUEST, format!("the body is not right: {error}"))
        })
    }

    /// The channel, if the application may use it.
    fn channel(&self, name: &str) -> Result<Name, Refused> {
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

    fn wants(&self, what: &str) -> bool {
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

#[derive(Deserialize)]
struct Event {
    name: String,
    #[serde(default)]
    channels: Vec<String>,
    channel: Option<String>,
    data: Value,
    socket_id: Option<String>,
    info: Option<String>,
}

#[derive(Deserialize)]
struct Batch {
    batch: Vec<Event>,
}

/// An event that may be said: where, and what.
type Sayable = (Vec<Name>, String);

impl Event {
    fn checked(&self, signed: &Signed) -> Result<Sayable, Refused> {
        let bad = |why: &str| refused(StatusCode::BAD_REQUEST, why);
        if self.name.is_empty() || self.name.chars().count() > EVENT {
            return bad("an event's name has 1 to 200 characters");
        }
        let channels: Vec<_> = self.channels.iter().chain(&self.channel).collect();
        if channels.is_empty() || channels.len() > CHANNELS {
            return bad("an event goes to 1 to 100 channels");
        }
        let length = match &self.data {
            Value::String(text) => text.len(),
            other => other.to_string().len(),
        };
        if length > DATA {
            return refused(StatusCode::PAYLOAD_TOO_LARGE, "the data of an event is at most 10 KB");
        }
        let socket = match self.socket_id.as_deref().filter(|socket| !socket.is_empty()) {
            Some(socket) if socket.parse::<SocketId>().is_err() => {
                return bad("socket_id is not of the form 1234.5678");
            }
            socket => socket,
        };
        let names: Result<Vec<_>, _> =
            channels.into_iter().map(|name| signed.channel(name)).collect();
        let text = json!({ "event": self.name, "data": self.data, "socket": socket });
        Ok((names?, text.to_string()))
    }
}

async fn say(shared: &Shared, (names, text): Sayable) -> Result<(), Refused> {
    for name in &names {
        if !shared.hub.publish(name.as_str(), text.clone()).await {
            let why = "Redis, which tells the other gateways, can't be reached; try again";
            return refused(StatusCode::SERVICE_UNAVAILABLE, why);
        }
    }
    Ok(())
}

type Answer = Result<Json<Value>, Refused>;

async fn event(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let signed = Signed::read(&shared, &id, request).await?;
    let event: Event = signed.json()?;
    let sayable = event.checked(&signed)?;
    let names = sayable.0.clone();
    say(&shared, sayable).await?;
    let Some(info) = &event.info else { return Ok(Json(json!({}))) };
    let counts = count_all(&shared.hub).await;
    let infos: HashMap<_, _> = names
        .iter()
        .map(|name| {
            (
                name.to_string(),
                json!({ "subscription_count": counts.get(name.as_str()).unwrap_or(&0) }),
            )
        })
        .collect();
    let has = info.contains("subscription_count");
    Ok(Json(if has { json!({ "channels": infos }) } else { json!({}) }))
}

async fn batch(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let signed = Signed::read(&shared, &id, request).await?;
    let Batch { batch } = signed.json()?;
    if batch.is_empty() || batch.len() > BATCH {
        return refused(StatusCode::BAD_REQUEST, "a batch has 1 to 10 events");
    }
    // All or none: what is wrong with the last must not come out after the first was said.
    let sayable: Result<Vec<_>, _> = batch.iter().map(|event| event.checked(&signed)).collect();
    for sayable in sayable? {
        say(&shared, sayable).await?;
    }
    Ok(Json(json!({})))
}

async fn channels(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let signed = Signed::read(&shared, &id, request).await?;
    let prefix = signed.query.get("filter_by_prefix").map(String::as_str).unwrap_or_default();
    let with_users = signed.wants("user_count");
    if with_users && !prefix.starts_with("presence-") {
        let why = "user_count is known of presence channels: set filter_by_prefix=presence-";
        return refused(StatusCode::BAD_REQUEST, why);
    }
    let counts = count_all(&shared.hub).await;
    let mut channels = serde_json::Map::new();
    for (name, count) in counts.iter().filter(|(name, _)| name.starts_with(prefix)) {
        if name.starts_with('#') || !signed.app.may_use(name) {
            continue;
        }
        let mut about = serde_json::Map::new();
        if with_users {
            about.insert("user_count".to_owned(), users_of(&shared, name).await.len().into());
        }
        if signed.wants("subscription_count") {
            about.insert("subscription_count".to_owned(), (*count).into());
        }
        channels.insert(name.clone(), about.into());
    }
    Ok(Json(json!({ "channels": channels })))
}

async fn channel(
    State(shared): State<Arc<Shared>>,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let signed = Signed::read(&shared, &id, request).await?;
    let name = signed.channel(&name)?;
    if signed.wants("user_count") && !name.is_presence() {
        return refused(StatusCode::BAD_REQUEST, "user_count is known of presence channels");
    }
    let count = count_all(&shared.hub).await.get(name.as_str()).copied().unwrap_or(0);
    let mut about = json!({ "occupied": count > 0 });
    if signed.wants("subscription_count") {
        about["subscription_count"] = count.into();
    }
    if signed.wants("user_count") {
        about["user_count"] = users_of(&shared, name.as_str()).await.len().into();
    }
    Ok(Json(about))
}

async fn users(
    State(shared): State<Arc<Shared>>,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let signed = Signed::read(&shared, &id, request).await?;
    let name = signed.channel(&name)?;
    if !name.is_presence() {
        return refused(StatusCode::BAD_REQUEST, "only presence channels know their users");
    }
    let users: Vec<_> =
        users_of(&shared, name.as_str()).await.into_iter().map(|id| json!({ "id": id })).collect();
    Ok(Json(json!({ "users": users })))
}

/// Who is in a presence channel, at all gateways.
async fn users_of(shared: &Shared, name: &str) -> std::collections::BTreeSet<String> {
    let mut users: std::collections::BTreeSet<_> =
        shared.hub.get(name).map(|channel| channel.members()).unwrap_or_default();
    let others = shared.hub.board.other_members(name, &shared.hub.id).await.unwrap_or_default();
    users.extend(others.into_keys());
    users
}

async fn terminate(
    State(shared): State<Arc<Shared>>,
    Path((id, user_id)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let signed = Signed::read(&shared, &id, request).await?;
    signed.channel(&format!("#server-to-user-{user_id}"))?;
    Control::Terminate { user_id }.tell(&shared.hub).await;
    Ok(Json(json!({})))
}
