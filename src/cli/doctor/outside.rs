//! What is seen of an installation at the address that browsers and servers use: whether they reach
//! pages and gateway there, and whether nobody gets in who must not.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use axum::body::{Body, to_bytes};
use futures_util::TryFutureExt;
use http::header::{CONNECTION, CONTENT_TYPE, HOST, ORIGIN, UPGRADE};
use http::{Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::Finding;

/// Each question is answered within this time, or not at all.
const PATIENCE: Duration = Duration::from_secs(5);
/// What /healthz says is shorter, in bytes.
const MOST: usize = 64 << 10;
/// A gateway's first word is shorter, in bytes.
const FIRST_WORD: usize = 1024;

/// Where people are.
pub(super) struct Outside<'a> {
    /// Where browsers and servers reach the pages.
    pub(super) url: &'a Uri,
    /// Where browsers reach the gateways.
    pub(super) gateway: &'a Uri,
    /// With which key pages connect there.
    pub(super) app_key: &'a str,
}

/// How web saw who asked it.
struct Seen {
    /// The machine that we reached, which may be a proxy.
    asked: IpAddr,
    /// We, in web's eyes.
    address: Option<IpAddr>,
}

impl Seen {
    /// Who came from elsewhere and is taken for a process of web's own machine, came through a
    /// proxy there that is not believed.
    fn as_problem(&self) -> Option<String> {
        let address = self.address.filter(IpAddr::is_loopback)?;
        (!self.asked.is_loopback()).then(|| {
            format!(
                "all who come through the proxy in front are taken for {address}: limits of addresses count \
                 them as one, and the audit log knows no other; name it, GROUNDCREW_PROXIES={address}"
            )
        })
    }
}

impl Outside<'_> {
    /// Looks at all of it.
    pub(super) async fn look(&self) -> Vec<Finding> {
        let said = |done: Result<()>| done.err().map(|error| format!("{error:#}"));
        let pages = self.pages().await;
        let proxies = pages.as_ref().ok().and_then(|seen| seen.as_problem());
        let finding = |check, problem| Finding { check, problem, note: None };
        vec![
            finding("TLS", self.plain()),
            finding("pages, from outside", said(pages.map(drop))),
            finding("proxies", proxies),
            finding("gateway, from outside", said(self.gateway().await)),
            finding("authorization", said(self.strangers().await)),
        ]
    }

    fn plain(&self) -> Option<String> {
        let is_near = matches!(self.url.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
        (self.url.scheme_str() == Some("http") && !is_near).then(|| {
            format!(
                "passwords and sessions travel readable to {}; put a proxy with TLS in front, or set \
                 GROUNDCREW_TLS_CERT and GROUNDCREW_TLS_KEY, and GROUNDCREW_URL to https://…",
                shown(self.url)
            )
        })
    }

    async fn pages(&self) -> Result<Seen> {
        let look = async {
            let (response, asked) = ask(self.url, request(Method::GET, "/healthz")).await?;
            ensure!(response.status() == StatusCode::OK, "/healthz answers {}", response.status());
            let body = timeout(PATIENCE, to_bytes(Body::new(response.into_body()), MOST)).await;
            let body = body.context("reading /healthz")?.context("reading /healthz")?;
            let said: Value = serde_json::from_slice(&body).context("/healthz is none of ours")?;
            let address = said["address"].as_str().and_then(|address| address.parse().ok());
            Ok(Seen { asked, address })
        };
        look.await.with_context(|| {
            format!(
                "the pages are not reached at {} (GROUNDCREW_URL); does `groundcrew web` run, and the proxy in \
                 front of it?",
                shown(self.url)
            )
        })
    }

    async fn gateway(&self) -> Result<()> {
        let connect = async {
            let path = format!("/app/{}?protocol=7&client=doctor&version=1", self.app_key);
            let mut request = request(Method::GET, &path);
            for (name, value) in [
                (CONNECTION, "Upgrade"),
                (UPGRADE, "websocket"),
                (http::header::SEC_WEBSOCKET_VERSION, "13"),
                (http::header::SEC_WEBSOCKET_KEY, "Z3JvdW5kY3Jld2RvY3Rvcg=="),
                (ORIGIN, shown(self.url).as_str()),
            ] {
                request
                    .headers_mut()
                    .insert(name, value.parse().context("the address in a header")?);
            }
            let (response, _) = ask(self.gateway, request).await?;
            ensure!(
                response.status() == StatusCode::SWITCHING_PROTOCOLS,
                "it answers {} and not 101: does the proxy in front send /app/ to the gateways, as a WebSocket?",
                response.status()
            );
            let socket = hyper::upgrade::on(response).await.context("taking the socket over")?;
            let word = first_word(TokioIo::new(socket)).await?;
            ensure!(word.contains("pusher:connection_established"), "it says {word}");
            Ok(())
        };
        connect.await.with_context(|| {
            format!(
                "pages can't listen at {}, so they show nothing new until they are loaded again",
                self.gateway
            )
        })
    }

    /// Somebody who has neither session nor token.
    async fn strangers(&self) -> Result<()> {
        let mut listening = request(Method::POST, "/broadcasting/auth");
        *listening.body_mut() = "socket_id=1.1&channel_name=private-servers.1.provision".into();
        let form = "application/x-www-form-urlencoded".parse().expect("it is a header's value");
        listening.headers_mut().insert(CONTENT_TYPE, form);
        let cases = [
            (listening, StatusCode::FORBIDDEN, "may listen to servers"),
            (request(Method::GET, "/api/v1/servers"), StatusCode::UNAUTHORIZED, "reads the API"),
        ];
        for (request, refusal, what) in cases {
            let path = request.uri().path().to_owned();
            let answer = ask(self.url, request).await?.0.status();
            if answer.is_success() {
                bail!(
                    "whoever is not signed in {what}: {path} answers {answer}. Does the proxy in front add somebody's cookie or token?"
                );
            }
            ensure!(
                answer == refusal,
                "{path} answers {answer} to somebody who is not signed in, and not {refusal}; does the proxy in front send it to `groundcrew web`?"
            );
        }
        Ok(())
    }
}

