//! What is said on many channels, chosen and changed as it goes on, over one connection: what a
//! gateway fans out. It says itself when there may be a gap.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fred::clients::Client;
use fred::interfaces::{ClientLike, EventInterface, PubsubInterface};
use fred::types::{Message, Value};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::connection::{Address, Connection, again};
use super::error::BusError;
use super::memory::Memory;
use super::notification::{Channels, channel_of, message, output_message};
use super::redis::now_or_never;

/// So many messages wait for a gateway that is slow; then it was away.
const CAPACITY: usize = 16_384;
/// So many channels are asked for in one command.
const BATCH: usize = 1000;
/// So much is heard ahead of who listens.
const AHEAD: usize = 64;
/// How often the way through Redis and back is tried, and how long it may take.
const BEAT: Duration = Duration::from_secs(2);

/// Chooses what a [`Feed`] hears. Clones are the same.
#[derive(Clone)]
pub struct Subscriptions(mpsc::UnboundedSender<Order>);

enum Order {
    Subscribe { channel: String, ticket: u64 },
    Unsubscribe { channel: String },
}

/// What is said on the channels. It ends with us.
pub struct Feed(mpsc::Receiver<News>);

/// What a feed hears.
#[derive(Debug)]
pub enum News {
    /// Something was said.
    Message {
        /// The channel's name, without the prefix.
        channel: String,
        /// As it was published, in Laravel's format if it is one of ours.
        text: String,
    },
    /// From here on, what is said on the channel is heard.
    Subscribed {
        /// The channel's name, without the prefix.
        channel: String,
        /// Of the [`Subscriptions::subscribe`] that is answered.
        ticket: u64,
    },
    /// A message of our own has come back, after so long.
    Beat(Duration),
    /// Anything may have been said meanwhile. From here on everything is heard again.
    Away,
}

impl Subscriptions {
    /// Wants to hear a channel. Answered by [`News::Subscribed`] with this ticket, as soon as
    /// Redis has said so; never, if it is unsubscribed before.
    pub fn subscribe(&self, channel: &str, ticket: u64) {
        // Nobody takes orders any more: nobody hears either.
        let _ = self.0.send(Order::Subscribe { channel: channel.to_owned(), ticket });
    }

    /// Does not want to hear it any more.
    pub fn unsubscribe(&self, channel: &str) {
        let _ = self.0.send(Order::Unsubscribe { channel: channel.to_owned() });
    }
}

impl Feed {
    pub(super) fn memory(bus: Memory) -> (Subscriptions, Self) {
        let (orders, mut taken) = mpsc::unbounded_channel();
        let (sender, heard) = mpsc::channel(1);
        let (mut changes, mut output) = (bus.changes(), bus.output());
        tokio::spawn(async move {
            let _bus = bus;
            loop {
                let news = tokio::select! {
                    biased;
                    order = taken.recv() => match order {
                        Some(Order::Subscribe { channel, ticket }) => News::Subscribed { channel, ticket },
                        Some(Order::Unsubscribe { .. }) => continue,
                        None => return,
                    },
                    changed = changes.recv() => match changed {
                        Ok(changed) => News::Message {
                            channel: channel_of(changed.server_id),
                            text: message(&changed),
                        },
                        Err(RecvError::Lagged(_)) => News::Away,
                        Err(RecvError::Closed) => return,
                    },
                    output = output.recv() => match output {
                        Ok(output) => News::Message {
                            channel: output.channel(),
                            text: output_message(&output),
                        },
                        Err(RecvError::Lagged(_)) => News::Away,
                        Err(RecvError::Closed) => return,
                    },
                };
                if sender.send(news).await.is_err() {
                    return;
                }
            }
        });
        (Subscriptions(orders), Self(heard))
    }

    pub(super) async fn redis(
        address: Address,
        channels: Channels,
        publisher: Arc<Connection>,
    ) -> Result<(Subscriptions, Self), BusError> {
        let (orders, taken) = mpsc::unbounded_channel();
        let (sender, heard) = mpsc::channel(AHEAD);
        let beat = format!("gateway:beat:{}", Uuid::new_v4());
        let mut follower =
            Follower { address, channels, publisher, beat, wanted: HashMap::new(), taken, sender };
        let open = follower.open().await?;
        tokio::spawn(async move { follower.follow(open).await });
        Ok((Subscriptions(orders), Self(heard)))
    }

    /// The next that is heard; `None` when nothing will be any more. Nothing is lost if this is
    /// dropped before it is ready.
    pub async fn next(&mut self) -> Option<News> {
        self.0.recv().await
    }
}

/// Whoever heard us is gone.
struct Gone;

struct Follower {
    address: Address,
    channels: Channels,
    publisher: Arc<Connection>,
    /// The channel of our own beat.
    beat: String,
    /// The channels, without prefix, and the ticket of those that are not answered yet.
    wanted: HashMap<String, Option<u64>>,
    taken: mpsc::UnboundedReceiver<Order>,
    sender: mpsc::Sender<News>,
}

struct Open {
    connection: Connection,
    messages: broadcast::Receiver<Message>,
}

