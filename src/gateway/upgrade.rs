//! How a request becomes a connection: `GET /app/{key}`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::ORIGIN;
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWriteExt, Interest};

use super::client::Client;
use super::pusher::{Code, say};
use super::{Shared, connection, websocket};
use crate::listen::{Peer, Socket};

/// Pusher's versions that we speak.
const VERSIONS: std::ops::RangeInclusive<u32> = 5..=7;

/// Why a client is sent away as soon as it has come.
type Refusal = (Code, &'static str);

pub(super) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    mut request: Request,
) -> Response {
    let headers = match websocket::accept(request.method(), request.headers()) {
        Ok(headers) => headers,
        Err(refused) => {
            return (refused.status, refused.headers, refused.reason).into_response();
        }
    };
    let peer = request.extensions().get::<Peer>();
    let Some(&Peer(address)) = peer else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let origin = request.headers().get(ORIGIN).and_then(|origin| origin.to_str().ok());
    let admitted = admit(&shared, &key, &query, origin, address);
    let upgrading = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let upgraded = upgrading.await.ok().map(|upgraded| upgraded.downcast::<TokioIo<Socket>>());
        let Some(Ok(parts)) = upgraded else {
            // Gone before it was here.
            return admitted.iter().for_each(|app| shared.limits.release(address, app));
        };
        let socket = parts.io.into_inner();
        match admitted {
            Ok(app) => {
                let metrics = shared.hub.metrics.clone();
                let client = Client::new(socket, app, address, metrics, shared.now());
                let client = Arc::new(client);
                shared.hub.arrived(&client);
                // Not part of this future, which is made for the way here, and not for staying.
                tokio::spawn(stay(shared, client, parts.read_buf));
            }
            Err((code, why)) => refuse(socket, code, why).await,
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = headers;
    response
}

async fn stay(shared: Arc<Shared>, client: Arc<Client>, early: bytes::Bytes) {
    connection::serve(shared.clone(), client.clone(), early).await;
    shared.hub.left(&client);
    shared.limits.release(client.address, &client.app);
}

/// The application, if the client may connect. Then one connection more is counted.
fn admit(
    shared: &Shared,
    key: &str,
    query: &HashMap<String, String>,
    origin: Option<&str>,
    address: IpAddr,
) -> Result<Arc<super::App>, Refusal> {
    let refuse = |code, why| {
        shared.hub.metrics.refused.inc();
        Err((code, why))
    };
    let Some(app) = shared.apps.by_key(key) else {
        return refuse(Code::UnknownApp, "there is no application with this key");
    };
    match query.get("protocol").map(|version| version.parse()) {
        None => return refuse(Code::NoVersion, "the protocol's version is missing: ?protocol=7"),
        Some(Err(_)) => return refuse(Code::InvalidVersion, "the protocol's version is no number"),
        Some(Ok(version)) if !VERSIONS.contains(&version) => {
            return refuse(
                Code::UnsupportedVersion,
                "this version of the protocol is not spoken; 7 is",
            );
        }
        Some(Ok(_)) => {}
    }
    if !app.may_come_from(origin) {
        return refuse(Code::Unauthorized, "pages of this origin may not connect");
    }
    if *shared.leaving.borrow() {
        return refuse(Code::Reconnect, "this gateway is leaving");
    }
    match shared.limits.admit(address, app) {
        Ok(()) => Ok(app.clone()),
        Err(why) => refuse(Code::OverCapacity, why),
    }
}

async fn refuse(mut socket: Socket, code: Code, why: &str) {
    let text = websocket::text(&say::error(Some(code), why));
    let close = websocket::close(code.number(), why);
    let _ = socket.write_all(&[text, close].concat()).await;
    let _ = socket.shutdown().await;
    // The client's own last word is read, or its system would throw away ours with a reset.
    let wait = std::time::Duration::from_secs(2);
    let _ = tokio::time::timeout(wait, async {
        let mut rest = [0; 512];
        while socket.ready(Interest::READABLE).await.is_ok() {
            match socket.try_read(&mut rest) {
                Ok(0) => return,
                Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return,
                _ => {}
            }
        }
    })
    .await;
}
