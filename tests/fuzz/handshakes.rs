//! Requests for a WebSocket, with headers by chance.

use base64::prelude::{BASE64_STANDARD, Engine};
use groundcrew::gateway::websocket::accept;
use http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, HeaderValue, Method};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::inputs::each;

fn header() -> impl Strategy<Value = (http::HeaderName, Vec<u8>)> {
    let name = select(vec![CONNECTION, UPGRADE, SEC_WEBSOCKET_VERSION, SEC_WEBSOCKET_KEY]);
    let words = ["Upgrade", "websocket", "13", "keep-alive, upgrade", "dGhlIHNhbXBsZSBub25jZQ=="];
    let word = select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec());
    let key = vec(any::<u8>(), 14..19).prop_map(|key| BASE64_STANDARD.encode(key).into_bytes());
    (name, prop_oneof![4 => word, 1 => key, 1 => vec(any::<u8>(), 0..12)])
}

#[test]
fn each_is_accepted_or_told_what_to_send() {
    each((any::<bool>(), vec(header(), 0..8)), |(get, lines)| {
        let mut headers = HeaderMap::new();
        for (name, value) in &lines {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.append(name, value);
            }
        }
        match accept(if get { &Method::GET } else { &Method::POST }, &headers) {
            Ok(answer) => {
                assert!(get);
                assert_eq!(headers.get_all(SEC_WEBSOCKET_KEY).iter().count(), 1);
                assert_eq!(answer.len(), 3);
            }
            Err(refused) => {
                assert!([400, 405, 426].contains(&refused.status.as_u16()));
                assert_eq!(refused.headers.is_empty(), refused.status == 400);
            }
        }
    });
}
