//! Frames: any bytes, in any pieces, beside another implementation.

use std::io::{self, Cursor, Read, Write};

use groundcrew::gateway::websocket::{Message, Reader, Violation};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};

use crate::client::{Frame, read};
use crate::inputs::{damage, each, text};

const LIMIT: usize = 300;

/// A frame that is right most often.
fn frame() -> impl Strategy<Value = Frame> {
    let closing = (select(vec![0, 999, 1000, 1004, 1006, 1014, 2999, 4999, 5000u16]), text())
        .prop_map(|(code, reason)| [&code.to_be_bytes(), reason.as_bytes()].concat());
    let payload = prop_oneof![
        4 => text().prop_map(String::into_bytes),
        2 => vec(any::<u8>(), 0..8),
        1 => closing,
        1 => (any::<u8>(), 100..320usize).prop_map(|(byte, length)| vec![byte; length]),
    ];
    let flags = prop_oneof![20 => Just(0x80u8), 10 => Just(0), 1 => (0..16u8).prop_map(|n| n << 4)];
    let opcode = prop_oneof![8 => 0..=2u8, 4 => 8..=10u8, 1 => 0..16u8];
    let extended = weighted(0.03, select(vec![0, 2, 8usize]));
    let claimed = weighted(0.03, prop_oneof![any::<u64>(), 0..400u64]);
    (flags, opcode, weighted(0.97, any::<[u8; 4]>()), extended, claimed, payload).prop_map(
        |(flags, opcode, mask, extended, claimed, payload)| Frame {
            flags,
            opcode,
            mask,
            extended,
            claimed,
            payload,
        },
    )
}

/// What a client might send: frames, damaged frames, noise.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let frames = || {
        vec(frame(), 0..8)
            .prop_map(|frames| frames.iter().flat_map(Frame::bytes).collect::<Vec<_>>())
    };
    prop_oneof![3 => frames(), 2 => (frames(), damage()).prop_map(|(bytes, damage)| damage.to(bytes)), 1 => vec(any::<u8>(), 0..64)]
}

#[test]
fn pieces_make_no_difference_and_memory_is_bounded() {
    each((bytes(), vec(1..40usize, 1..4)), |(bytes, pieces)| {
        // `read` looks after the memory.
        assert_eq!(read(LIMIT, &bytes, &pieces), read(LIMIT, &bytes, &[]));
    });
}

/// A part of a message: its length, its mask, and a ping's payload behind it.
type Part = (usize, [u8; 4], Option<Vec<u8>>);

/// Messages in fragments, with control frames between them.
fn messages() -> impl Strategy<Value = Vec<(Message, Vec<Frame>)>> {
    let data = prop_oneof![
        text().prop_map(Message::Text),
        vec(any::<u8>(), 0..LIMIT).prop_map(Message::Binary),
    ];
    let part = (0..40usize, any::<[u8; 4]>(), weighted(0.2, vec(any::<u8>(), 0..=125)));
    vec((data, vec(part, 0..5)), 0..5).prop_map(|messages| {
        let frames = |(message, parts): (Message, Vec<Part>)| {
            let (mut opcode, mut rest) = match &message {
                Message::Text(text) => (1, text.as_bytes()),
                Message::Binary(bytes) => (2, &bytes[..]),
                _ => unreachable!(),
            };
            let mut frames = Vec::new();
            for (length, mask, ping) in parts {
                let (part, after) = rest.split_at(length.min(rest.len()));
                frames.push(Frame { mask: Some(mask), ..Frame::new(opcode, part) }.goes_on());
                frames.extend(ping.map(|payload| Frame::new(9, payload)));
                (opcode, rest) = (0, after);
            }
            frames.push(Frame::new(opcode, rest));
            (message, frames)
        };
        messages.into_iter().map(frames).collect()
    })
}

#[test]
fn what_is_right_arrives_and_nothing_is_held_after() {
    each((messages(), 1..60usize), |(messages, piece)| {
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for (message, frames) in messages {
            bytes.extend(frames.iter().flat_map(Frame::bytes));
            let pings = frames.into_iter().filter(|frame| frame.opcode == 9);
            expected.extend(pings.map(|frame| Message::Ping(frame.payload)));
            expected.push(message);
        }
        let mut reader = Reader::new(LIMIT);
        let mut arrived = Vec::new();
        for mut piece in bytes.chunks(piece) {
            while let Some(message) = reader.next(&mut piece).unwrap() {
                arrived.push(message);
            }
        }
        assert_eq!(arrived, expected);
        assert_eq!(reader.held(), 0);
    });
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Closed,
    Violation(u16),
}

