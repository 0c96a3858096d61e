//! Follows notifications for ever. Whoever listens hears either that a server
//! changed, or that something may have been missed.

use std::time::Duration;

use fred::interfaces::ClientLike;
use fred::types::{Message, Value};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::connection::{Connection, again};
use super::error::BusError;
use super::memory::Memory;
use super::redis::Subscription;
use crate::model::Changed;

/// So many notifications wait for a listener; then it is told to fetch instead.
pub(super) const CAPACITY: usize = 1024;
/// A connection that was silent for so long is asked whether it still lives.
const SILENCE: Duration = Duration::from_secs(5);

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
        /// Holds the bus open.
        _bus: Memory,
        changes: broadcast::Receiver<Changed>,
        server_id: Option<i64>,
    },
    /// From [`follow`], which lives by itself: a connection comes back also where
    /// `next` is asked for in many short pieces.
    Redis(mpsc::Receiver<Heard>),
}

impl Listener {
    pub(super) fn memory(bus: Memory, server_id: Option<i64>) -> Self {
        let changes = bus.changes();
        Self(Source::Memory { _bus: bus, changes, server_id })
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
            Source::Memory { changes, server_id, .. } => loop {
                match changes.recv().await {
                    Ok(changed) if server_id.is_none_or(|only| only == changed.server_id) => {
                        return Heard::Changed { server_id: changed.server_id };
                    }
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return Heard::Away,
                    Err(RecvError::Closed) => unreachable!("the bus is held here"),
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
                    open = again(|| Open::new(&subscription)).await;
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
