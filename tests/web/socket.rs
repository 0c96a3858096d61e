//! A connection to a gateway, by hand: what pusher-js would hear.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::protocol::{Role, WebSocket};
use tungstenite::{Error, Message};

use crate::lab::LONG;

pub struct Socket {
    socket: WebSocket<TcpStream>,
    pub id: String,
}

impl Socket {
    /// Connects as a client of this application.
    pub fn connect(address: &str, key: &str) -> Self {
        let mut stream = TcpStream::connect(address).expect("the gateway");
        let request = format!(
            "GET /app/{key}?protocol=7 HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("asked");
        let mut head = vec![];
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("an answer");
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a limit");
        let socket = WebSocket::from_raw_socket(stream, Role::Client, None);
        let mut socket = Self { socket, id: String::new() };
        let hello = socket.hears("pusher:connection_established");
        let data: Value =
            serde_json::from_str(hello["data"].as_str().expect("a text")).expect("JSON");
        socket.id = data["socket_id"].as_str().expect("an id").to_owned();
        socket
    }

    /// Subscribes with what `/broadcasting/auth` has answered, and waits until it stands.
    pub fn subscribe(&mut self, channel: &str, signed: &Value) {
        let mut data = signed.clone();
        data["channel"] = json!(channel);
        let ask = json!({ "event": "pusher:subscribe", "data": data });
        self.socket.send(Message::text(ask.to_string())).expect("sent");
        self.hears("pusher_internal:subscription_succeeded");
    }

    /// Waits until this is said.
    #[track_caller]
    pub fn hears(&mut self, event: &str) -> Value {
        let start = Instant::now();
        let mut heard = vec![];
        while start.elapsed() < LONG {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let frame: Value = serde_json::from_str(&text).expect("JSON");
                    if frame["event"] == event {
                        return frame;
                    }
                    heard.push(frame);
                }
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("{event} was not heard, but {heard:?}, then {error}"),
            }
        }
        panic!("{event} was not heard, but {heard:?}");
    }
}