impl Follower {
    /// A connection that hears all that is wanted.
    async fn open(&self) -> Result<Open, BusError> {
        let connection = self.address.connect(None, CAPACITY).await?;
        let messages = connection.client.message_rx();
        let open = Open { connection, messages };
        let mut names: Vec<_> = self.wanted.keys().map(|name| self.channels.named(name)).collect();
        names.push(self.channels.named(&self.beat));
        self.subscribe(&open.connection.client, names).await?;
        Ok(open)
    }

    async fn subscribe(&self, client: &Client, names: Vec<String>) -> Result<(), BusError> {
        if names.is_empty() {
            return Ok(());
        }
        let subscribed = async {
            for names in names.chunks(BATCH) {
                client.subscribe(names.to_vec()).await?;
            }
            // fred does not wait for the answer to a subscription. Redis answers in order.
            client.ping::<Value>(None).await
        };
        subscribed.await.map(drop).map_err(|error| self.address.error(error))
    }

    async fn follow(&mut self, mut open: Open) {
        loop {
            if self.listen(&mut open).await.is_err() {
                return;
            }
            open = again(|| self.open()).await;
            // In this order: who waits for a subscription is not told to fetch twice.
            if self.say(News::Away).await.is_err() || self.answer().await.is_err() {
                return;
            }
        }
    }

    /// Passes on what is heard, for as long as the connection lives.
    async fn listen(&mut self, open: &mut Open) -> Result<(), Gone> {
        let client = open.connection.client.clone();
        let Open { connection, messages } = open;
        let (heard, hearing) = watch::channel(0);
        let start = Instant::now();
        let own = self.channels.named(&self.beat);
        let dead = silent(self.publisher.clone(), client.clone(), own.clone(), start, hearing);
        tokio::pin!(dead);
        loop {
            tokio::select! {
                biased;
                order = self.taken.recv() => {
                    let Some(order) = order else { return Err(Gone) };
                    if self.carry_out(order, &client).await.is_err() {
                        return Ok(());
                    }
                    self.answer().await?;
                }
                message = messages.recv() => match message {
                    Ok(message) if *message.channel == *own => {
                        let sent = message.value.as_u64().unwrap_or(0);
                        heard.send_replace(sent);
                        let way = start.elapsed().saturating_sub(Duration::from_micros(sent));
                        self.say(News::Beat(way)).await?;
                    }
                    Ok(message) => {
                        let channel = self.channels.without_prefix(&message.channel);
                        if let (Some(channel), Some(text)) = (channel, message.value.as_string()) {
                            self.say(News::Message { channel: channel.to_owned(), text }).await?;
                        }
                    }
                    Err(RecvError::Lagged(_)) => self.say(News::Away).await?,
                    Err(RecvError::Closed) => return Ok(()),
                },
                () = connection.ended() => return Ok(()),
                () = &mut dead => return Ok(()),
            }
        }
    }

    /// Carries out this order, and those that wait behind it, in as few commands as can be.
    async fn carry_out(&mut self, first: Order, client: &Client) -> Result<(), BusError> {
        let mut next = Some(first);
        while next.is_some() {
            let (mut names, mut not) = (Vec::new(), None);
            while let Some(order) = next.take() {
                match order {
                    Order::Subscribe { channel, ticket } => {
                        names.push(self.channels.named(&channel));
                        self.wanted.insert(channel, Some(ticket));
                    }
                    Order::Unsubscribe { channel } => {
                        self.wanted.remove(&channel);
                        not = Some(self.channels.named(&channel));
                        break;
                    }
                }
                if names.len() < BATCH {
                    next = self.taken.try_recv().ok();
                }
            }
            self.subscribe(client, names).await?;
            if let Some(not) = not {
                let unsubscribed = client.unsubscribe(not).await;
                unsubscribed.map_err(|error| self.address.error(error))?;
            }
            next = self.taken.try_recv().ok();
        }
        Ok(())
    }

    /// Says which subscriptions hold from now on.
    async fn answer(&mut self) -> Result<(), Gone> {
        let answered: Vec<_> = self
            .wanted
            .iter_mut()
            .filter_map(|(channel, ticket)| Some((channel.clone(), ticket.take()?)))
            .collect();
        for (channel, ticket) in answered {
            self.say(News::Subscribed { channel, ticket }).await?;
        }
        Ok(())
    }

    async fn say(&self, news: News) -> Result<(), Gone> {
        self.sender.send(news).await.map_err(|_| Gone)
    }
}

/// Returns when what we say does not come back to us, or nobody answers: a connection can be
/// dead and not closed.
async fn silent(
    publisher: Arc<Connection>,
    client: Client,
    channel: String,
    start: Instant,
    mut hearing: watch::Receiver<u64>,
) {
    loop {
        sleep(BEAT).await;
        let now = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let says = publisher.client.with_options(&now_or_never());
        let lives = match says.publish::<Value, _, _>(channel.as_str(), now.to_string()).await {
            Ok(_) => timeout(BEAT, hearing.wait_for(|heard| *heard >= now)).await.is_ok(),
            Err(_) => client.ping::<Value>(None).await.is_ok(),
        };
        if !lives {
            return;
        }
    }
}
