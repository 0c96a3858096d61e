//! What is seen of an installation at the address that browsers and servers use: whether they reach
//! pages and gateway there, and whether nobody gets in who must not.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use axum::body::Body;
use futures_util::TryFutureExt;
use http::header::{CONNECTION, CONTENT_TYPE, HOST, ORIGIN, UPGRADE};
use http::{Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
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

impl Outside<'_> {
    /// Looks at all of it.
    pub(super) async fn look(&self) -> Vec<Finding> {
        let said = |done: Result<()>| done.err().map(|error| format!("{error:#}"));
        vec![
            Finding { check: "TLS", problem: self.plain() },
            Finding { check: "pages, from outside", problem: said(self.pages().await) },
            Finding { check: "gateway, from outside", problem: said(self.gateway().await) },
            Finding { check: "authorization", problem: said(self.strangers().await) },
        ]
    }

    fn plain(&self) -> Option<String> {
        let is_near = matches!(self.url.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
        (self.url.scheme_str() == Some("http") && !is_near).then(|| {
            format!(
                "passwords and sessions travel readable to {}; put a proxy with TLS in front, or set \
                 GROUNDCREW_TLS_CERT and GROUNDCREW_TLS_KEY, and GROUNDCREW_URL to https://…",
                self.url
            )
        })
    }

    async fn pages(&self) -> Result<()> {
        let advice = || {
            format!(
                "the pages are not reached at {} (GROUNDCREW_URL); does `groundcrew web` run, and the proxy in front of it?",
                self.url
            )
        };
        let response =
            ask(self.url, request(Method::GET, "/healthz")).await.with_context(advice)?;
        ensure!(
            response.status() == StatusCode::OK,
            "{}: /healthz is answered with {}",
            advice(),
            response.status()
        );
        Ok(())
    }

    async fn gateway(&self) -> Result<()> {
        let connect = async {
            let path = format!("/app/{}?protocol=7&client=doctor&version=1", self.app_key);
            let mut request = request(Method::GET, &path);
            for (name, value) in [
                (CONNECTION, "Upgrade"),
                (UPGRADE, "websocket"),
                (http::header::SEC_WEBSOCKET_VERSION, "13"),
                (http::header::SEC_WEBSOCKET_KEY, "Z3JvdW5kY3JldyBkb2N0b3I="),
                (ORIGIN, self.url.to_string().trim_end_matches('/')),
            ] {
                request
                    .headers_mut()
                    .insert(name, value.parse().context("the address in a header")?);
            }
            let response = ask(self.gateway, request).await?;
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
            let answer = ask(self.url, request).await?.status();
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

fn request(method: Method, path: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).body(Body::empty());
    request.expect("the path is ours")
}

/// Asks there, on a connection of its own.
async fn ask(origin: &Uri, mut request: Request<Body>) -> Result<Response<Incoming>> {
    let authority = origin.authority().context("an address without a host")?;
    request.headers_mut().insert(HOST, authority.as_str().parse().context("the host in a header")?);
    let answer = async {
        let is_tls = origin.scheme_str() == Some("https");
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let host = authority.host().trim_matches(['[', ']']);
        let socket = TcpStream::connect((host, port))
            .await
            .with_context(|| format!("connecting to {host}, port {port}"))?;
        if !is_tls {
            return send(socket, request).await;
        }
        let name = ServerName::try_from(host.to_owned()).context("a name for TLS")?;
        let socket = TlsConnector::from(trust()?).connect(name, socket).await;
        send(socket.context("TLS: the certificate must be good for the name, by an authority that this machine trusts")?, request).await
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
