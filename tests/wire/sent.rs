//! Frames that the gateway sends, read by another implementation.

use std::io::Cursor;

use groundcrew::gateway::websocket::{close, ping, pong, text};
use tungstenite::Message;
use tungstenite::protocol::{Role, WebSocket};

fn read(bytes: &[u8]) -> Message {
    let mut client = WebSocket::from_raw_socket(Cursor::new(bytes.to_vec()), Role::Client, None);
    client.read().unwrap()
}

#[test]
fn text_of_each_length() {
    for length in [0, 1, 125, 126, 127, 0xFFFF, 0x1_0000] {
        let payload = "a".repeat(length);
        assert_eq!(read(&text(&payload)), Message::text(payload), "{length}");
    }
}

#[test]
fn pings_and_pongs_are_never_too_long() {
    assert_eq!(read(&ping(b"a")), Message::Ping("a".into()));
    assert_eq!(read(&pong(b"")), Message::Pong("".into()));
    assert_eq!(read(&pong(&[7; 125])), Message::Pong(vec![7; 125].into()));
    assert_eq!(read(&ping(&[7; 200])), Message::Ping(vec![7; 125].into()));
}

#[test]
fn a_close_reason_is_cut_between_two_characters() {
    let reason = |reason: &str| {
        let Message::Close(Some(frame)) = read(&close(4200, reason)) else { panic!("no close") };
        assert_eq!(u16::from(frame.code), 4200);
        frame.reason.to_string()
    };
    assert_eq!(reason(""), "");
    assert_eq!(reason("Come back."), "Come back.");
    assert_eq!(reason(&"a".repeat(123)), "a".repeat(123));
    assert_eq!(reason(&"a".repeat(124)), "a".repeat(123));
    assert_eq!(reason(&"ö".repeat(100)), "ö".repeat(61));
    assert_eq!(reason(&"\u{1F9F0}".repeat(31)), "\u{1F9F0}".repeat(30));
}
