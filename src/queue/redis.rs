//! The queue's Redis: its keys, its connections, and how a hint is written.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use futures_util::StreamExt;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{Client, FromRedisValue, IntoConnectionInfo, Pipeline, RedisError, RedisResult};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::timeout;
use uuid::Uuid;

use super::error::QueueError;
use crate::metrics::Kinds;

/// A hint takes at most so long; the run is found in SQL without it.
const HINT: Duration = Duration::from_secs(2);
/// To connect, and to hear a first answer.
const CONNECT: Duration = Duration::from_secs(5);
/// A connection that acknowledges nothing for so long is dead.
const DEAD: Duration = Duration::from_secs(10);

/// What a task of apalis carries.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Hint {
    pub(super) run_id: String,
}

/// The queue in Redis.
pub(super) struct Redis {
    pub(super) keys: Keys,
    /// Where the next call of `tidy` goes on: among all keys, and in the tasks' data.
    pub(super) scanned: [AtomicU64; 2],
    client: Client,
    connection: Mutex<ConnectionManager>,
    place: String,
    pub(super) errors: Kinds,
}

/// Names of keys, as apalis makes them of its queue's name.
pub(super) struct Keys {
    /// apalis' name of the queue.
    pub(super) queue: String,
    /// A hash: a task's id, and what it carries.
    pub(super) data: String,
    /// A list of ids: tasks that wait.
    pub(super) active: String,
    /// A sorted set: workers, by their last heartbeat in Unix seconds.
    pub(super) workers: String,
    /// A sorted set of ids. We schedule nothing, but apalis reads it.
    pub(super) scheduled: String,
    /// The channel that says that a task waits.
    pub(super) wake: String,
}

impl Keys {
    fn new(prefix: &str) -> Self {
        let queue = format!("{prefix}runs");
        let key = |name| format!("{queue}:{name}");
        Self {
            data: key("data"),
            active: key("active"),
            workers: key("workers"),
            scheduled: key("scheduled"),
            wake: key("wake"),
            queue,
        }
    }

    /// A hash: a task's state.
    pub(super) fn meta(&self, task: &[u8]) -> Vec<u8> {
        [self.queue.as_bytes(), b":meta:", task].concat()
    }

    /// A set of ids: the tasks that a worker has fetched.
    pub(super) fn inflight(&self, worker: &str) -> String {
        format!("{}:inflight:{worker}", self.queue)
    }

    /// A hash: what a worker says of itself.
    pub(super) fn metadata(&self, worker: &str) -> String {
        format!("{}:workers:metadata:{worker}", self.queue)
    }
}

impl Redis {
    pub(super) async fn connect(url: &str, prefix: &str) -> Result<Self, QueueError> {
        // Without delay, since several hints share a connection; with signs of life,
        // since a connection on which all packets are dropped never ends otherwise.
        let keepalive = TcpKeepalive::new().with_time(DEAD).with_interval(DEAD / 4);
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_keepalive(keepalive)
            .set_user_timeout(DEAD);
        let info = url.into_connection_info().map_err(QueueError::Address)?.set_tcp_settings(tcp);
        let place = info.addr().to_string();
        let client = Client::open(info).map_err(QueueError::Address)?;
        let connection = Mutex::new(later(&client).map_err(QueueError::Address)?);
        let keys = Keys::new(prefix);
        let errors = Kinds::of(&["unreachable", "silent", "refused"]);
        let redis = Self { keys, scanned: Default::default(), client, connection, place, errors };
        redis.open(HINT).await?;
        Ok(redis)
    }

    /// A connection of its own, which has answered once.
    pub(super) async fn open(&self, response: Duration) -> Result<ConnectionManager, QueueError> {
        let config = managed(response);
        let open = async {
            let mut connection = self.client.get_connection_manager_with_config(config).await?;
            redis::cmd("PING").query_async::<()>(&mut connection).await?;
            Ok(connection)
        };
        match timeout(CONNECT, open).await {
            Ok(opened) => opened.map_err(|error| self.error(error, CONNECT)),
            Err(_) => Err(self.silent(CONNECT)),
        }
    }

