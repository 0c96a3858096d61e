//! What is left in Redis: of a task that is done, of a session that has ended, of
//! workers that nobody hears of any more. Nothing of it expires by itself.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use redis::{FromRedisValue, Pipeline};

use super::error::QueueError;
use super::redis::{Hint, Keys, Redis};
use crate::glob::escaped;

/// So many entries are asked for at a time.
const PAGE: usize = 1000;
/// A call of `tidy` looks at so many pages of keys, and of data.
const PAGES: usize = 100;
/// Seconds after which a worker that is silent is gone for good.
const GONE: i64 = 3600;

impl Redis {
    /// Removes a task that was looked at. If that gets lost, the hint comes once more.
    pub(super) async fn done(&self, worker: &str, task: &str) {
        let mut remove = redis::pipe();
        remove.srem(self.keys.inflight(worker), task);
        self.remove_task(&mut remove, task.as_bytes());
        if let Err(error) = self.ask::<redis::Value>(&remove).await {
            tracing::debug!("a hint was not taken off the queue: {error}");
        }
    }

    /// Clears up after a session: what it fetched and did not look at is hinted anew,
    /// and what can't be read is removed, since the next session would end over it
    /// like this one. Says how much could not be read.
    pub(super) async fn forget(&self, worker: &str) -> Result<u64, QueueError> {
        let mut broken = self.remove_foreign_keys().await?;
        let inflight = self.keys.inflight(worker);
        let (fetched,): (Vec<Vec<u8>>,) = self.ask(redis::pipe().smembers(&inflight)).await?;
        let mut remove = redis::pipe();
        for (task, hint) in self.read(&fetched).await? {
            match hint {
                Some(hint) => self.hint(&hint.run_id).await?,
                None => broken += 1,
            }
            self.remove_task(&mut remove, &task);
        }
        let Keys { workers, .. } = &self.keys;
        remove.del(inflight).zrem(workers, worker).del(self.keys.metadata(worker));
        self.ask::<redis::Value>(&remove).await?;
        if broken > 0 {
            broken += self.weed().await?;
        }
        Ok(broken)
    }

    /// Removes what can't be read from the head of the list.
    async fn weed(&self) -> Result<u64, QueueError> {
        let Keys { active, .. } = &self.keys;
        let (waiting,): (Vec<Vec<u8>>,) =
            self.ask(redis::pipe().lrange(active, 0, PAGE as isize - 1)).await?;
        let mut remove = redis::pipe();
        let mut broken = 0;
        for (task, hint) in self.read(&waiting).await? {
            if hint.is_none() {
                remove.lrem(active, 0, &task);
                self.remove_task(&mut remove, &task);
                broken += 1;
            }
        }
        if broken > 0 {
            self.ask::<redis::Value>(&remove).await?;
        }
        Ok(broken)
    }

    /// What these tasks carry; `None` where apalis could not read it.
    async fn read(&self, tasks: &[Vec<u8>]) -> Result<Vec<(Vec<u8>, Option<Hint>)>, QueueError> {
        if tasks.is_empty() {
            return Ok(Vec::new());
        }
        let mut read = redis::pipe();
        // What is of the wrong kind can't be read either.
        read.ignore_errors();
        for task in tasks {
            read.hget(&self.keys.data, task);
            read.hmget(self.keys.meta(task), &["attempts", "max_attempts", "status"]);
        }
        let answers: Vec<redis::RedisResult<redis::Value>> = self.ask(&read).await?;
        let hints = answers.chunks(2).map(|answer| {
            let [Ok(data), Ok(meta)] = answer else { return None };
            let data = Option::<Vec<u8>>::from_redis_value_ref(data).ok()??;
            let meta = <[Option<String>; 3]>::from_redis_value_ref(meta).ok()?;
            meta.iter().all(Option::is_some).then_some(())?;
            serde_json::from_slice(&data).ok()
        });
        Ok(tasks.iter().cloned().zip(hints).collect())
    }

    fn remove_task(&self, remove: &mut Pipeline, task: &[u8]) {
        remove.hdel(&self.keys.data, task).del(self.keys.meta(task));
    }