/// What tungstenite makes of the bytes.
fn others(bytes: &[u8]) -> (Vec<Message>, End) {
    /// Reads these bytes, drops what is written.
    struct Socket<'a>(Cursor<&'a [u8]>);
    impl Read for Socket<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0.read(into)
        }
    }
    impl Write for Socket<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    use tungstenite::{Error, Message as Theirs};

    let config = WebSocketConfig::default()
        .read_buffer_size(256)
        .write_buffer_size(0)
        .max_message_size(Some(LIMIT))
        .max_frame_size(Some(LIMIT));
    let mut socket =
        WebSocket::from_raw_socket(Socket(Cursor::new(bytes)), Role::Server, Some(config));
    let mut messages = Vec::new();
    loop {
        match socket.read() {
            Ok(Theirs::Text(text)) => messages.push(Message::Text(text.to_string())),
            Ok(Theirs::Binary(bytes)) => messages.push(Message::Binary(bytes.into())),
            Ok(Theirs::Ping(bytes)) => messages.push(Message::Ping(bytes.into())),
            Ok(Theirs::Pong(bytes)) => messages.push(Message::Pong(bytes.into())),
            // This is how it says that the code must not be sent.
            Ok(Theirs::Close(Some(frame))) if frame.reason == "Protocol violation" => {
                return (messages, End::Violation(1002));
            }
            Ok(Theirs::Close(frame)) => {
                let frame = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                messages.push(Message::Close(frame));
                return (messages, End::Closed);
            }
            Ok(Theirs::Frame(_)) => unreachable!("it is only written"),
            Err(Error::Utf8(_)) => return (messages, End::Violation(1007)),
            Err(Error::Capacity(_)) => return (messages, End::Violation(1009)),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                unreachable!("the padding ends all")
            }
            Err(Error::Protocol(_)) => return (messages, End::Violation(1002)),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn tungstenite_sees_it_the_same_way() {
    each(bytes(), |mut bytes| {
        // Each frame that was begun ends in here, and then comes one without a mask: else it
        // would be left open whether a frame that is wrong is so before it is whole.
        bytes.resize(bytes.len() + LIMIT + 14, 0);
        let (ours, end) = read(LIMIT, &bytes, &[]);
        let (theirs, their_end) = others(&bytes);
        let our_end = match end {
            Ok(()) => End::Closed,
            Err(Violation { code, .. }) => End::Violation(code),
        };
        let context = || format!("{ours:?} {end:?}, theirs: {theirs:?} {their_end:?}");

        let both = ours.len().min(theirs.len());
        assert_eq!(ours[..both], theirs[..both], "{}", context());

        // Where both may differ:
        // it takes lengths that are not in their shortest form, those of control frames too;
        let long = ["not in its shortest form", "125 bytes at most"];
        let takes_more =
            end.is_err_and(|violation| long.iter().any(|what| violation.reason.contains(what)));
        assert!(theirs.len() == both || takes_more, "{}", context());
        // it looks at a fragment of a text at once, we when the text is whole: until then,
        // control frames may come, and other violations;
        let looks_early = their_end == End::Violation(1007);
        // it takes 1014 for reserved, as it was when the RFC was written;
        let closed = |message: &Message| matches!(message, Message::Close(Some((1014, _))));
        let control = |message: &Message| !matches!(message, Message::Text(_) | Message::Binary(_));
        let reserves_1014 = ours.last().is_some_and(closed);
        let may_be_more = looks_early && ours[both..].iter().all(control)
            || reserves_1014 && ours.len() == both + 1;
        assert!(ours.len() == both || may_be_more, "{}", context());
        // it looks at the length first, we at the bits before it.
        let both_wrong = our_end == End::Violation(1002) && their_end == End::Violation(1009);
        let same = our_end == their_end || both_wrong;
        assert!(same || takes_more || looks_early || reserves_1014, "{}", context());
    });
}
