//! `POST /broadcasting/auth`: what Laravel Echo and pusher-js ask before they subscribe to a
//! private channel. 200 and a signature, or 403: a stranger learns nothing from the difference
//! between a server that is another's and one that does not exist.
//!
//! What is signed names the user, and the session or token with which they asked: the gateway
//! asks the store again and again whether these still may listen ([`Store::may_listen`]).

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::Site;
use super::auth::Caller;
use crate::bus::subject_of;
use crate::gateway::pusher::{Name, SocketId, sign};
use crate::model::{Listening, Scope};
#[cfg(doc)]
use crate::store::Store;

/// The longest body, in bytes: two short texts.
const LONGEST: usize = 4096;

/// As pusher-js wants it.
#[derive(Serialize)]
struct Signed {
    auth: String,
    channel_data: String,
}

/// Signs for who may listen.
pub async fn auth(State(site): State<Site>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let caller = Caller::of(&site, &parts.headers, &parts.extensions).await;
    let Ok(caller) = caller else { return StatusCode::FORBIDDEN.into_response() };
    let means_it = caller.must_mean_it(&site, &parts.method, &parts.headers);
    let Some((socket_id, channel)) = asked(body).await else {
        caller.refused(&site, "POST /broadcasting/auth".to_owned()).await;
        return StatusCode::FORBIDDEN.into_response();
    };
    let signed = match means_it.and(caller.must_have(Scope::Read)) {
        Ok(()) => sign_for(&site, &caller, &socket_id, &channel).await,
        Err(_) => None,
    };
    match signed {
        Some(signed) => Json(signed).into_response(),
        None => {
            caller.refused(&site, format!("listen to {channel}")).await;
            StatusCode::FORBIDDEN.into_response()
        }
    }
}

/// Which connection wants to listen to what.
async fn asked(body: Body) -> Option<(SocketId, Name)> {
    let body = to_bytes(body, LONGEST).await.ok()?;
    let (mut socket_id, mut channel) = (None, None);
    for (name, value) in form_urlencoded::parse(&body) {
        match &*name {
            "socket_id" => socket_id = value.parse().ok(),
            "channel_name" => channel = value.parse().ok(),
            _ => {}
        }
    }
    socket_id.zip(channel)
}

/// None: they may not listen there, or that can't be known now.
async fn sign_for(
    site: &Site,
    caller: &Caller,
    socket_id: &SocketId,
    channel: &Name,
) -> Option<Signed> {
    let proof = caller.proof();
    let user_id = caller.user_id.to_string();
    let channel_data = json!({ "user_id": user_id, "session": proof.to_string() }).to_string();
    let subject = subject_of(channel.as_str())?;
    let listening = [Listening { subject, user_id, proof: Some(proof) }];
    match site.installation.store.may_listen(&listening).await {
        Ok(may) if may == [true] => {}
        Ok(_) => return None,
        Err(error) => {
            tracing::warn!("who may listen is not known: {:#}", anyhow::Error::new(error));
            return None;
        }
    }
    let (key, secret) = (&site.app.key, &site.app.secret);
    let auth = sign::subscription(key, secret, socket_id, channel, Some(&channel_data));
    Some(Signed { auth, channel_data })
}