    /// Removes what somebody else wrote under our keys, in another form: apalis would
    /// end over it for ever.
    async fn remove_foreign_keys(&self) -> Result<u64, QueueError> {
        let Keys { data, active, workers, scheduled, .. } = &self.keys;
        let ours = [(data, "hash"), (active, "list"), (workers, "zset"), (scheduled, "zset")];
        let mut ask = redis::pipe();
        for (key, _) in ours {
            ask.key_type(key);
        }
        let found: Vec<String> = self.ask(&ask).await?;
        let mut remove = redis::pipe();
        for ((key, kind), found) in ours.iter().zip(found) {
            if found != "none" && found != *kind {
                tracing::warn!(
                    "removed the key {key} from Redis: it is the queue's, and was a {found}"
                );
                remove.del(key);
            }
        }
        if !remove.is_empty() {
            self.ask::<redis::Value>(&remove).await?;
        }
        Ok(remove.len() as u64)
    }

    /// As [`super::Queue::tidy`].
    pub(super) async fn tidy(&self) -> Result<u64, QueueError> {
        let Keys { queue, data, active, workers, scheduled, .. } = &self.keys;
        let mut removed = self.remove_foreign_keys().await?;
        // Sets in which apalis keeps what has ended; as we use it, it writes none.
        let ended = ["done", "dead", "failed"].map(|set| format!("{queue}:{set}"));
        let (sets,): (u64,) = self.ask(redis::pipe().del(&ended[..])).await?;
        removed += sets;

        // First what there is, then what is in use: it only gets less meanwhile.
        let mut tasks: HashSet<Vec<u8>> = self.scan(Some(data)).await?.into_iter().collect();
        let mut names = HashSet::new();
        for key in self.scan(None).await? {
            let after = |start: &[u8]| key.strip_prefix(start).map(<[u8]>::to_vec);
            if let Some(task) = after(&self.keys.meta(b"")) {
                tasks.insert(task);
            } else if let Some(worker) = after(self.keys.metadata("").as_bytes())
                .or_else(|| after(self.keys.inflight("").as_bytes()))
            {
                names.extend(String::from_utf8(worker));
            }
        }
        let gone = Timestamp::now().as_second() - GONE;
        let (known, silent): (HashSet<String>, Vec<String>) = self
            .ask(redis::pipe().zrange(workers, 0, -1).zrangebyscore(workers, "-inf", gone))
            .await?;
        for worker in names.difference(&known).chain(&silent) {
            self.forget(worker).await?;
            removed += 1;
        }

        let mut read = redis::pipe();
        // At one moment: a task that moves from one list to another is in one of them.
        read.lrange(active, 0, -1).zrange(scheduled, 0, -1);
        for worker in &known {
            read.smembers(self.keys.inflight(worker));
        }
        let listed: Vec<Vec<Vec<u8>>> = self.ask_at_once(&read).await?;
        for task in listed.iter().flatten() {
            tasks.remove(task);
        }
        removed += tasks.len() as u64;
        let tasks: Vec<Vec<u8>> = tasks.into_iter().collect();
        for page in tasks.chunks(PAGE) {
            let mut remove = redis::pipe();
            page.iter().for_each(|task| self.remove_task(&mut remove, task));
            self.ask::<redis::Value>(&remove).await?;
        }
        Ok(removed)
    }

    /// The next keys of ours, or the next fields of this hash: a limited part, then on
    /// from there at the next call, and from the beginning after the end.
    async fn scan(&self, hash: Option<&str>) -> Result<Vec<Vec<u8>>, QueueError> {
        let cursor = &self.scanned[usize::from(hash.is_some())];
        let mut found = Vec::new();
        for _ in 0..PAGES {
            let mut scan = redis::pipe();
            match hash {
                Some(hash) => scan.cmd("HSCAN").arg(hash),
                None => scan.cmd("SCAN"),
            };
            scan.arg(cursor.load(Ordering::Relaxed));
            if hash.is_none() {
                scan.arg("MATCH").arg(format!("{}:*", escaped(&self.keys.queue)));
            }
            scan.arg("COUNT").arg(PAGE);
            let ((next, page),): ((u64, Vec<Vec<u8>>),) = self.ask(&scan).await?;
            // A hash gives each field with its value.
            found.extend(page.into_iter().step_by(if hash.is_some() { 2 } else { 1 }));
            cursor.store(next, Ordering::Relaxed);
            if next == 0 {
                break;
            }
        }
        Ok(found)
    }
}
