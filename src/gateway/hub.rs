//! Who listens to what. Subscribes at the bus to what somebody here listens to, and to nothing
//! else; says that a subscription stands only when the bus has said so; and has every page
//! fetch when something may have been missed (promise 7).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::channel::{Channel, Listener, Notice, Who};
use super::client::Client;
use super::control::Counts;
use super::metrics::Metrics;
use super::presence::{Order, Presence};
use super::pusher::{Name, SocketId, content, say};
use super::websocket;
use crate::bus::{
    Board, Bus, EVENT, OUTPUT_EVENT, RunOutput, Subscriptions, committed_at, fetch, server_of,
};
use crate::model::Subject;

/// When the bus was away, pages are told within this time, in so many parts.
const SPREAD: (Duration, u32) = (Duration::from_millis(1500), 100);

/// What all connections share.
pub(super) struct Hub {
    channels: Mutex<HashMap<Name, Arc<Channel>>>,
    tickets: AtomicU64,
    pub(super) subscriptions: Subscriptions,
    pub(super) bus: Bus,
    pub(super) board: Board,
    clients: Mutex<HashMap<SocketId, Arc<Client>>>,
    /// This gateway, among others.
    pub(super) id: String,
    moment: Duration,
    pub(super) metrics: Arc<Metrics>,
    /// Asks where the output of runs ends, for those who listen to it.
    ends: mpsc::UnboundedSender<String>,
    /// Has the pages fetch, after the bus was away.
    refetching: Mutex<Option<JoinHandle<()>>>,
}

/// What is said on the bus: Laravel's format, and the member that a client's event is from.
#[derive(Deserialize)]
pub(super) struct Broadcast<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(default, borrow)]
    socket: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    user_id: Option<Cow<'a, str>>,
}

