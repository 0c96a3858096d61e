//! How the queue's Redis is set up, for `groundcrew doctor`.

use super::error::QueueError;
use super::redis::Redis;

/// What a Redis says of itself.
#[derive(Debug, Clone, Default)]
pub struct RedisHealth {
    /// What it does when its memory is full, as `noeviction`. None: it does not say.
    pub policy: Option<String>,
    /// Memory in use, in bytes.
    pub used: u64,
    /// The most that it may use, in bytes; 0: no limit.
    pub most: u64,
    /// How many hints wait.
    pub waiting: u64,
}

impl Redis {
    pub(super) async fn health(&self) -> Result<RedisHealth, QueueError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("INFO").arg("memory").cmd("LLEN").arg(&self.keys.active);
        let (info, waiting): (String, u64) = self.ask(&pipeline).await?;
        let field = |name: &str| {
            info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
        };
        let number = |name| field(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        Ok(RedisHealth {
            policy: field("maxmemory_policy").map(str::to_owned),
            used: number("used_memory"),
            most: number("maxmemory"),
            waiting,
        })
    }
}
