//! How a connection becomes a WebSocket: RFC 6455, section 4.2.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, HeaderMap, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderValue, Method, StatusCode};
use sha1::{Digest, Sha1};

/// RFC 6455's own.
const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Why a request can't become a WebSocket.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    /// What to answer with; where it is 426, with the header `Sec-WebSocket-Version: 13`.
    pub status: StatusCode,
    /// What was wrong.
    pub reason: &'static str,
}

const fn refused(status: StatusCode, reason: &'static str) -> Refused {
    Refused { status, reason }
}

/// The headers of the answer 101 to a request with these.
///
/// # Errors
/// Says what the request lacks.
pub fn accept(method: &Method, headers: &HeaderMap) -> Result<HeaderMap, Refused> {
    if method != Method::GET {
        return Err(refused(StatusCode::METHOD_NOT_ALLOWED, "a WebSocket begins with GET"));
    }
    if !has(headers, &UPGRADE, "websocket") || !has(headers, &CONNECTION, "upgrade") {
        return Err(refused(
            StatusCode::UPGRADE_REQUIRED,
            "this is the address of a WebSocket; connect with a client of Pusher's protocol",
        ));
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(refused(StatusCode::UPGRADE_REQUIRED, "only version 13 is spoken"));
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    if STANDARD.decode(key).is_ok_and(|key| key.len() == 16) {
        let digest = Sha1::new().chain_update(key).chain_update(MAGIC).finalize();
        let proof =
            HeaderValue::try_from(STANDARD.encode(digest)).expect("base64 is visible ASCII");
        Ok(HeaderMap::from_iter([
            (UPGRADE, HeaderValue::from_static("websocket")),
            (CONNECTION, HeaderValue::from_static("Upgrade")),
            (SEC_WEBSOCKET_ACCEPT, proof),
        ]))
    } else {
        Err(refused(StatusCode::BAD_REQUEST, "Sec-WebSocket-Key must be 16 bytes in base64"))
    }
}

/// Whether a header, which may be a list, has this word.
fn has(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(word))
}
