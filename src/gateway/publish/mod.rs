//! The HTTP API for publishers, as Pusher's server libraries and Laravel's `pusher` and `reverb`
//! connections use it.

mod event;
mod signed;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use self::event::{Batch, Event, Sayable};
use self::signed::{Refused, Signed, refused};
use super::Shared;
use super::control::{Control, count_all};

/// Events of one batch.
const BATCH: usize = 10;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/apps/{id}/events", post(event))
        .route("/apps/{id}/batch_events", post(batch))
        .route("/apps/{id}/channels", get(channels))
        .route("/apps/{id}/channels/{name}", get(channel))
        .route("/apps/{id}/channels/{name}/users", get(users))
        .route("/apps/{id}/users/{user}/terminate_connections", post(terminate))
}

async fn say(shared: &Shared, sayable: &[Sayable]) -> Result<(), Refused> {
    let messages: Vec<_> = sayable
        .iter()
        .flat_map(|(names, text)| names.iter().map(|name| (name.to_string(), text.clone())))
        .collect();
    if shared.hub.publish(&messages).await {
        return Ok(());
    }
    let why = "Redis, which tells the other gateways, can't be reached; try again";
    refused(StatusCode::SERVICE_UNAVAILABLE, why)
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
    say(&shared, std::slice::from_ref(&sayable)).await?;
    if !event.info.is_some_and(|info| info.contains("subscription_count")) {
        return Ok(Json(json!({})));
    }
    let counts = count_all(&shared.hub).await;
    let infos: HashMap<_, _> = sayable
        .0
        .iter()
        .map(|name| {
            (
                name.to_string(),
                json!({ "subscription_count": counts.get(name.as_str()).unwrap_or(&0) }),
            )
        })
        .collect();
    Ok(Json(json!({ "channels": infos })))
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
    say(&shared, &sayable?).await?;
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
    let mut channels = Map::new();
    for (name, count) in counts.iter().filter(|(name, _)| name.starts_with(prefix)) {
        if name.starts_with('#') || !signed.app.may_use(name) {
            continue;
        }
        let mut about = Map::new();
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
async fn users_of(shared: &Shared, name: &str) -> BTreeSet<String> {
    let mut users: BTreeSet<_> =
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
