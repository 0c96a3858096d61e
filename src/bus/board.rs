//! What gateways keep for each other: who is in a presence channel, the last event of a cache
//! channel, answers to a question that all were asked. All of it may be lost: it is written
//! again every few seconds, and expires by itself when its gateway does not.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fred::interfaces::{ClientLike, KeysInterface, ListInterface, SetsInterface};
use fred::types::{Expiration, Value};
use tokio::time::sleep;

use super::connection::{Address, Connection};
use super::error::BusError;
use super::notification::Channels;
use super::redis::now_or_never;

/// What a gateway does not write again, is gone after so many seconds.
pub const MEMBERS_LIVE: i64 = 15;
/// The last event of a cache channel is kept for so long.
const KEPT: Duration = Duration::from_secs(30 * 60);
/// So many last events are kept in memory.
const KEPT_AT_MOST: usize = 10_000;
/// Between two looks for answers.
const LOOK: Duration = Duration::from_millis(5);

/// The members of one presence channel: what is known of them by their id, as JSON text.
pub type Members = BTreeMap<String, String>;

/// What gateways keep for each other. Clones are the same.
#[derive(Clone)]
pub struct Board(Kind);

#[derive(Clone)]
enum Kind {
    /// One gateway: nobody else has members, or answers.
    Memory(Arc<Mutex<HashMap<String, (Instant, String)>>>),
    Redis(Box<RedisBoard>),
}

#[derive(Clone)]
pub(super) struct RedisBoard {
    address: Address,
    channels: Channels,
    publisher: Arc<Connection>,
}

impl Board {
    pub(super) fn memory() -> Self {
        Self(Kind::Memory(Arc::default()))
    }

    pub(super) fn redis(board: RedisBoard) -> Self {
        Self(Kind::Redis(Box::new(board)))
    }

    /// Writes who of a presence channel is connected to this gateway, in place of what it wrote
    /// before. Gone after [`MEMBERS_LIVE`] seconds.
    pub async fn write_members(
        &self,
        channel: &str,
        gateway: &str,
        members: &Members,
    ) -> Result<(), BusError> {
        match &self.0 {
            Kind::Memory(_) => Ok(()),
            Kind::Redis(redis) => redis.write_members(channel, gateway, members).await,
        }
    }

    /// Who of a presence channel is connected to other gateways.
    pub async fn other_members(&self, channel: &str, gateway: &str) -> Result<Members, BusError> {
        match &self.0 {
            Kind::Memory(_) => Ok(Members::new()),
            Kind::Redis(redis) => redis.other_members(channel, gateway).await,
        }
    }

    /// Keeps the last event of a cache channel, for half an hour.
    pub async fn keep(&self, channel: &str, event: &str) -> Result<(), BusError> {
        match &self.0 {
            Kind::Memory(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() >= KEPT_AT_MOST {
                    kept.retain(|_, (since, _)| since.elapsed() < KEPT);
                }
                if kept.len() < KEPT_AT_MOST || kept.contains_key(channel) {
                    kept.insert(channel.to_owned(), (Instant::now(), event.to_owned()));
                }
                Ok(())
            }
            Kind::Redis(redis) => redis.keep(channel, event).await,
        }
    }

    /// The last event of a cache channel, if there is one.
    pub async fn kept(&self, channel: &str) -> Result<Option<String>, BusError> {
        match &self.0 {
            Kind::Memory(kept) => {
                let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let event = kept.get(channel).filter(|(since, _)| since.elapsed() < KEPT);
                Ok(event.map(|(_, event)| event.clone()))
            }
            Kind::Redis(redis) => redis.kept(channel).await,
        }
    }

    /// Answers a question.
    pub async fn answer(&self, question: &str, answer: String) -> Result<(), BusError> {
        match &self.0 {
            Kind::Memory(_) => Ok(()),
            Kind::Redis(redis) => redis.answer(question, answer).await,
        }
    }

    /// The answers to a question: so many, or those that are there when the time is over.
    pub async fn answers(
        &self,
        question: &str,
        wanted: u64,
        limit: Duration,
    ) -> Result<Vec<String>, BusError> {
        match &self.0 {
            Kind::Memory(_) => Ok(Vec::new()),
            Kind::Redis(redis) => redis.answers(question, wanted, limit).await,
        }
    }
}

