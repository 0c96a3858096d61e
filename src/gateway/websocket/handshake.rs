//! The handshake (RFC 6455, section 4.2): an HTTP request that asks for a WebSocket.

use base64::prelude::{BASE64_STANDARD, Engine};
use http::header::{
    ALLOW, CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Method, StatusCode};
use sha1::{Digest, Sha1};

/// What the RFC has a server put behind the client's key.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Why a request doesn't get a WebSocket, as an answer to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// 400, 405 or 426.
    pub status: StatusCode,
    /// What the answer must carry with this status.
    pub headers: HeaderMap,
    /// What is wrong and what to send instead, for the answer's body.
    pub reason: &'static str,
}

impl Refused {
    fn new<const N: usize>(
        status: StatusCode,
        headers: [(HeaderName, &'static str); N],
        reason: &'static str,
    ) -> Self {
        let headers =
            headers.map(|(name, value)| (name, HeaderValue::from_static(value))).into_iter();
        Self { status, headers: headers.collect(), reason }
    }
}

/// Checks a request, and gives the headers of the answer with status 101. Subprotocols and
/// extensions that it offers are declined, by not naming them.
pub fn accept(method: &Method, headers: &HeaderMap) -> Result<HeaderMap, Refused> {
    if method != Method::GET {
        return Err(Refused::new(
            StatusCode::METHOD_NOT_ALLOWED,
            [(ALLOW, "GET")],
            "A WebSocket is opened with GET.",
        ));
    }
    if !lists(headers, &UPGRADE, "websocket") || !lists(headers, &CONNECTION, "upgrade") {
        return Err(Refused::new(
            StatusCode::UPGRADE_REQUIRED,
            [(UPGRADE, "websocket"), (CONNECTION, "Upgrade"), (SEC_WEBSOCKET_VERSION, "13")],
            "Here is a WebSocket: send Connection: Upgrade and Upgrade: websocket. A proxy in \
             front of the gateway must pass both on.",
        ));
    }
    if only(headers, &SEC_WEBSOCKET_VERSION) != Some(b"13") {
        return Err(Refused::new(
            StatusCode::UPGRADE_REQUIRED,
            [(UPGRADE, "websocket"), (CONNECTION, "Upgrade"), (SEC_WEBSOCKET_VERSION, "13")],
            "Only version 13 of WebSockets is spoken here: send Sec-WebSocket-Version: 13.",
        ));
    }
    let key = only(headers, &SEC_WEBSOCKET_KEY)
        .filter(|key| BASE64_STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16));
    let Some(key) = key else {
        return Err(Refused::new(
            StatusCode::BAD_REQUEST,
            [],
            "Sec-WebSocket-Key must be there once, with 16 bytes as base64.",
        ));
    };

    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let accept = HeaderValue::try_from(BASE64_STANDARD.encode(digest)).expect("base64 is ASCII");
    Ok(HeaderMap::from_iter([
        (CONNECTION, HeaderValue::from_static("Upgrade")),
        (UPGRADE, HeaderValue::from_static("websocket")),
        (SEC_WEBSOCKET_ACCEPT, accept),
    ]))
}

/// Whether a header that lists words, in one line or several, has this one.
fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|item| item.trim().eq_ignore_ascii_case(word))
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut lines = headers.get_all(name).iter();
    lines.next().filter(|_| lines.next().is_none()).map(|line| line.as_bytes().trim_ascii())
}