impl Hub {
    pub(super) fn new(
        id: String,
        bus: Bus,
        subscriptions: Subscriptions,
        ends: mpsc::UnboundedSender<String>,
        moment: Duration,
        metrics: Arc<Metrics>,
    ) -> Self {
        let board = bus.board();
        Self {
            channels: Mutex::default(),
            clients: Mutex::default(),
            tickets: AtomicU64::new(1),
            subscriptions,
            bus,
            board,
            id,
            moment,
            metrics,
            ends,
            refetching: Mutex::default(),
        }
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<Name, Arc<Channel>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client is connected.
    pub(super) fn arrived(&self, client: &Arc<Client>) {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.insert(client.id, client.clone());
        self.metrics.connections.inc();
    }

    /// A client is gone.
    pub(super) fn left(&self, client: &Client) {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.remove(&client.id);
        self.metrics.connections.dec();
    }

    /// All clients that are connected.
    pub(super) fn clients(&self) -> Vec<Arc<Client>> {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.values().cloned().collect()
    }

    /// How many clients listen to each channel here.
    pub(super) fn counts(&self) -> Counts {
        let channels = self.channels();
        let counts = channels
            .values()
            .map(|channel| (channel.name.to_string(), channel.audience().listeners.len() as u64));
        counts.collect()
    }

    /// All channels that somebody here listens to.
    pub(super) fn all(&self) -> Vec<Arc<Channel>> {
        self.channels().values().cloned().collect()
    }

    /// The channel, if somebody here listens to it.
    pub(super) fn get(&self, name: &str) -> Option<Arc<Channel>> {
        self.channels().get(name).cloned()
    }

    /// Adds a listener. It is told that the subscription stands when the bus has said so.
    pub(super) fn subscribe(
        self: &Arc<Self>,
        client: &Arc<Client>,
        name: Name,
        who: Option<Arc<Who>>,
        member: Option<(String, String)>,
    ) {
        let user_id = member.as_ref().map(|(user_id, _)| user_id.clone());
        let listener = Listener { client: client.clone(), user: who, member: user_id, told: false };
        let (channel, is_open) = {
            let mut channels = self.channels();
            let channel = match channels.get(&name) {
                Some(channel) => channel.clone(),
                None => {
                    let channel = self.open(name.clone());
                    channels.insert(name, channel.clone());
                    self.metrics.channels.inc();
                    channel
                }
            };
            let mut audience = channel.audience();
            audience.listeners.insert(client.id, listener);
            let is_open = audience.open;
            drop(audience);
            (channel, is_open)
        };
        self.metrics.subscriptions.inc();
        client.knows().channels.push(channel.clone());
        if let (Some(presence), Some((user_id, info))) = (&channel.presence, member) {
            // It tells the client, with the list of members.
            let _ = presence.send(Order::Join { client: client.clone(), user_id, info });
        } else if is_open {
            self.tell(&channel, client.id);
        }
    }

    /// A channel that nobody listened to yet.
    fn open(self: &Arc<Self>, name: Name) -> Arc<Channel> {
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        self.subscriptions.subscribe(name.as_str(), ticket);
        if !name.is_presence() {
            return Arc::new(Channel::new(name, ticket, None));
        }
        let (orders, taken) = mpsc::unbounded_channel();
        let channel = Arc::new(Channel::new(name, ticket, Some(orders)));
        Presence::start(self.clone(), channel.clone(), taken);
        channel
    }

    /// Removes a listener. The last one takes the channel along.
    pub(super) fn unsubscribe(&self, client: &Client, name: &str) {
        client.knows().channels.retain(|channel| channel.name.as_str() != name);
        let mut channels = self.channels();
        let Some(channel) = channels.get(name).cloned() else { return };
        let mut audience = channel.audience();
        if audience.listeners.remove(&client.id).is_none() {
            return;
        }
        self.metrics.subscriptions.dec();
        let is_empty = audience.listeners.is_empty();
        drop(audience);
        if let Some(presence) = &channel.presence {
            let _ = presence.send(Order::Leave { client: client.id });
        }
        if is_empty {
            channels.remove(name);
            self.metrics.channels.dec();
            self.subscriptions.unsubscribe(name);
            if let Some(presence) = &channel.presence {
                let _ = presence.send(Order::End);
            }
        }
    }

    /// The bus hears the channel from now on: so do those who wait for it.
    pub(super) fn opened(&self, name: &str, ticket: u64) {
        let Some(channel) = self.get(name).filter(|channel| channel.ticket == ticket) else {
            return;
        };
        let waiting: Vec<_> = {
            let mut audience = channel.audience();
            audience.open = true;
            audience.listeners.keys().copied().collect()
        };
        match &channel.presence {
            Some(presence) => drop(presence.send(Order::Opened)),
            None => waiting.into_iter().for_each(|client| self.tell(&channel, client)),
        }
    }

    /// Tells a listener that its subscription stands, and what follows from that.
    fn tell(&self, channel: &Channel, client: SocketId) {
        let (cached, listener) = {
            let mut audience = channel.audience();
            let Some(listener) = audience.listeners.get_mut(&client) else { return };
            if std::mem::replace(&mut listener.told, true) {
                return;
            }
            // Within the lock: what is said on the channel comes behind it.
            listener.client.tell(&say::subscription_succeeded(&channel.name, None));
            if let Some(server_id) = channel.server_id {
                // Whatever happened since the page was made: it fetches.
                listener.client.send(&notification(&channel.name, server_id), Some(&channel.name));
            }
            (channel.name.is_cache(), listener.client.clone())
        };
        self.ask_for_end(channel);
        if cached {
            self.tell_cached(channel.name.clone(), listener);
        }
    }

    /// Tells a client the last event of a cache channel, or that there is none.
    pub(super) fn tell_cached(&self, name: Name, client: Arc<Client>) {
        let board = self.board.clone();
        tokio::spawn(async move {
            let kept = board.kept(name.as_str()).await.unwrap_or(None);
            let event = kept.as_deref().and_then(|text| Broadcast::read(text)?.event(&name));
            client.tell(&event.unwrap_or_else(|| say::cache_miss(&name)));
        });
    }

    /// Passes on what was said on the bus.
    pub(super) async fn deliver(&self, name: &str, text: &str) {
        let Some(channel) = self.get(name) else { return };
        let Some(broadcast) = Broadcast::read(text) else {
            tracing::debug!(channel = name, "what was published there is not in Laravel's format");
            return;
        };
        let Some(event) = broadcast.event(&channel.name) else { return };
        let frame = websocket::text(&event);
        if channel.server_id.is_some() && broadcast.event == EVENT {
            let committed = committed_at(broadcast.data.get());
            return channel.notify(Notice { frame, committed }, self.moment, &self.metrics).await;
        }
        if channel.name.is_cache() && !broadcast.event.starts_with("client-") {
            let _ = self.board.keep(name, text).await;
        }
        let but = broadcast.socket.as_deref().and_then(|socket| socket.parse().ok());
        // Of output, too, a slow client gets the latest: it sees the gap, and fetches.
        channel.say(&frame, but, channel.is_output()).await;
    }

    /// Tells who listens here what a run wrote.
    pub(super) async fn tell_output(&self, output: &RunOutput) {
        let Some(channel) = self.get(&output.channel()) else { return };
        let event = say::event(&channel.name, OUTPUT_EVENT, &output.data(), None);
        channel.say(&websocket::text(&event), None, true).await;
    }

    /// Has who listens to a run's output be told where that ends by now.
    fn ask_for_end(&self, channel: &Channel) {
        if let Some(Subject::Run(run)) = &channel.subject {
            let _ = self.ends.send(run.clone());
        }
    }

    /// Says some things, each on its channel, to the clients of all gateways. `false`: the bus
    /// is away.
    pub(super) async fn publish(&self, messages: &[(String, String)]) -> bool {
        for (name, text) in messages {
            // Nobody may listen to the channel, and then no gateway hears what it is to keep.
            self.keep(name, text).await;
            if !self.bus.is_shared() {
                self.deliver(name, text).await;
            }
        }
        match self.bus.publish_all(messages).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!("not published: {:#}", anyhow::Error::new(error));
                false
            }
        }
    }

    async fn keep(&self, name: &str, text: &str) {
        let is_cache = name.starts_with("cache-") || name.contains("-cache-");
        if is_cache {
            let _ = self.board.keep(name, text).await;
        }
    }

    /// Has every page fetch, over a second or two: anything may have been missed.
    pub(super) fn refetch(self: &Arc<Self>) {
        let hub = self.clone();
        let task = tokio::spawn(async move {
            let mut pages = Vec::new();
            for channel in hub.all() {
                hub.ask_for_end(&channel);
                let Some(server_id) = channel.server_id else { continue };
                let frame = notification(&channel.name, server_id);
                let audience = channel.audience();
                for listener in audience.listeners.values().filter(|listener| listener.told) {
                    pages.push((listener.client.clone(), channel.name.clone(), frame.clone()));
                }
            }
            // Parts of one channel go to different moments: those pages fetch the same thing.
            pages.sort_by_key(|(client, ..)| client.id);
            let part = pages.len().div_ceil(SPREAD.1 as usize).max(1);
            for pages in pages.chunks(part) {
                for (client, channel, frame) in pages {
                    client.send(frame, Some(channel));
                }
                sleep(SPREAD.0 / SPREAD.1).await;
            }
        });
        let mut refetching = self.refetching.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = refetching.replace(task) {
            before.abort();
        }
    }
}

impl<'a> Broadcast<'a> {
    fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The text that clients of the channel are told.
    fn event(&self, channel: &Name) -> Option<String> {
        let data = content(self.data).ok()?;
        Some(say::event(channel, &self.event, &data, self.user_id.as_deref()))
    }
}

fn notification(channel: &Name, server_id: i64) -> bytes::Bytes {
    debug_assert_eq!(server_of(channel.as_str()), Some(server_id));
    let data = fetch(server_id, Timestamp::now());
    websocket::text(&say::event(channel, EVENT, &data, None))
}