impl RedisBoard {
    pub(super) fn new(address: Address, channels: Channels, publisher: Arc<Connection>) -> Self {
        Self { address, channels, publisher }
    }

    fn key(&self, what: &str, of: &str) -> String {
        self.channels.named(&format!("gateway:{what}:{of}"))
    }

    async fn write_members(
        &self,
        channel: &str,
        gateway: &str,
        members: &Members,
    ) -> Result<(), BusError> {
        let client = self.publisher.client.with_options(&now_or_never());
        let gateways = self.key("presence", channel);
        let key = self.key("members", &format!("{channel}:{gateway}"));
        let written = async {
            let whole = client.pipeline();
            if members.is_empty() {
                whole.srem::<(), _, _>(gateways.as_str(), gateway).await?;
                whole.del::<(), _>(key.as_str()).await?;
            } else {
                // One value, so that nobody reads it half written; and there before it is looked for.
                let value = serde_json::to_string(members).expect("texts become JSON");
                let expires = Some(Expiration::EX(MEMBERS_LIVE));
                whole.set::<(), _, _>(key.as_str(), value, expires, None, false).await?;
                whole.sadd::<(), _, _>(gateways.as_str(), gateway).await?;
                whole.expire::<(), _>(gateways.as_str(), 4 * MEMBERS_LIVE, None).await?;
            }
            whole.all::<Value>().await
        };
        written.await.map(drop).map_err(|error| self.address.error(error))
    }

    async fn other_members(&self, channel: &str, gateway: &str) -> Result<Members, BusError> {
        let client = self.publisher.client.with_options(&now_or_never());
        let gateways = self.key("presence", channel);
        let read = async {
            let mut members = Members::new();
            let others: Vec<String> = client.smembers(gateways.as_str()).await?;
            for other in others.iter().filter(|other| *other != gateway) {
                let key = self.key("members", &format!("{channel}:{other}"));
                let theirs: Option<String> = client.get(key).await?;
                match theirs.as_deref().map(serde_json::from_str::<Members>) {
                    Some(Ok(theirs)) => members.extend(theirs),
                    // That gateway is gone.
                    _ => client.srem::<(), _, _>(gateways.as_str(), other.as_str()).await?,
                }
            }
            Ok(members)
        };
        read.await.map_err(|error| self.address.error(error))
    }

    async fn keep(&self, channel: &str, event: &str) -> Result<(), BusError> {
        let client = self.publisher.client.with_options(&now_or_never());
        let seconds = i64::try_from(KEPT.as_secs()).unwrap_or(i64::MAX);
        let expires = Some(Expiration::EX(seconds));
        client
            .set::<(), _, _>(self.key("cache", channel), event, expires, None, false)
            .await
            .map_err(|error| self.address.error(error))
    }

    async fn kept(&self, channel: &str) -> Result<Option<String>, BusError> {
        let client = self.publisher.client.with_options(&now_or_never());
        client.get(self.key("cache", channel)).await.map_err(|error| self.address.error(error))
    }

    async fn answer(&self, question: &str, answer: String) -> Result<(), BusError> {
        let client = self.publisher.client.with_options(&now_or_never());
        let key = self.key("answers", question);
        let answered = async {
            let whole = client.pipeline();
            whole.rpush::<(), _, _>(key.as_str(), answer).await?;
            whole.expire::<(), _>(key.as_str(), 10, None).await?;
            whole.all::<Value>().await
        };
        answered.await.map(drop).map_err(|error| self.address.error(error))
    }

    async fn answers(
        &self,
        question: &str,
        wanted: u64,
        limit: Duration,
    ) -> Result<Vec<String>, BusError> {
        let client = self.publisher.client.with_options(&now_or_never());
        let key = self.key("answers", question);
        let start = Instant::now();
        let read = async {
            loop {
                let answers: Vec<String> = client.lrange(key.as_str(), 0, -1).await?;
                if answers.len() as u64 >= wanted || start.elapsed() >= limit {
                    client.del::<(), _>(key.as_str()).await?;
                    return Ok(answers);
                }
                sleep(LOOK).await;
            }
        };
        read.await.map_err(|error| self.address.error(error))
    }
}
