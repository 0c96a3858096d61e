//! Many WebSocket clients on one thread: epoll, one buffer for all, and as little reading of
//! what comes as can be, so that the crowd is not what is measured.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use memchr::memmem;
use rustix::event::{Timespec, epoll};
use rustix::net::sockopt::set_socket_linger;

/// Greeted at once; more would wait in the kernel's line for the server.
const WINDOW: usize = 64;
/// Nothing takes longer, unless it is broken.
pub const BROKEN: Duration = Duration::from_secs(60);

pub struct Crowd {
    epoll: OwnedFd,
    clients: Vec<Client>,
    buffer: Vec<u8>,
    events: Vec<epoll::Event>,
}

struct Client {
    socket: TcpStream,
    /// Bytes of a frame that has not come whole.
    rest: Vec<u8>,
    is_open: bool,
}

impl Crowd {
    /// Nobody yet.
    pub fn new() -> Result<Self> {
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            clients: Vec::new(),
            buffer: vec![0; 256 * 1024],
            events: Vec::with_capacity(512),
        })
    }

    /// Connects so many more, and gives their socket ids and how long it took until the last was
    /// greeted.
    pub fn connect(
        &mut self,
        count: usize,
        address: SocketAddr,
        key: &str,
    ) -> Result<(Vec<String>, Duration)> {
        let request = format!(
            "GET /app/{key}?protocol=7 HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let first = self.clients.len();
        let mut ids = vec![String::new(); count];
        let mut greeted = 0;
        let begin = Instant::now();
        while greeted < count {
            while self.clients.len() < (first + greeted + WINDOW).min(first + count) {
                self.add(address, &request)?;
            }
            self.hear(Duration::from_secs(1), |client, text| {
                if memmem::find(text, b"connection_established").is_some() {
                    ids[client - first] = socket_id(text).unwrap_or_default();
                    greeted += 1;
                }
            })?;
            ensure!(begin.elapsed() < BROKEN, "only {greeted} of {count} were greeted");
        }
        Ok((ids, begin.elapsed()))
    }

    fn add(&mut self, address: SocketAddr, request: &str) -> Result<()> {
        let mut socket = TcpStream::connect(address).context("connecting")?;
        socket.set_nodelay(true)?;
        // Gone without a trace: ports must not run out in the rounds to come.
        set_socket_linger(&socket, Some(Duration::ZERO))?;
        socket.write_all(request.as_bytes())?;
        socket.set_nonblocking(true)?;
        let data = epoll::EventData::new_u64(self.clients.len() as u64);
        epoll::add(&self.epoll, &socket, data, epoll::EventFlags::IN)?;
        self.clients.push(Client { socket, rest: Vec::new(), is_open: false });
        Ok(())
    }

    /// Subscribes each client to what `channel` says of its number, and waits until all are told
    /// that it worked.
    pub fn subscribe(&mut self, ask: impl Fn(usize) -> String) -> Result<()> {
        let (count, begin) = (self.clients.len(), Instant::now());
        let (mut asked, mut told) = (0, 0);
        while told < count {
            while asked < count.min(told + 500) {
                self.say(asked, &ask(asked))?;
                asked += 1;
            }
            let mut refused = None;
            self.hear(Duration::from_secs(1), |_, text| {
                if memmem::find(text, b"subscription_succeeded").is_some() {
                    told += 1;
                } else if memmem::find(text, b"rror\"").is_some() {
                    refused = Some(String::from_utf8_lossy(text).into_owned());
                }
            })?;
            if let Some(refused) = refused {
                bail!("a subscription was refused: {refused}");
            }
            ensure!(begin.elapsed() < BROKEN, "only {told} of {count} are subscribed");
        }
        Ok(())
    }

    /// Hears, and heeds nothing, for so long.
    pub fn idle(&mut self, time: Duration) -> Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < time {
            self.hear(Duration::from_millis(100), |_, _| {})?;
        }
        Ok(())
    }

    /// Sends a text, with a mask that changes nothing.
    fn say(&mut self, client: usize, text: &str) -> Result<()> {
        let length = u16::try_from(text.len())?;
        let mut frame = vec![0x81];
        if length < 126 {
            frame.push(0x80 | length as u8);
        } else {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.clients[client].socket.write_all(&frame).context("the server does not read")
    }

    /// Waits for something to come, at most so long, and hands out each text of it.
    pub fn hear(&mut self, limit: Duration, mut each: impl FnMut(usize, &[u8])) -> Result<()> {
        let limit = Timespec::try_from(limit)?;
        let Self { epoll, clients, buffer, events } = self;
        events.clear();
        match epoll::wait(&*epoll, rustix::buffer::spare_capacity(events), Some(&limit)) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        for event in events.iter() {
            let number = event.data.u64() as usize;
            clients[number].hear(buffer, |text| each(number, text))?;
        }
        Ok(())
    }
}

impl Client {
    fn hear(&mut self, buffer: &mut [u8], mut each: impl FnMut(&[u8])) -> Result<()> {
        let kept = self.rest.len();
        buffer[..kept].copy_from_slice(&self.rest);
        let length = match self.socket.read(&mut buffer[kept..]) {
            Ok(0) => bail!("the server closed a connection"),
            Ok(length) => kept + length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error).context("reading"),
        };
        let mut input = &buffer[..length];
        if !self.is_open {
            let Some(end) = memmem::find(input, b"\r\n\r\n") else { return self.keep(input) };
            ensure!(input.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(input));
            self.is_open = true;
            input = &input[end + 4..];
        }
        while let Some((kind, payload, size)) = frame(input) {
            match kind {
                1 => each(payload),
                9 => self.pong(payload)?,
                8 => bail!("the server closed: {}", String::from_utf8_lossy(payload)),
                _ => {}
            }
            if kind == 1 && memmem::find(payload, b"\"pusher:ping\"").is_some() {
                self.pong(payload)?;
            }
            input = &input[size..];
        }
        self.keep(input)
    }

    fn keep(&mut self, rest: &[u8]) -> Result<()> {
        self.rest.clear();
        self.rest.extend_from_slice(rest);
        Ok(())
    }

    /// An unasked pong is a sign of life, too, by both ways to ask for one.
    fn pong(&mut self, payload: &[u8]) -> io::Result<()> {
        let length = payload.len().min(125);
        let head = [0x8a, 0x80 | length as u8, 0, 0, 0, 0];
        self.socket.write_all(&[&head, &payload[..length]].concat())
    }
}

/// The first frame, if all of it is there: its kind, its payload, and its size.
fn frame(input: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (&kind, &length) = (input.first()?, input.get(1)?);
    let (head, length) = match length {
        126 => (4, usize::from(u16::from_be_bytes(input.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(input.get(2..10)?.try_into().ok()?) as usize),
        length => (2, usize::from(length)),
    };
    Some((kind & 15, input.get(head..head + length)?, head + length))
}

/// What a greeting says. Its data is a text that holds JSON.
fn socket_id(greeting: &[u8]) -> Option<String> {
    let greeting: serde_json::Value = serde_json::from_slice(greeting).ok()?;
    let data: serde_json::Value = serde_json::from_str(greeting["data"].as_str()?).ok()?;
    Some(data["socket_id"].as_str()?.to_owned())
}
