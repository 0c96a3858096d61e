//! The bus: says which server changed, to whoever listens now. It carries no data,
//! and may lose a notification: what was not announced is announced again by the
//! sweeper (promise 2), and who was away is told to fetch (promise 7). Only live output
//! carries its data; what is lost of it, pages fetch by its offsets.
//!
//! Between processes it is Redis pub/sub, in the format of Laravel's broadcaster;
//! in one process it is a channel, with the same notifications.

mod board;
mod connection;
mod error;
mod feed;
mod listener;
mod memory;
mod notification;
mod output;
mod redis;

pub use self::board::{Board, MEMBERS_LIVE, Members};
pub use self::error::BusError;
pub use self::feed::{Feed, News, Subscriptions};
pub use self::listener::{Heard, Listener};
pub use self::notification::{EVENT, channel_of, committed_at, fetch, server_of, subject_of};
pub use self::output::{MOST_TEXT, OUTPUT_EVENT, RunOutput, output_channel_of};

use self::memory::Memory;
use self::notification::output_message;
use self::redis::Redis;
use crate::metrics::Kinds;
use crate::model::Changed;

/// Carries notifications from who commits changes to who shows them. Clones are the
/// same bus.
#[derive(Clone)]
pub struct Bus(Kind);

#[derive(Clone)]
enum Kind {
    Memory(Memory),
    Redis(Box<Redis>),
}

impl Bus {
    /// A bus within this process.
    pub fn memory() -> Bus {
        Bus(Kind::Memory(Memory::new()))
    }

    /// The bus of the Redis at `url`. Fails if it can't be reached within 5 s, refuses
    /// us, or is something else.
    pub async fn redis(url: &str, prefix: &str) -> Result<Bus, BusError> {
        Ok(Bus(Kind::Redis(Box::new(Redis::connect(url, prefix).await?))))
    }

    /// What was asked of Redis in vain.
    pub fn errors(&self) -> Kinds {
        match &self.0 {
            Kind::Memory(_) => Kinds::of(&[]),
            Kind::Redis(redis) => redis.errors(),
        }
    }

    /// Tells all who listen. Takes at most 2 s, and fails at once while Redis is away, or
    /// was silent just now.
    pub async fn announce(&self, changed: &Changed) -> Result<(), BusError> {
        match &self.0 {
            Kind::Memory(memory) => memory.announce(changed),
            Kind::Redis(redis) => redis.announce(changed).await?,
        }
        Ok(())
    }

    /// Tells all who listen what a run wrote. Takes at most 2 s, and fails at once while Redis is
    /// away.
    pub async fn tell_output(&self, output: &RunOutput) -> Result<(), BusError> {
        match &self.0 {
            Kind::Memory(memory) => memory.tell_output(output),
            Kind::Redis(redis) => {
                redis.publish(&output.channel(), output_message(output)).await?;
            }
        }
        Ok(())
    }

    /// Follows the notifications of one server, or of all: each that is announced
    /// after this has returned. Fails as [`Bus::redis`] does.
    pub async fn subscribe(&self, server_id: Option<i64>) -> Result<Listener, BusError> {
        match &self.0 {
            Kind::Memory(memory) => Ok(memory.subscribe(server_id)),
            Kind::Redis(redis) => redis.subscribe(server_id).await,
        }
    }

    /// What is said on channels that are chosen and changed while it goes on: for a gateway.
    /// Fails as [`Bus::redis`] does.
    pub async fn feed(&self) -> Result<(Subscriptions, Feed), BusError> {
        match &self.0 {
            Kind::Memory(memory) => Ok(Feed::memory(memory.clone())),
            Kind::Redis(redis) => redis.feed().await,
        }
    }

    /// What gateways keep for each other, and may lose.
    pub fn board(&self) -> Board {
        match &self.0 {
            Kind::Memory(_) => Board::memory(),
            Kind::Redis(redis) => Board::redis(redis.board()),
        }
    }

    /// Whether processes other than this one hear it.
    pub fn is_shared(&self) -> bool {
        matches!(self.0, Kind::Redis(_))
    }

    /// Says anything on a channel, and gives how many subscribers heard it. In memory nobody
    /// does: who publishes there is who would hear it.
    pub async fn publish(&self, channel: &str, message: String) -> Result<u64, BusError> {
        match &self.0 {
            Kind::Memory(_) => Ok(0),
            Kind::Redis(redis) => redis.publish(channel, message).await,
        }
    }

    /// Says some things, each on its channel, in order. In memory nobody hears it.
    pub async fn publish_all(&self, messages: &[(String, String)]) -> Result<(), BusError> {
        match &self.0 {
            Kind::Memory(_) => Ok(()),
            Kind::Redis(redis) => redis.publish_all(messages).await,
        }
    }

    /// How many subscribers a channel has, in all processes.
    pub async fn listeners(&self, channel: &str) -> Result<u64, BusError> {
        match &self.0 {
            Kind::Memory(_) => Ok(0),
            Kind::Redis(redis) => redis.listeners(channel).await,
        }
    }

    /// Whether Redis answers, within 2 s.
    pub async fn ping(&self) -> Result<(), BusError> {
        match &self.0 {
            Kind::Memory(_) => Ok(()),
            Kind::Redis(redis) => redis.ping().await,
        }
    }
}
