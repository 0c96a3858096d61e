//! Takes connections and speaks HTTP on them, for web and gateway: no client that says nothing
//! keeps a connection, and a WebSocket gets its bare socket back.

mod socket;
mod tls;

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, StatusCode};
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
/// For so long, what was sent before the client could see us leave is taken on a connection that
/// is open; the answer says that it is the last one there.
const LINGER: Duration = Duration::from_millis(500);
/// So many wait in the kernel to be taken.
const BACKLOG: u32 = 4096;
/// So many requests are under way. WebSockets don't count.
const REQUESTS: usize = 4096;

/// Who asks: the other end of the connection, or whom a proxy of ours names.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Listens on an address. Where it is shared, another process of ours may listen there too: so
/// one can take over from the other.
///
/// # Errors
/// Says what to do if the address is taken.
pub fn bind(address: SocketAddr, shared: bool) -> Result<TcpListener> {
    let listener = open(address, shared).with_context(|| {
        format!("listening on {address}; if something else has that port, name another with --listen or GROUNDCREW_LISTEN")
    })?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    Ok(listener)
}

/// The same, and who asks says what to do.
pub(crate) fn open(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(shared)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The socket that systemd holds for us, or else one of our own, which is shared.
///
/// # Errors
/// Says what to do if the address is taken.
pub fn take_or_bind(
    held: Option<std::net::TcpListener>,
    address: SocketAddr,
) -> Result<TcpListener> {
    let Some(held) = held else { return bind(address, true) };
    let listener = TcpListener::from_std(held).context("taking the socket that systemd holds")?;
    tracing::info!(address = %listener.local_addr()?, "listening, on the socket that systemd holds");
    Ok(listener)
}

/// Serves until `stop` says true, and what was asked for before a little longer. `proxies` are
/// believed when they say for whom they ask.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    proxies: Vec<IpAddr>,
    mut stop: watch::Receiver<bool>,
) {
    let tls = tls.map(Arc::new);
    let proxies: Arc<[IpAddr]> = proxies.into();
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
                let proxies = proxies.clone();
                tokio::spawn(async move {
                    let socket = match tls {
                        None => Ok(Socket::Plain(socket)),
                        Some(tls) => tls.accept(socket).await,
                    };
                    match socket {
                        Ok(socket) => connection(socket, peer, router, proxies, stop).await,
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
    proxies: Arc<[IpAddr]>,
    mut stop: watch::Receiver<bool>,
) {
    let leaves = stop.clone();
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        let who = asks(peer.ip(), request.headers(), &proxies);
        request.extensions_mut().insert(Peer(who));
        let (router, leaves) = (router.clone(), leaves.clone());
        async move {
            let answer = router.oneshot(request.map(Body::new)).await;
            let mut answer = answer.unwrap_or_else(|never| match never {});
            if *leaves.borrow() && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let connection = builder.serve_connection(TokioIo::new(socket), service).with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => match timeout(LINGER, connection.as_mut()).await {
            Ok(ended) => ended,
            Err(_) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%peer, "the connection broke: {error}");
    }
}

/// Whose address it is: what a proxy of ours says, or the one that connected.
fn asks(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> IpAddr {
    let peer = peer.to_canonical();
    if !proxies.contains(&peer) {
        return peer;
    }
    // The last that no proxy of ours has: what stands before it, anybody can write.
    let lists = headers.get_all("x-forwarded-for").iter().filter_map(|list| list.to_str().ok());
    let addresses: Vec<IpAddr> = lists
        .flat_map(|list| list.split(','))
        .filter_map(|one| one.trim().parse::<IpAddr>().ok())
        .map(|address| address.to_canonical())
        .collect();
    addresses.into_iter().rev().find(|address| !proxies.contains(address)).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_proxies_are_believed() {
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let proxies = [address("10.0.0.1"), address("10.0.0.2")];
        let ask = |peer: &str, lists: &[&str]| {
            let mut headers = HeaderMap::new();
            for list in lists {
                headers.append("x-forwarded-for", list.parse().expect("a value"));
            }
            asks(address(peer), &headers, &proxies).to_string()
        };
        assert_eq!(ask("203.0.113.9", &["198.51.100.1"]), "203.0.113.9", "nobody's proxy");
        assert_eq!(ask("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(ask("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(ask("10.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(ask("10.0.0.1", &["6.6.6.6", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(ask("10.0.0.1", &[]), "10.0.0.1");
    }
}