    /// Calls `wake` at each message that a task waits. Returns when the connection ends.
    pub(super) async fn wakes(&self, wake: impl Fn()) -> Result<(), QueueError> {
        let subscribe = async {
            let mut subscription = self.client.get_async_pubsub().await?;
            subscription.subscribe(&self.keys.wake).await?;
            Ok(subscription)
        };
        let subscription = timeout(CONNECT, subscribe).await.map_err(|_| self.silent(CONNECT))?;
        let mut messages =
            subscription.map_err(|error| self.error(error, CONNECT))?.into_on_message();
        // What came before the subscription was missed.
        wake();
        while messages.next().await.is_some() {
            wake();
        }
        Ok(())
    }

    pub(super) async fn hint(&self, run: &str) -> Result<(), QueueError> {
        let Keys { data, active, wake, .. } = &self.keys;
        let task = Uuid::now_v7().to_string();
        let hint = serde_json::json!(Hint { run_id: run.to_owned() }).to_string();
        let meta = [("attempts", "0"), ("max_attempts", "1"), ("status", "Pending")];
        let mut write = redis::pipe();
        write.hset_nx(data, &task, hint).hset_multiple(self.keys.meta(task.as_bytes()), &meta);
        write.rpush(active, &task).publish(wake, "");
        self.ask_at_once::<redis::Value>(&write).await.map(drop)
    }

    pub(super) async fn ping(&self) -> Result<(), QueueError> {
        self.ask::<redis::Value>(redis::pipe().cmd("PING")).await.map(drop)
    }

    /// Asks within [`HINT`]. A connection that was lost is noticed only now, and
    /// opened anew; so what failed for that is asked once more.
    pub(super) async fn ask<T: FromRedisValue>(&self, what: &Pipeline) -> Result<T, QueueError> {
        let mut connection = self.connection.lock().await.clone();
        let asking = async {
            match what.query_async(&mut connection).await {
                Err(error) if error.is_io_error() && !error.is_timeout() => {
                    what.query_async(&mut connection).await
                }
                answered => answered,
            }
        };
        let answer = match timeout(HINT, asking).await {
            Ok(answer) => answer.map_err(|error| self.error(error, HINT)),
            Err(_) => Err(self.silent(HINT)),
        };
        if let (Err(QueueError::Silent { .. }), Ok(fresh)) = (&answer, later(&self.client)) {
            // The line may be dead without an end, and a manager keeps such a one.
            *self.connection.lock().await = fresh;
        }
        answer
    }

    /// As [`Redis::ask`], at one moment, and all or nothing.
    pub(super) async fn ask_at_once<T: FromRedisValue>(
        &self,
        what: &Pipeline,
    ) -> Result<T, QueueError> {
        // Not `Pipeline::atomic`: that panics in redis 1.8 where MULTI itself is refused.
        let mut all = redis::pipe();
        all.cmd("MULTI");
        for command in what.cmd_iter() {
            all.add_command(command.clone());
        }
        let answers: Vec<redis::Value> = self.ask(all.cmd("EXEC")).await?;
        let answer = answers.into_iter().last().unwrap_or(redis::Value::Nil);
        T::from_redis_value(answer).map_err(|error| self.error(error.into(), HINT))
    }

    fn error(&self, cause: RedisError, limit: Duration) -> QueueError {
        // What keeps time inside the client may be faster than we are.
        if cause.is_timeout() {
            return self.silent(limit);
        }
        // Of several commands that failed, the first one says why.
        let first = cause.clone().into_server_errors().and_then(|errors| errors.first().cloned());
        let cause = first.map_or(cause, |(_, error)| error.into());
        self.errors.count(if cause.is_io_error() { "unreachable" } else { "refused" });
        QueueError::Redis { place: self.place.clone(), cause }
    }

    fn silent(&self, limit: Duration) -> QueueError {
        self.errors.count("silent");
        QueueError::Silent { place: self.place.clone(), limit }
    }
}

/// Connects at once or not at all: who asks has a backoff, or no time.
fn managed(response: Duration) -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(response))
}

/// A connection that opens when it is first used.
fn later(client: &Client) -> RedisResult<ConnectionManager> {
    ConnectionManager::new_lazy_with_config(client.clone(), managed(HINT))
}
