//! Takes connections and speaks HTTP on them, for web and gateway: no client that says nothing
//! keeps a connection, and a WebSocket gets its bare socket back.

mod socket;
mod tls;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

pub use self::socket::Socket;
pub use self::tls::Tls;
use crate::stop::stopped;

/// A client has so long to send a request's head, the next one's too.
const HEAD: Duration = Duration::from_secs(15);
/// What was asked for before we leave, has so long.
const LEAVE: Duration = Duration::from_secs(5);
/// So many wait in the kernel to be taken.
const BACKLOG: u32 = 4096;
/// So many requests are under way. WebSockets don't count.
const REQUESTS: usize = 4096;

/// Who is at the other end of the connection that a request came on.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Listens on an address. Where it is shared, another process of ours may listen there too: so
/// one can take over from the other.
///
/// # Errors
/// Says what to do if the address is taken.
pub fn bind(address: SocketAddr, shared: bool) -> Result<TcpListener> {
    let bind = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.set_reuseport(shared)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    let listener = bind().with_context(|| {
        format!("listening on {address}; if something else has that port, name another with --listen or GROUNDCREW_LISTEN")
    })?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    Ok(listener)
}

/// Serves until `stop` says true, and what was asked for before a little longer.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let tls = tls.map(Arc::new);
    let requests = Arc::new(Semaphore::new(REQUESTS));
    loop {
        let Ok(permit) = requests.clone().acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
        };
        match accepted {
            Ok((socket, peer)) => {
                let _ = socket.set_nodelay(true);
                let (tls, router, stop) = (tls.clone(), router.clone(), stop.clone());
                tokio::spawn(async move {
                    let socket = match tls {
                        None => Ok(Socket::Plain(socket)),
                        Some(tls) => tls.accept(socket).await,
                    };
                    match socket {
                        Ok(socket) => connection(socket, peer, router, stop).await,
                        Err(error) => tracing::trace!(%peer, "no TLS: {error}"),
                    }
                    drop(permit);
                });
            }
            // Too many open files, say: those that are there go on, and some will end.
            Err(error) => {
                tracing::warn!("a connection could not be taken: {error}");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    let all = u32::try_from(REQUESTS).unwrap_or(u32::MAX);
    let _ = timeout(LEAVE, requests.acquire_many(all)).await;
}

async fn connection(
    socket: Socket,
    peer: SocketAddr,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let router = router.clone();
        async move {
            Ok::<_, Infallible>(
                router.oneshot(request.map(Body::new)).await.unwrap_or_else(|never| match never {}),
            )
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let connection = builder.serve_connection(TokioIo::new(socket), service).with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%peer, "the connection broke: {error}");
    }
}
