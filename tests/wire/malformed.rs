//! What a client must not send, and the code that it is closed with; as the Autobahn test
//! suite does it, case by case.

use groundcrew::gateway::websocket::{Message, Violation};

use crate::client::{Frame, read};

const LIMIT: usize = 1000;

/// A name, what is sent, the code.
type Case = (&'static str, Vec<Frame>, u16);

fn cases() -> Vec<Case> {
    let text = |text: &[u8]| Frame::new(1, text);
    let goes_on = |bytes: &[u8]| Frame::new(0, bytes);
    let claims = |opcode, claimed| Frame { opcode, claimed: Some(claimed), ..Frame::default() };
    let written =
        |extended, payload| Frame { extended: Some(extended), ..Frame::new(2, vec![7; payload]) };
    let mut cases = vec![
        ("without a mask", vec![Frame { mask: None, ..text(b"a") }], 1002),
        ("a ping without a mask", vec![Frame { mask: None, ..Frame::new(9, b"a") }], 1002),
        ("empty, without a mask", vec![Frame { mask: None, ..text(b"") }], 1002),
        ("a ping of 126 bytes", vec![Frame::new(9, [0; 126])], 1002),
        ("a pong of 126 bytes", vec![Frame::new(10, [0; 126])], 1002),
        ("a close of 126 bytes", vec![Frame::new(8, [3; 126])], 1002),
        ("a ping that claims 2^62 bytes", vec![claims(9, 1 << 62)], 1002),
        ("a ping in fragments", vec![Frame::new(9, b"a").goes_on()], 1002),
        ("a pong in fragments", vec![Frame::new(10, b"a").goes_on()], 1002),
        ("a close in fragments", vec![Frame::new(8, b"").goes_on()], 1002),
        ("nothing to continue", vec![goes_on(b"a")], 1002),
        ("nothing to continue, unfinished", vec![goes_on(b"a").goes_on()], 1002),
        (
            "nothing left to continue",
            vec![text(b"a").goes_on(), goes_on(b"b"), goes_on(b"c")],
            1002,
        ),
        ("text within text", vec![text(b"a").goes_on(), text(b"b")], 1002),
        ("bytes within text", vec![text(b"a").goes_on(), Frame::new(2, b"b")], 1002),
        ("text within an empty one", vec![text(b"").goes_on(), text(b"").goes_on()], 1002),
        ("125 bytes, with two of length", vec![written(2, 125)], 1002),
        ("no bytes, with two of length", vec![written(2, 0)], 1002),
        ("300 bytes, with eight of length", vec![written(8, 300)], 1002),
        ("no bytes, with eight of length", vec![written(8, 0)], 1002),
        (
            "a ping with two bytes of length",
            vec![Frame { extended: Some(2), ..Frame::new(9, b"a") }],
            1002,
        ),
        ("the length's first bit", vec![claims(2, 1 << 63)], 1002),
        ("the longest length with the first bit", vec![claims(2, u64::MAX)], 1002),
        ("the longest length", vec![claims(2, u64::MAX >> 1)], 1009),
        ("one byte too much", vec![Frame::new(2, [0; LIMIT + 1])], 1009),
        ("claims one byte too much", vec![claims(1, LIMIT as u64 + 1)], 1009),
        (
            "one byte too much, together",
            vec![Frame::new(2, [0; LIMIT]).goes_on(), goes_on(b"a")],
            1009,
        ),
        ("claims too much, together", vec![text(b"a").goes_on(), claims(0, u64::MAX >> 1)], 1009),
        ("not UTF-8: a lone byte", vec![text(b"\x80")], 1007),
        ("not UTF-8: cut off", vec![text("ö".as_bytes().split_last().unwrap().1)], 1007),
        ("not UTF-8: overlong", vec![text(b"\xC0\xAF")], 1007),
        ("not UTF-8: a surrogate", vec![text(b"\xED\xA0\x80")], 1007),
        ("not UTF-8: beyond Unicode", vec![text(b"\xF4\x90\x80\x80")], 1007),
        ("not UTF-8: in fragments", vec![text(b"a\xCE").goes_on(), goes_on(b"b")], 1007),
        ("a close of one byte", vec![Frame::new(8, b"\x03")], 1002),
        ("a close with a reason that is not UTF-8", vec![Frame::new(8, b"\x03\xE8\xFF")], 1007),
    ];
    for flags in (1..8).map(|reserved| reserved << 4) {
        cases.push(("reserved bits", vec![Frame { flags: 0x80 | flags, ..text(b"a") }], 1002));
        cases.push((
            "reserved bits of a ping",
            vec![Frame { flags: 0x80 | flags, ..Frame::new(9, b"") }],
            1002,
        ));
    }
    for opcode in (3..8).chain(11..16) {
        cases.push(("a reserved opcode", vec![Frame::new(opcode, b"a")], 1002));
        cases.push((
            "a reserved opcode, unfinished",
            vec![Frame::new(opcode, b"").goes_on()],
            1002,
        ));
    }
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535u16] {
        cases.push(("a code that must not be sent", vec![Frame::new(8, code.to_be_bytes())], 1002));
    }
    cases
}

#[test]
fn closes_with_the_code_of_the_rfc() {
    for (name, frames, code) in cases() {
        let bytes: Vec<u8> = frames.iter().flat_map(Frame::bytes).collect();
        // In one piece, byte by byte, and behind a message that is right.
        let (messages, end) = read(LIMIT, &bytes, &[]);
        assert_eq!(end.map_err(|violation| violation.code), Err(code), "{name}: {messages:?}");
        assert_eq!(read(LIMIT, &bytes, &[1]).1, end, "{name}");
        let behind = [Frame::new(1, "ö").bytes(), Frame::new(9, "").bytes(), bytes].concat();
        let (messages, same) = read(LIMIT, &behind, &[3, 1]);
        assert_eq!(same, end, "{name}");
        assert_eq!(messages[..2], [Message::Text("ö".into()), Message::Ping(vec![])], "{name}");
    }
}

/// Who sends half a frame and waits is not waited for, if that half is wrong already.
#[test]
fn is_seen_before_the_frame_is_whole() {
    let first = |byte| read(LIMIT, &[byte], &[]).1.unwrap_err().code;
    assert_eq!(first(0xC1), 1002, "a reserved bit");
    assert_eq!(first(0x83), 1002, "a reserved opcode");
    assert_eq!(first(0x09), 1002, "a ping in fragments");
    let second = |bytes: &[u8]| read(LIMIT, bytes, &[]).1.unwrap_err().code;
    assert_eq!(second(&[0x81, 0x01]), 1002, "no mask");
    assert_eq!(second(&[0x89, 0xFE]), 1002, "a long ping");
    let claims = Frame { claimed: Some(1 << 40), ..Frame::default() };
    assert_eq!(read(LIMIT, &claims.bytes(), &[]).1.unwrap_err().code, 1009, "a long message");
}

#[test]
fn says_what_is_wrong_in_a_close_frame() {
    let violation: Violation = read(LIMIT, &[0x81, 0x01], &[]).1.unwrap_err();
    assert_eq!(violation.to_string(), "a client must mask its frames (1002)");
    assert!(violation.reason.len() <= 123);
}
