//! The queue: which run to look at next. It holds only hints for runs that exist
//! in SQL, so losing all of them loses nothing (promise 1); a hint that comes twice
//! or too late is harmless, since the claim in SQL decides.
//!
//! On Redis it is a queue of apalis, fenced in by what `listen.rs` says; in one
//! process it is a channel.

mod error;
mod health;
mod leftovers;
mod listen;
mod memory;
mod pulse;
mod redis;
mod take;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

pub use self::error::QueueError;
pub use self::health::RedisHealth;

use self::memory::Memory;
use self::redis::Redis;
use self::take::Take;
use crate::metrics::Kinds;
use crate::stop::stopped;

/// Carries hints from who asks for runs to who drives them. Clones are the same queue.
#[derive(Clone)]
pub struct Queue(Kind);

#[derive(Clone)]
enum Kind {
    Memory(Memory),
    Redis(Arc<Redis>),
}

impl Queue {
    /// A queue within this process.
    pub fn memory() -> Queue {
        Queue(Kind::Memory(Memory::new()))
    }

    /// A queue in the Redis at `url`, under keys that begin with `{prefix}runs`. Fails
    /// if Redis can't be reached within 5 s, refuses us, or is something else.
    pub async fn redis(url: &str, prefix: &str) -> Result<Queue, QueueError> {
        Ok(Queue(Kind::Redis(Arc::new(Redis::connect(url, prefix).await?))))
    }

    /// What was asked of Redis in vain.
    pub fn errors(&self) -> Kinds {
        match &self.0 {
            Kind::Memory(_) => Kinds::of(&[]),
            Kind::Redis(redis) => redis.errors.clone(),
        }
    }

    /// Says that this run may be claimed: an idle worker looks at once. Takes at most
    /// 2 s. An error is only to be logged: the run is found in SQL anyway.
    pub async fn hint(&self, run: &str) -> Result<(), QueueError> {
        match &self.0 {
            Kind::Memory(memory) => memory.hint(run),
            Kind::Redis(redis) => redis.hint(run).await?,
        }
        Ok(())
    }

    /// Calls `take` with the run of each hint, one after the other, until `stop` is true
    /// or its sender is gone; never returns earlier, whatever Redis does. What `take`
    /// has begun goes on when we return, and a panic of it is logged. `worker` names us
    /// in Redis, with a part that is new at each start.
    pub async fn listen(
        &self,
        worker: &str,
        take: impl Fn(String) -> BoxFuture<'static, ()> + Clone + Send + Sync + 'static,
        mut stop: watch::Receiver<bool>,
    ) {
        let take = Take::new(take);
        match &self.0 {
            Kind::Memory(memory) => tokio::select! {
                () = memory.listen(&take) => {}
                () = stopped(&mut stop) => {}
            },
            Kind::Redis(redis) => redis.listen(worker, &take, stop).await,
        }
    }

    /// Removes what apalis leaves in Redis, and says how much that was: data of tasks
    /// that are in no list, and workers that are gone. Call it every few minutes: one
    /// call looks at a limited part of a large Redis, the next one goes on there.
    pub async fn tidy(&self) -> Result<u64, QueueError> {
        match &self.0 {
            Kind::Memory(_) => Ok(0),
            Kind::Redis(redis) => redis.tidy().await,
        }
    }

    /// What Redis says of itself; None in memory.
    pub async fn health(&self) -> Result<Option<RedisHealth>, QueueError> {
        match &self.0 {
            Kind::Memory(_) => Ok(None),
            Kind::Redis(redis) => redis.health().await.map(Some),
        }
    }

    /// Whether Redis answers, within 2 s.
    pub async fn ping(&self) -> Result<(), QueueError> {
        match &self.0 {
            Kind::Memory(_) => Ok(()),
            Kind::Redis(redis) => redis.ping().await,
        }
    }
}
