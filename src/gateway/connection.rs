//! One connection, from its first word to its last: reads what the client says, and answers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::io::Interest;
use tokio::time::{Instant, sleep_until};

use super::Shared;
use super::channel::Who;
use super::client::{Client, Standing};
use super::limits::Bucket;
use super::pusher::{Asked, Code, Name, Subscribe, read, say, sign};
use super::websocket::{self, Message, Reader};
use crate::bus::server_of;

/// The longest message of a client, in bytes.
pub(super) const MESSAGE: usize = 32 * 1024;
/// The longest data of a client's own event, in bytes.
const CLIENT_EVENT: usize = 10 * 1024;
/// So many channels one client listens to.
const CHANNELS: usize = 200;
/// Read at once, in bytes.
const READ: usize = 16 * 1024;
/// After its last word, a client has so long to answer it.
const LAST_WORD: Duration = Duration::from_secs(3);

/// Serves a client until it goes, or is sent away.
pub(super) async fn serve(shared: Arc<Shared>, client: Arc<Client>, early: Bytes) {
    client.tell(&say::connection_established(client.id, shared.limits.activity_timeout));
    let mut connection = Connection {
        reader: Reader::new(MESSAGE),
        messages: Bucket::new(200, 50),
        events: Bucket::new(20, 10),
        shared,
        client,
    };
    connection.take(&early);
    connection.run().await;
    connection.leave();
}

struct Connection {
    shared: Arc<Shared>,
    client: Arc<Client>,
    reader: Reader,
    messages: Bucket,
    events: Bucket,
}

/// Whether there is more to come from the client.
#[derive(PartialEq, Eq)]
enum Line {
    Open,
    Gone,
}

