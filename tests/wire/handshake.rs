//! Who gets a WebSocket, and what the others are told.

use groundcrew::gateway::websocket::{Refused, accept};
use http::{HeaderMap, HeaderName, Method};

/// The example of RFC 6455, section 1.3.
const RIGHT: [(&str, &str); 4] = [
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let lines = lines.iter();
    lines
        .map(|(name, value)| (HeaderName::try_from(*name).unwrap(), value.parse().unwrap()))
        .collect()
}

/// The right request, with another value of this header; without it, for None.
fn with(changed: &str, value: Option<&str>) -> Result<HeaderMap, Refused> {
    let mut lines: Vec<_> = RIGHT.into_iter().filter(|(name, _)| *name != changed).collect();
    lines.extend(value.map(|value| (changed, value)));
    accept(&Method::GET, &headers(&lines))
}

#[test]
fn is_answered_as_in_the_rfc() {
    let answer = accept(&Method::GET, &headers(&RIGHT)).unwrap();
    assert_eq!(answer["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(answer["upgrade"], "websocket");
    assert_eq!(answer["connection"], "Upgrade");
    assert_eq!(answer.len(), 3, "nothing that the client offered is accepted");
}

#[test]
fn words_are_found_in_lists_and_in_any_case() {
    for connection in ["keep-alive, Upgrade", "UPGRADE", "a,upgrade ,b"] {
        assert!(with("connection", Some(connection)).is_ok(), "{connection}");
    }
    assert!(with("upgrade", Some("WebSocket")).is_ok());
    let mut lines = RIGHT.to_vec();
    lines.insert(0, ("connection", "keep-alive"));
    assert!(accept(&Method::GET, &headers(&lines)).is_ok(), "in the second of two lines");
}

#[test]
fn refusals_say_what_to_send() {
    let refused = accept(&Method::POST, &headers(&RIGHT)).unwrap_err();
    assert_eq!(
        (refused.status.as_u16(), &refused.headers["allow"]),
        (405, &"GET".parse().unwrap())
    );

    let cases = [
        ("connection", None, 426),
        ("connection", Some("keep-alive"), 426),
        ("connection", Some("upgraded"), 426),
        ("upgrade", None, 426),
        ("upgrade", Some("h2c"), 426),
        ("sec-websocket-version", None, 426),
        ("sec-websocket-version", Some("8"), 426),
        ("sec-websocket-version", Some("13, 8"), 426),
        ("sec-websocket-key", None, 400),
        ("sec-websocket-key", Some(""), 400),
        ("sec-websocket-key", Some("dGhlIHNhbXBsZSBub25j"), 400),
        ("sec-websocket-key", Some("dGhlIHNhbXBsZSBub25jZQ"), 400),
        ("sec-websocket-key", Some("not base64 not base64 =="), 400),
    ];
    for (name, value, status) in cases {
        let refused = with(name, value).unwrap_err();
        assert_eq!(refused.status, status, "{name}: {value:?}");
        assert!(refused.reason.ends_with('.'), "{refused}");
        if status == 426 {
            assert_eq!(refused.headers["sec-websocket-version"], "13");
            assert_eq!(refused.headers["upgrade"], "websocket");
        }
    }

    let mut lines = RIGHT.to_vec();
    lines.push(RIGHT[3]);
    assert_eq!(accept(&Method::GET, &headers(&lines)).unwrap_err().status, 400, "two keys");
}
