//! Publishes by Pusher's HTTP API, on one connection that is kept open. Of a server that closes it
//! after each answer, as Sockudo does, the next one is opened ahead.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::contender::{APP, KEY, SECRET};

pub struct Publisher {
    address: SocketAddr,
    socket: BufReader<TcpStream>,
}

impl Publisher {
    pub fn connect(address: SocketAddr) -> Result<Self> {
        Ok(Self { address, socket: open(address)? })
    }

    /// One event on one channel. Returns when it was accepted.
    pub fn event(&mut self, channel: &str, data: &str) -> Result<()> {
        self.post("events", &json!({ "name": "tick", "channels": [channel], "data": data }))
    }

    /// An event on each of some channels, as a batch.
    pub fn batch(&mut self, channels: &[String], data: &str) -> Result<()> {
        let event = |channel: &String| json!({ "name": "tick", "channel": channel, "data": data });
        self.post(
            "batch_events",
            &json!({ "batch": channels.iter().map(event).collect::<Vec<_>>() }),
        )
    }

    fn post(&mut self, what: &str, body: &Value) -> Result<()> {
        let (path, body) = (format!("/apps/{APP}/{what}"), body.to_string());
        let time = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let md5 = hex::encode(Md5::digest(&body));
        let query = format!("auth_key={KEY}&auth_timestamp={time}&auth_version=1.0&body_md5={md5}");
        let signature = sign(&format!("POST\n{path}\n{query}"));
        let request = format!(
            "POST {path}?{query}&auth_signature={signature} HTTP/1.1\r\nHost: localhost\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.socket.get_mut().write_all(request.as_bytes())?;
        self.accepted()
    }

    fn accepted(&mut self) -> Result<()> {
        let mut head = String::new();
        let (mut length, mut closes) = (None, false);
        loop {
            let line = head.len();
            ensure!(self.socket.read_line(&mut head)? > 0, "the server closed: {head}");
            let line = head[line..].to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = Some(value.trim().parse()?);
            }
            closes |= line.starts_with("connection:") && line.contains("close");
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length.context("an answer says how long it is")?];
        self.socket.read_exact(&mut body)?;
        let is_ok = head.starts_with("HTTP/1.1 200");
        ensure!(is_ok, "{head}{}", String::from_utf8_lossy(&body));
        if closes {
            self.socket = open(self.address)?;
        }
        Ok(())
    }
}

fn open(address: SocketAddr) -> Result<BufReader<TcpStream>> {
    let socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    Ok(BufReader::new(socket))
}

/// The application's signature of a text.
pub fn sign(text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length will do");
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
