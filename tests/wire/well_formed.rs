//! What a client may send arrives, in whatever pieces.

use groundcrew::gateway::websocket::{Message, Reader};

use crate::client::{Frame, read};

const LIMIT: usize = 100_000;

fn text(text: impl Into<String>) -> Message {
    Message::Text(text.into())
}

/// All that there is: each kind, each way to write a length, fragments, and control frames
/// between them.
fn all() -> (Vec<u8>, Vec<Message>) {
    let frames = [
        Frame::new(1, "Hello, wörld \u{1F9F0}"),
        Frame::new(1, ""),
        Frame::new(2, [0, 255, 128]),
        Frame::new(9, ""),
        Frame::new(9, [9; 125]),
        Frame::new(10, "pong"),
        Frame { mask: Some([0; 4]), ..Frame::new(1, "a mask of zeros") },
        Frame::new(2, [1; 125]),
        Frame::new(2, [2; 126]),
        Frame::new(2, vec![3; 300]),
        // A character in two fragments, and empty ones.
        Frame::new(1, "").goes_on(),
        Frame::new(0, b"\xC3").goes_on(),
        Frame::new(9, "between"),
        Frame::new(0, "").goes_on(),
        Frame::new(0, b"\xB6!").goes_on(),
        Frame::new(10, "").clone(),
        Frame::new(0, ""),
        Frame::new(2, "a").goes_on(),
        Frame::new(0, "b"),
        Frame::new(8, [&1000u16.to_be_bytes()[..], "bye ö".as_bytes()].concat()),
    ];
    let messages = vec![
        text("Hello, wörld \u{1F9F0}"),
        text(""),
        Message::Binary(vec![0, 255, 128]),
        Message::Ping(vec![]),
        Message::Ping(vec![9; 125]),
        Message::Pong(b"pong".to_vec()),
        text("a mask of zeros"),
        Message::Binary(vec![1; 125]),
        Message::Binary(vec![2; 126]),
        Message::Binary(vec![3; 300]),
        Message::Ping(b"between".to_vec()),
        Message::Pong(vec![]),
        text("ö!"),
        Message::Binary(b"ab".to_vec()),
        Message::Close(Some((1000, "bye ö".into()))),
    ];
    (frames.iter().flat_map(Frame::bytes).collect(), messages)
}

#[test]
fn arrives_whole() {
    let (bytes, messages) = all();
    assert_eq!(read(LIMIT, &bytes, &[]), (messages, Ok(())));
}

#[test]
fn arrives_in_pieces_of_each_length() {
    let (bytes, messages) = all();
    for length in 1..bytes.len() {
        assert_eq!(read(LIMIT, &bytes, &[length]), (messages.clone(), Ok(())), "{length}");
    }
}

#[test]
fn arrives_split_at_each_byte() {
    let (bytes, messages) = all();
    for at in 1..bytes.len() {
        let split = read(LIMIT, &bytes, &[at, usize::MAX]);
        assert_eq!(split, (messages.clone(), Ok(())), "{at}");
    }
}

#[test]
fn each_way_to_write_a_length_up_to_the_limit() {
    for length in [125, 126, 127, 128, 0xFFFF, 0x1_0000, LIMIT] {
        let bytes = Frame::new(2, vec![7; length]).bytes();
        let messages = vec![Message::Binary(vec![7; length])];
        for pieces in [&[][..], &[1000], &[14, usize::MAX]] {
            assert_eq!(read(LIMIT, &bytes, pieces), (messages.clone(), Ok(())), "{length}");
        }
    }
}

#[test]
fn closes_with_each_code_that_may_be_sent() {
    let close = |payload: Vec<u8>| read(LIMIT, &Frame::new(8, payload).bytes(), &[]).0;
    assert_eq!(close(vec![]), [Message::Close(None)]);
    for code in (1000..=1003).chain(1007..=1014).chain(3000..=4999u16) {
        let closed = Message::Close(Some((code, String::new())));
        assert_eq!(close(code.to_be_bytes().to_vec()), [closed]);
    }
}

/// Thousands of pages are silent at once.
#[test]
fn nothing_is_held_between_messages() {
    let (bytes, _) = all();
    let mut reader = Reader::new(LIMIT);
    let mut input = &bytes[..];
    while let Some(message) = reader.next(&mut input).unwrap() {
        let between = matches!(&message, Message::Ping(b) if b == b"between")
            || matches!(&message, Message::Pong(b) if b.is_empty());
        assert!(between || reader.held() == 0, "{} after {message:?}", reader.held());
    }
    assert!(size_of::<Reader>() <= 128, "{} bytes for each connection", size_of::<Reader>());
}

/// A claim alone must not cost us memory; nor must a long message in tiny parts cost time.
#[test]
fn memory_follows_what_came() {
    let whole = Frame::new(1, vec![b'a'; LIMIT]).bytes();
    let mut reader = Reader::new(LIMIT);
    assert_eq!(reader.next(&mut &whole[..20]).unwrap(), None);
    assert!(reader.held() <= 20);

    let mut bytes = Frame::new(1, "").goes_on().bytes();
    for _ in 1..LIMIT {
        bytes.extend(Frame::new(0, "a").goes_on().bytes());
    }
    bytes.extend(Frame::new(0, "a").bytes());
    let (messages, end) = read(LIMIT, &bytes, &[4096]);
    assert_eq!(end, Ok(()));
    assert_eq!(messages, [text("a".repeat(LIMIT))]);
}
