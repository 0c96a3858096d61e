//! The bus of many processes: publishes on one connection, and gives each listener
//! one of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fred::interfaces::{ClientLike, EventInterface, PubsubInterface};
use fred::types::config::{Options, ReconnectPolicy};
use fred::types::{Message, Value};
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use super::board::RedisBoard;
use super::connection::{Address, COMMAND, Connection};
use super::error::BusError;
use super::feed::{Feed, Subscriptions};
use super::listener::{CAPACITY, Listener};
use super::notification::{Channels, message};
use crate::metrics::Kinds;
use crate::model::Changed;

/// A Redis that did not answer in time is not asked for so long: each change of a run would
/// wait for it.
const QUIET: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) struct Redis {
    address: Address,
    channels: Channels,
    publisher: Arc<Connection>,
    /// Until when it is not asked.
    quiet_until: watch::Sender<Instant>,
}

impl Redis {
    pub(super) async fn connect(url: &str, prefix: &str) -> Result<Self, BusError> {
        let address = Address::new(url)?;
        // For ever, 100 ms to 1 s apart.
        let policy = ReconnectPolicy::new_exponential(0, 100, 1000, 2);
        let publisher = Arc::new(address.connect(Some(policy), CAPACITY).await?);
        let (quiet_until, _) = watch::channel(Instant::now());
        Ok(Self { address, channels: Channels::new(prefix), publisher, quiet_until })
    }

    pub(super) fn errors(&self) -> Kinds {
        self.address.errors.clone()
    }

    pub(super) async fn announce(&self, changed: &Changed) -> Result<(), BusError> {
        if Instant::now() < *self.quiet_until.borrow() {
            return Err(self.address.silent());
        }
        let channel = self.channels.of(changed.server_id);
        let message = message(changed);
        let client = self.publisher.client.with_options(&now_or_never());
        let published = client.publish::<Value, _, _>(channel, message).await;
        published.map(drop).map_err(|error| {
            let error = self.address.error(error);
            if matches!(error, BusError::Silent { .. }) {
                self.quiet_until.send_replace(Instant::now() + QUIET);
            }
            error
        })
    }

    pub(super) async fn ping(&self) -> Result<(), BusError> {
        let client = self.publisher.client.with_options(&now_or_never());
        client.ping::<Value>(None).await.map(drop).map_err(|error| self.address.error(error))
    }

    /// Says anything on a channel, and gives how many heard it.
    pub(super) async fn publish(&self, channel: &str, message: String) -> Result<u64, BusError> {
        let channel = self.channels.named(channel);
        let client = self.publisher.client.with_options(&now_or_never());
        client.publish(channel, message).await.map_err(|error| self.address.error(error))
    }

    /// Says some things, each on its channel, in one go.
    pub(super) async fn publish_all(&self, messages: &[(String, String)]) -> Result<(), BusError> {
        let error = |error| self.address.error(error);
        let pipeline = self.publisher.client.pipeline().with_options(&now_or_never());
        for (channel, message) in messages {
            let channel = self.channels.named(channel);
            pipeline.publish::<(), _, _>(channel, message.as_str()).await.map_err(error)?;
        }
        pipeline.all::<Vec<u64>>().await.map(drop).map_err(error)
    }

    /// How many listen to a channel, in all processes.
    pub(super) async fn listeners(&self, channel: &str) -> Result<u64, BusError> {
        let channel = self.channels.named(channel);
        let client = self.publisher.client.with_options(&now_or_never());
        let counts: HashMap<String, u64> = client
            .pubsub_numsub(channel.as_str())
            .await
            .map_err(|error| self.address.error(error))?;
        Ok(counts.get(&channel).copied().unwrap_or(0))
    }

    pub(super) async fn feed(&self) -> Result<(Subscriptions, Feed), BusError> {
        Feed::redis(self.address.clone(), self.channels.clone(), self.publisher.clone()).await
    }

    pub(super) fn board(&self) -> RedisBoard {
        RedisBoard::new(self.address.clone(), self.channels.clone(), self.publisher.clone())
    }

    pub(super) async fn subscribe(&self, server_id: Option<i64>) -> Result<Listener, BusError> {
        let subscription = Subscription {
            address: self.address.clone(),
            channels: self.channels.clone(),
            server_id,
        };
        Listener::redis(subscription).await
    }
}

/// Nothing waits inside fred for Redis to come back: the sweeper announces later.
pub(super) fn now_or_never() -> Options {
    Options { fail_fast: true, max_attempts: Some(1), timeout: Some(COMMAND), ..Options::default() }
}

/// What a listener wants to hear.
pub(super) struct Subscription {
    address: Address,
    pub(super) channels: Channels,
    server_id: Option<i64>,
}

impl Subscription {
    /// A new connection, and what is heard on it: everything from now on.
    pub(super) async fn open(
        &self,
    ) -> Result<(Connection, broadcast::Receiver<Message>), BusError> {
        let connection = self.address.connect(None, CAPACITY).await?;
        let messages = connection.client.message_rx();
        let client = &connection.client;
        let subscribed = async {
            match self.server_id {
                Some(server_id) => client.subscribe(self.channels.of(server_id)).await?,
                None => client.psubscribe(self.channels.all()).await?,
            }
            // fred does not wait for the answer to a subscription. Redis answers in order.
            client.ping::<Value>(None).await
        };
        subscribed.await.map_err(|error| self.address.error(error))?;
        Ok((connection, messages))
    }
}
