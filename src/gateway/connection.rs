//! One connection, from its first word to its last: reads what the client says, and answers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::io::Interest;
use tokio::time::{Instant, sleep_until};

use super::channel::Who;
use super::client::{Client, Standing};
use super::limits::Bucket;
use super::pusher::{Asked, BadName, Code, Kind, Member, Name, read, say, sign, user_id};
use super::websocket::{self, Message, Reader};
use super::{App, Shared};
use crate::bus::subject_of;

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
    client.tell(&say::connection_established(&client.id, shared.limits.activity_timeout));
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
            Ok(Asked::Subscribe { channel, auth, channel_data }) => {
                self.subscribe(&channel, auth.as_deref(), channel_data.as_deref());
            }
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

    fn subscribe(&self, channel: &str, auth: Option<&str>, channel_data: Option<&str>) {
        let refuse = |kind, error: &str, status| {
            self.shared.hub.metrics.refused.inc();
            self.client.tell(&say::subscription_error(channel, kind, error, status));
        };
        let user = self.client.knows().user.clone();
        let own = user.and_then(|user| Name::of_user(&user).ok());
        let name =
            match own.filter(|own| own.as_str() == channel).map_or_else(|| channel.parse(), Ok) {
                Ok(name) => name,
                Err(bad) => return refuse("InvalidChannel", &BadName::to_string(&bad), 400),
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
            let signed = auth.is_some_and(|auth| {
                let App { key, secret, .. } = &**app;
                sign::check_subscription(key, secret, &self.client.id, &name, channel_data, auth)
            });
            if !signed || !app.may_use(channel) {
                let error = "the signature is not right for this connection and channel";
                refuse("AuthError", error, 403);
                return self.shared.limits.failed(&self.client);
            }
            if subject_of(channel).is_some() {
                who = channel_data.and_then(Who::read).map(Arc::new);
            }
            if name.is_presence() {
                member = match member_of(channel_data.unwrap_or_default()) {
                    Ok(member) => Some(member),
                    Err(why) => return refuse("AuthError", &why, 403),
                };
            }
        }
        self.shared.hub.subscribe(&self.client, name, who, member);
    }

    fn sign_in(&mut self, auth: &str, user_data: &str) {
        let App { key, secret, .. } = &*self.client.app;
        let signed = sign::check_signin(key, secret, &self.client.id, user_data, auth);
        let user = user_id(user_data).ok().filter(|_| signed);
        let user = user.filter(|user| Name::of_user(user).is_ok());
        let Some(user) = user else {
            self.client.end(Code::Unauthorized, "the sign-in is not signed, or names no user");
            return self.shared.limits.failed(&self.client);
        };
        {
            let mut knows = self.client.knows();
            if knows.user.is_some() {
                drop(knows);
                return self.client.tell(&say::error(None, "this connection is signed in already"));
            }
            // From now on it may ask for the user's own channel, as pusher-js does at once.
            knows.user = Some(user.into());
        }
        self.client.tell(&say::signin_success(user_data));
    }

    /// A client's own event, for the others of the channel.
    fn pass_on(&mut self, event: &str, channel: &str, data: &RawValue) {
        let refuse = |code, why: &str| self.client.tell(&say::error(code, why));
        let known = {
            let knows = self.client.knows();
            knows.channels.iter().find(|known| known.name.as_str() == channel).cloned()
        };
        let Some(channel) = known else {
            return refuse(None, "client events need a channel that this connection listens to");
        };
        let name = &channel.name;
        if !self.client.app.client_events || !name.needs_auth() || name.kind() == Kind::Encrypted {
            return refuse(None, "client events are for private and presence channels");
        }
        // What pages are told of servers comes from the installation, never from another page.
        if channel.server_id.is_some() || name.as_str().starts_with("private-runs.") {
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
        if !self.shared.say(name.as_str(), text.to_string()) {
            refuse(None, "too much is being said; this client event was dropped");
        }
    }

    fn leave(&self) {
        let channels = std::mem::take(&mut self.client.knows().channels);
        for channel in channels {
            self.shared.hub.unsubscribe(&self.client, channel.name.as_str());
        }
    }
}

/// A member's id, and what is known of it as JSON.
fn member_of(channel_data: &str) -> Result<(String, String), String> {
    let Member { user_id, user_info } =
        Member::read(channel_data).map_err(|nobody| nobody.to_string())?;
    let info = user_info.map_or_else(|| "null".to_owned(), |info| info.get().to_owned());
    if user_id.len() > 128 || info.len() > 1024 {
        return Err("a user_id has at most 128 characters, a user_info at most 1 KB".to_owned());
    }
    Ok((user_id, info))
}
