//! Who is in a presence channel, across gateways, as our own pattern has it: a hint that somebody
//! came or went, and everyone reads the whole anew. What clients were told is compared with it,
//! so that a lost hint, a killed gateway or a flushed Redis only delays the truth for seconds.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::channel::Channel;
use super::client::Client;
use super::control::Control;
use super::hub::Hub;
use super::pusher::{SocketId, presence, say};
use super::websocket;
use crate::bus::Members;

/// The members here are written again, and all read again, so often.
const AGAIN: Duration = Duration::from_secs(5);

/// What happens to a presence channel.
pub(super) enum Order {
    /// A client has subscribed.
    Join { client: Arc<Client>, user_id: String, info: String },
    /// A client has gone.
    Leave { client: SocketId },
    /// The bus hears the channel.
    Opened,
    /// Somebody came or went at another gateway.
    Look,
    /// Nobody here listens any more.
    End,
}

/// Keeps one channel's members, for as long as somebody here listens.
pub(super) struct Presence {
    hub: Arc<Hub>,
    channel: Arc<Channel>,
    open: bool,
    here: HashMap<SocketId, (String, String)>,
    waiting: Vec<Arc<Client>>,
    /// As clients were told.
    told: Members,
}

impl Presence {
    pub(super) fn start(
        hub: Arc<Hub>,
        channel: Arc<Channel>,
        mut orders: mpsc::UnboundedReceiver<Order>,
    ) {
        let mut presence = Self {
            hub,
            channel,
            open: false,
            here: HashMap::new(),
            waiting: Vec::new(),
            told: Members::new(),
        };
        tokio::spawn(async move {
            let mut again = Instant::now() + AGAIN;
            loop {
                tokio::select! {
                    order = orders.recv() => {
                        let before = presence.members_here();
                        let (mut next, mut ends) = (order, false);
                        while let Some(order) = next {
                            ends |= presence.note(order);
                            next = orders.try_recv().ok();
                        }
                        let has_changed = before != presence.members_here();
                        presence.renew(has_changed).await;
                        if ends {
                            return;
                        }
                    }
                    () = sleep_until(again) => {
                        again = Instant::now() + AGAIN;
                        presence.renew(false).await;
                    }
                }
            }
        });
    }

    /// Whether it was the last order.
    fn note(&mut self, order: Order) -> bool {
        match order {
            Order::Join { client, user_id, info } => {
                self.here.insert(client.id, (user_id, info));
                self.waiting.push(client);
            }
            Order::Leave { client } => {
                self.here.remove(&client);
                self.waiting.retain(|waiting| waiting.id != client);
            }
            Order::Opened => self.open = true,
            Order::Look => {}
            Order::End => return true,
        }
        false
    }

    fn members_here(&self) -> Members {
        self.here.values().cloned().collect()
    }

    /// Writes who is here, reads who is elsewhere, and tells the difference.
    async fn renew(&mut self, has_changed: bool) {
        let Hub { board, id, .. } = &*self.hub;
        let name = &self.channel.name;
        let mut members = self.members_here();
        let written = board.write_members(name.as_str(), id, &members).await;
        if has_changed && written.is_ok() {
            Control::Look { channel: name.to_string() }.tell(&self.hub).await;
        }
        match board.other_members(name.as_str(), id).await {
            Ok(others) => {
                for (user_id, info) in others {
                    members.entry(user_id).or_insert(info);
                }
            }
            // Who was elsewhere is, as far as we know, still there.
            Err(error) => {
                tracing::debug!("presence is not known: {error}");
                for (user_id, info) in &self.told {
                    members.entry(user_id.clone()).or_insert_with(|| info.clone());
                }
            }
        }
        for (user_id, info) in &members {
            if !self.told.contains_key(user_id) {
                let info = RawValue::from_string(info.clone()).ok();
                self.say(&say::member_added(name, user_id, info.as_deref())).await;
            }
        }
        for user_id in self.told.keys().filter(|user_id| !members.contains_key(*user_id)) {
            self.say(&say::member_removed(name, user_id)).await;
        }
        self.told = members;
        if self.open {
            self.welcome();
        }
    }

    async fn say(&self, text: &str) {
        self.channel.say(&websocket::text(text), None, false).await;
    }

    /// Tells those who wait who is there.
    fn welcome(&mut self) {
        let name = &self.channel.name;
        let infos = self.told.iter();
        let infos = infos.map(|(id, info)| (id.as_str(), serde_json::from_str(info).ok()));
        let text = say::subscription_succeeded(name, Some(&presence(infos)));
        for client in self.waiting.drain(..) {
            let mut audience = self.channel.audience();
            let Some(listener) = audience.listeners.get_mut(&client.id) else { continue };
            listener.told = true;
            client.tell(&text);
            drop(audience);
            if name.is_cache() {
                self.hub.tell_cached(name.clone(), client);
            }
        }
    }
}
