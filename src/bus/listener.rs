//! Follows notifications for ever. Whoever listens hears either that a server
//! changed, or that something may have been missed.

use std::time::Duration;

use fred::interfaces::ClientLike;
use fred::types::{Message, Value};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;
use tokio::time::sleep;
use uuid::Uuid;

use super::connection::Connection;
use super::error::BusError;
use super::memory::Memory;
use super::redis::Subscription;

/// So many notifications wait for a listener; then it is told to fetch instead.
pub(super) const CAPACITY: usize = 1024;
/// A connection that was silent for so long is asked whether it still lives.
const SILENCE: Duration = Duration::from_secs(5);
/// Between two tries to connect: the first and the longest pause.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What a listener hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// This server changed.
    Changed {
        /// Its id.
        server_id: i64,
    },
    /// The bus was away, or we were too slow: anything may have changed. From now on
    /// everything is heard again, so fetch once.
    Away,
}

/// Hears what is announced. It ends with us.
pub struct Listener(Source);

enum Source {
    Memory {
        bus: Memory,
        names: broadcast::Receiver<String>,
        server_id: Option<i64>,
    },
    /// From [`follow`], which lives by itself: a connection comes back also where
    /// `next` is asked for in many short pieces.
    Redis(mpsc::Receiver<Heard>),
}

impl Listener {
    pub(super) fn memory(
        bus: Memory,
        names: broadcast::Receiver<String>,
        server_id: Option<i64>,
    ) -> Self {
        Self(Source::Memory { bus, names, server_id })
    }

    pub(super) async fn redis(subscription: Subscription) -> Result<Self, BusError> {
        let open = Open::new(&subscription).await?;
        // One is enough: where it is full, notifications wait in fred's own channel.
        let (sender, heard) = mpsc::channel(1);
        tokio::spawn(follow(subscription, open, sender));
        Ok(Self(Source::Redis(heard)))
    }

    /// The next that is heard. Nothing is lost if this is dropped before it is ready.
    pub async fn next(&mut self) -> Heard {
        match &mut self.0 {
            Source::Memory { bus, names, server_id } => loop {
                let changed = match names.recv().await {
                    Ok(name) => bus.server(&name),
                    Err(RecvError::Lagged(_)) => return Heard::Away,
                    Err(RecvError::Closed) => unreachable!("the bus is held here"),
                };
                match changed {
                    Some(id) if server_id.is_none_or(|only| only == id) => {
                        return Heard::Changed { server_id: id };
                    }
                    _ => {}
                }
            },
            // It only ends when the whole runtime does.
            Source::Redis(heard) => match heard.recv().await {
                Some(heard) => heard,
                None => std::future::pending().await,
            },
        }
    }
}

/// Passes on what is heard, until nobody listens any more.
async fn follow(subscription: Subscription, mut open: Open, listener: mpsc::Sender<Heard>) {
    let follow = async {
        loop {
            let heard = match open.next().await {
                Some(Ok(message)) => match subscription.channels.server(&message.channel) {
                    Some(server_id) => Heard::Changed { server_id },
                    None => continue,
                },
                Some(Err(Lagged)) => Heard::Away,
                None => {
                    open = Open::again(&subscription).await;
                    Heard::Away
                }
            };
            let _ = listener.send(heard).await;
        }
    };
    tokio::select! {
        () = follow => {}
        () = listener.closed() => {}
    }
}

/// A connection that is subscribed.
struct Open {
    connection: Connection,
    messages: broadcast::Receiver<Message>,
}

/// Notifications were dropped, since they were not heard in time.
struct Lagged;

impl Open {
    async fn new(subscription: &Subscription) -> Result<Self, BusError> {
        let (connection, messages) = subscription.open().await?;
        Ok(Self { connection, messages })
    }

    /// Connects again, however long it takes.
    async fn again(subscription: &Subscription) -> Self {
        let mut pause = PAUSES.0;
        loop {
            match Self::new(subscription).await {
                Ok(open) => return open,
                Err(error) => tracing::debug!("not subscribed yet: {error}"),
            }
            // Listeners that lost the same Redis come back one after the other.
            let random = f64::from(Uuid::new_v4().as_bytes()[0]) / 255.0;
            sleep(pause.mul_f64(0.5 + random / 2.0)).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// The next message, or `None` when the connection has ended.
    async fn next(&mut self) -> Option<Result<Message, Lagged>> {
        let Self { connection, messages } = self;
        let client = connection.client.clone();
        let dead = async {
            loop {
                sleep(SILENCE).await;
                if client.ping::<Value>(None).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            biased;
            message = messages.recv() => match message {
                Ok(message) => Some(Ok(message)),
                Err(RecvError::Lagged(_)) => Some(Err(Lagged)),
                Err(RecvError::Closed) => None,
            },
            () = connection.ended() => None,
            () = dead => None,
        }
    }
}