/// Without the slash at its end, as people write it.
fn shown(origin: &Uri) -> String {
    origin.to_string().trim_end_matches('/').to_owned()
}

fn request(method: Method, path: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).body(Body::empty());
    request.expect("the path is ours")
}

/// Asks there, on a connection of its own. Gives the answer, and which address gave it.
async fn ask(origin: &Uri, mut request: Request<Body>) -> Result<(Response<Incoming>, IpAddr)> {
    let authority = origin.authority().context("an address without a host")?;
    request.headers_mut().insert(HOST, authority.as_str().parse().context("the host in a header")?);
    let answer = async {
        let is_tls = origin.scheme_str() == Some("https");
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let host = authority.host().trim_matches(['[', ']']);
        let socket = TcpStream::connect((host, port))
            .await
            .with_context(|| format!("connecting to {host}, port {port}"))?;
        let asked = socket.peer_addr()?.ip();
        if !is_tls {
            return Ok((send(socket, request).await?, asked));
        }
        let name = ServerName::try_from(host.to_owned()).context("a name for TLS")?;
        let socket = TlsConnector::from(trust()?).connect(name, socket).await;
        let socket = socket.context("TLS: the certificate must be good for the name, by an authority that this machine trusts")?;
        Ok((send(socket, request).await?, asked))
    };
    timeout(PATIENCE, answer)
        .await
        .map_err(|_| anyhow::anyhow!("no answer within {} s", PATIENCE.as_secs()))?
}

async fn send<S>(socket: S, request: Request<Body>) -> Result<Response<Incoming>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(socket)).await.context("speaking HTTP")?;
    // It ends with the last who holds the answer.
    tokio::spawn(connection.with_upgrades().unwrap_or_else(drop));
    sender.send_request(request).await.context("asking")
}

/// What this machine trusts.
fn trust() -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    ensure!(
        !roots.is_empty(),
        "this machine trusts no authority; install the package ca-certificates"
    );
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    Ok(Arc::new(config.with_no_client_auth()))
}

/// The text of the first frame, which is short.
async fn first_word(mut socket: impl AsyncRead + Unpin) -> Result<String> {
    let mut bytes = vec![0; FIRST_WORD];
    let length = timeout(PATIENCE, socket.read(&mut bytes)).await.context("it says nothing")??;
    // Two bytes of a frame's head, four where the text is longer than 125.
    let text = bytes.get(2..length).unwrap_or_default();
    Ok(String::from_utf8_lossy(text).trim_start_matches(|c: char| c != '{').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_is_not_believed_is_found() {
        let seen = |asked: &str, address: &str| Seen {
            asked: asked.parse().expect("an address"),
            address: address.parse().ok(),
        };
        let problem = seen("203.0.113.1", "127.0.0.1").as_problem().expect("a problem");
        assert!(problem.contains("GROUNDCREW_PROXIES=127.0.0.1"), "{problem}");
        assert!(seen("203.0.113.1", "203.0.113.9").as_problem().is_none());
        assert!(seen("127.0.0.1", "127.0.0.1").as_problem().is_none(), "there is none in front");
    }
}
