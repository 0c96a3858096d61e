//! What operators see of a gateway: the code that its clients are sent away with, and what it
//! counts.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use groundcrew::gateway::pusher::{Name, SocketId, sign};
use rustix::process::Signal;
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, client};

use crate::lab::LONG;
use crate::redis::free_port;
use crate::world::World;

/// A page of server 1, frame by frame.
struct Page(WebSocket<TcpStream>);

impl Page {
    /// Subscribed, and told to fetch once.
    fn open(world: &World) -> Self {
        let port = world.gateways[0].port;
        let socket = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        socket.set_read_timeout(Some(LONG)).expect("a socket");
        let url = format!("ws://127.0.0.1:{port}/app/key-of-the-tests?protocol=7");
        let mut page = Self(client(url, socket).expect("a handshake").0);
        let greeting = page.hears("pusher:connection_established");
        let greeting: Value =
            serde_json::from_str(greeting["data"].as_str().expect("a text")).expect("JSON");
        let id: SocketId = greeting["socket_id"].as_str().expect("an id").parse().expect("an id");
        let channel: Name = "private-servers.1.provision".parse().expect("a name");
        let (key, secret) = ("key-of-the-tests", "secret-of-the-tests");
        let data = json!({ "user_id": "1", "session": "test" }).to_string();
        let auth = sign::subscription(key, secret, &id, &channel, Some(&data));
        let asked = json!({ "event": "pusher:subscribe",
            "data": { "channel": channel.as_str(), "auth": auth, "channel_data": data } });
        page.0.send(Message::text(asked.to_string())).expect("it listens");
        page.hears(r"App\Events\ServerProvisionUpdated");
        page
    }

    /// The next message of this event.
    fn hears(&mut self, event: &str) -> Value {
        loop {
            let Message::Text(text) = self.0.read().expect("a message") else { continue };
            let message: Value = serde_json::from_str(text.as_str()).expect("JSON");
            if message["event"] == event {
                return message;
            }
        }
    }

    /// The code that it is closed with.
    fn code(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.0.read().expect("a last word") {
                return frame.expect("with a code").code.into();
            }
        }
    }
}

/// Promise 7: who is sent away comes back at once, which pusher-js does for 4200 to 4299.
#[test]
fn a_gateway_that_leaves_says_come_back_at_once() {
    let mut world = World::set(1, &[("GROUNDCREW_DRAIN", "0")]);
    let mut page = Page::open(&world);
    world.gateways[0].process.signal(Signal::TERM);
    assert_eq!(page.code(), 4200);
    world.gateways[0].process.ended();
}

/// Also how long a change was on its way, from its commit on.
#[test]
fn what_it_does_is_counted() {
    let address = format!("127.0.0.1:{}", free_port());
    let mut world = World::set(1, &[("GROUNDCREW_METRICS_LISTEN", &address)]);
    let mut page = Page::open(&world);
    // The first change of ten is server 1's.
    world.changes.go_on(Duration::from_secs(1));
    page.hears(r"App\Events\ServerProvisionUpdated");

    // It is counted when the last client was told, which this one was before.
    crate::lab::wait_until("the change is counted", || {
        counted(&address, "commit_to_socket_seconds_count") >= 1.0
    });
    let (count, sum) = (
        counted(&address, "commit_to_socket_seconds_count"),
        counted(&address, "commit_to_socket_seconds_sum"),
    );
    assert!(sum / count < LONG.as_secs_f64(), "{sum} s in {count} changes");
    assert_eq!(counted(&address, "connections"), 1.0);
    assert_eq!(counted(&address, "channels"), 1.0);
    assert_eq!(counted(&address, "subscriptions"), 1.0);
    assert!(counted(&address, "messages_received_total") >= 1.0);
    assert!(counted(&address, "messages_sent_total") >= 4.0);
    assert_eq!(counted(&address, "refused_total"), 0.0);
}

/// What Prometheus reads of this name.
fn counted(address: &str, name: &str) -> f64 {
    let mut socket = TcpStream::connect(address).expect("it listens");
    let request = "GET /metrics HTTP/1.1\r\nHost: metrics\r\nConnection: close\r\n\r\n";
    socket.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("text");
    let name = format!("groundcrew_gateway_{name} ");
    let line = answer.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("no {name}in {answer}")).trim().parse().expect("a number")
}