impl Connection {
    async fn run(&mut self) {
        let mut until: Option<Instant> = None;
        loop {
            let interest = match self.client.flush() {
                Standing::Broken => return,
                Standing::Idle => Interest::READABLE,
                Standing::Writing => Interest::READABLE | Interest::WRITABLE,
                Standing::Ending { said } => {
                    until.get_or_insert_with(|| Instant::now() + LAST_WORD);
                    if said { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE }
                }
            };
            let ready = tokio::select! {
                ready = self.client.socket.ready(interest) => ready,
                () = self.client.wake.notified() => continue,
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => return,
            };
            match ready {
                Ok(ready) if ready.is_readable() || ready.is_read_closed() => {
                    if self.hear() == Line::Gone {
                        return;
                    }
                }
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }

    /// Reads what has come.
    fn hear(&mut self) -> Line {
        let mut buffer = [0; READ];
        match self.client.socket.try_read(&mut buffer) {
            Ok(0) => Line::Gone,
            Ok(length) => self.take(&buffer[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Line::Open,
            Err(_) => Line::Gone,
        }
    }

    fn take(&mut self, mut input: &[u8]) -> Line {
        self.client.heard_at(self.shared.now());
        loop {
            match self.reader.next(&mut input) {
                Ok(None) => return Line::Open,
                Ok(Some(Message::Close(_))) => {
                    self.client.close(1000, "");
                    let _ = self.client.flush();
                    return Line::Gone;
                }
                Ok(Some(message)) => self.answer(message),
                Err(violation) => {
                    self.client.close(violation.code, violation.reason);
                    let _ = self.client.flush();
                    return Line::Gone;
                }
            }
        }
    }

    fn answer(&mut self, message: Message) {
        self.shared.hub.metrics.received.inc();
        if !self.messages.take() {
            return self.client.end(Code::OverCapacity, "too many messages; come back in a while");
        }
        match message {
            Message::Text(text) => self.answer_text(&text),
            Message::Ping(payload) => self.client.send(&websocket::pong(&payload), None),
            Message::Pong(_) | Message::Close(_) => {}
            Message::Binary(_) => self.client.tell(&say::error(None, "messages are text")),
        }
    }

    fn answer_text(&mut self, text: &str) {
        match read(text) {
            Ok(Asked::Subscribe(subscribe)) => self.subscribe(subscribe),
            Ok(Asked::Unsubscribe { channel }) => {
                self.shared.hub.unsubscribe(&self.client, &channel)
            }
            Ok(Asked::Ping) => self.client.tell(&say::pong()),
            Ok(Asked::Pong) => {}
            Ok(Asked::Signin { auth, user_data }) => self.sign_in(&auth, &user_data),
            Ok(Asked::Client { event, channel, data }) => self.pass_on(&event, &channel, data),
            Err(bad) => self.client.tell(&say::error(None, &bad.to_string())),
        }
    }

    fn subscribe(&mut self, Subscribe { channel, auth, channel_data }: Subscribe) {
        let refuse = |kind, error: &str, status| {
            self.shared.hub.metrics.refused.inc();
            self.client.tell(&say::subscription_error(&channel, kind, error, status));
        };
        let Some(name) = Name::new(&channel) else {
            return refuse(
                "InvalidChannel",
                "a channel's name is 1 to 164 characters of A-Za-z0-9_-=@,.;",
                400,
            );
        };
        {
            let knows = self.client.knows();
            if knows.channels.iter().any(|known| known.name == name) {
                drop(knows);
                let already = format!("this connection listens to {name} already");
                return self.client.tell(&say::error(None, &already));
            }
            if knows.channels.len() >= CHANNELS {
                drop(knows);
                return refuse("LimitReached", "a connection listens to at most 200 channels", 429);
            }
        }
        let app = &self.client.app;
        let mut who = None;
        let mut member = None;
        if name.needs_auth() {
            let signed = auth.as_deref().is_some_and(|auth| {
                let data = channel_data.as_deref();
                sign::is_subscription(auth, &app.key, &app.secret, self.client.id, &name, data)
            });
            if !signed || !app.may_use(&name) {
                refuse(
                    "AuthError",
                    "the signature is not right for this connection and channel",
                    403,
                );
                return self.shared.limits.failed(&self.client);
            }
            let data = channel_data.as_deref().map(serde_json::from_str::<Value>);
            let data = data.and_then(Result::ok);
            if server_of(&name).is_some() {
                who = data.as_ref().and_then(named).map(Arc::new);
            }
            if name.is_presence() {
                member = data.as_ref().and_then(member_of);
                if member.is_none() {
                    return refuse(
                        "AuthError",
                        "a presence channel needs channel_data with a user_id of at most 128 \
                         characters and a user_info of at most 1 KB",
                        403,
                    );
                }
            }
        }
        self.shared.hub.subscribe(&self.client, name, who, member);
    }

    fn sign_in(&mut self, auth: &str, user_data: &str) {
        #[derive(Deserialize)]
        struct User {
            id: Value,
        }
        let app = &self.client.app;
        let signed = sign::is_signin(auth, &app.key, &app.secret, self.client.id, user_data);
        let user = serde_json::from_str::<User>(user_data).ok();
        let user_id = user.as_ref().and_then(|user| id_of(&user.id));
        let (true, Some(user_id)) = (signed, user_id) else {
            self.client.end(Code::Unauthorized, "the sign-in is not signed, or names no user");
            return self.shared.limits.failed(&self.client);
        };
        self.client.knows().user = Some(user_id.as_str().into());
        self.client.tell(&say::signin_success(user_data));
        self.shared.hub.subscribe(&self.client, Name::of_user(&user_id), None, None);
    }

    /// A client's own event, for the others of the channel.
    fn pass_on(&mut self, event: &str, channel: &str, data: &RawValue) {
        let refuse = |code, why: &str| self.client.tell(&say::error(code, why));
        let known = {
            let knows = self.client.knows();
            knows.channels.iter().find(|known| *known.name == *channel).cloned()
        };
        let Some(channel) = known else {
            return refuse(None, "client events need a channel that this connection listens to");
        };
        let name = &channel.name;
        if !self.client.app.client_events || !name.needs_auth() || name.is_encrypted() {
            return refuse(None, "client events are for private and presence channels");
        }
        // What pages are told of servers comes from the installation, never from another page.
        if channel.server_id.is_some() || name.starts_with("private-runs.") {
            return refuse(None, "client events are not for servers' channels");
        }
        if data.get().len() > CLIENT_EVENT {
            return refuse(None, "the data of a client event is at most 10 KB");
        }
        if !self.events.take() {
            return refuse(Some(Code::ClientEventRate), "at most 10 client events a second");
        }
        let user_id = channel.member(self.client.id);
        let text = serde_json::json!({
            "event": event, "data": data, "socket": self.client.id.to_string(), "user_id": user_id,
        });
        if !self.shared.say(name, text.to_string()) {
            refuse(None, "too much is being said; this client event was dropped");
        }
    }

    fn leave(&self) {
        let channels = std::mem::take(&mut self.client.knows().channels);
        for channel in channels {
            self.shared.hub.unsubscribe(&self.client, &channel.name);
        }
    }
}

/// Whom an authorization of ours names.
fn named(data: &Value) -> Option<Who> {
    let user_id = id_of(data.get("user_id")?)?;
    let session = data.get("session").and_then(Value::as_str).map(str::to_owned);
    Some(Who { user_id, session })
}

/// A member's id, and what is known of it as JSON.
fn member_of(data: &Value) -> Option<(String, String)> {
    let user_id = id_of(data.get("user_id")?)?;
    let info = data.get("user_info").unwrap_or(&Value::Null).to_string();
    (info.len() <= 1024).then_some((user_id, info))
}

/// An id, which Laravel writes as a number, and others as text.
fn id_of(id: &Value) -> Option<String> {
    let id = match id {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    (1..=128).contains(&id.len()).then_some(id)
}
