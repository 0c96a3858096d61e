//! apalis as its documentation shows it, on the same Redis: `push`, two workers, a handler
//! that does nothing. No store, no claim, no wake-up.

use std::collections::HashMap;

use anyhow::{Context, Result};
use apalis::prelude::{BackendExt, IntervalStrategy, TaskSink, WorkerBuilder};
use apalis_redis::{Config, RedisStorage};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, interval, timeout};
use uuid::Uuid;

use crate::delays::ms;
use crate::quiet::quiet;
use crate::{ASKS, RUNS};

/// When a worker looks for tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// As it comes: at its heartbeat, and after each task.
    Heartbeat,
    /// With its own strategy for that, each [`OFTEN`].
    Often,
}

const OFTEN: Duration = Duration::from_millis(100);
/// More than a heartbeat.
const BROKEN: Duration = Duration::from_secs(90);

#[derive(Debug, Serialize, Deserialize)]
struct Task {
    number: usize,
}

/// Two workers, until this is dropped.
struct Alone {
    storage: RedisStorage<Task>,
    handled: mpsc::UnboundedReceiver<(usize, Instant)>,
    tells: mpsc::UnboundedSender<(usize, Instant)>,
    workers: JoinSet<()>,
    config: Config,
    url: String,
}

/// Handled tasks a second: all are pushed, then the workers begin, until the last is handled.
pub async fn tasks(url: &str) -> Result<f64> {
    let mut alone = Alone::new(url).await?;
    for number in 0..RUNS {
        alone.storage.push(Task { number }).await?;
    }
    quiet().await;
    let begin = Instant::now();
    alone.start(Look::Heartbeat).await?;
    let last = alone.all(RUNS).await?.into_values().max().context("no task was handled")?;
    Ok(RUNS as f64 / (last - begin).as_secs_f64())
}

/// From the call of `push` until the handler is called, in ms.
pub async fn pushed(url: &str, look: Look) -> Result<Vec<f64>> {
    let mut alone = Alone::new(url).await?;
    alone.start(look).await?;
    quiet().await;
    // Over a whole heartbeat, so that each moment of it has its share.
    let pause = match look {
        Look::Heartbeat => alone.config.heartbeat_interval / ASKS as u32,
        Look::Often => Duration::from_millis(20),
    };
    let mut tick = interval(pause);
    let mut begun = Vec::new();
    for number in 0..ASKS {
        tick.tick().await;
        begun.push(Instant::now());
        alone.storage.push(Task { number }).await?;
    }
    let handled = alone.all(ASKS).await?;
    Ok(handled.into_iter().map(|(number, at)| ms(at - begun[number])).collect())
}

impl Alone {
    /// With a queue of its own.
    async fn new(url: &str) -> Result<Self> {
        let config = Config::default().queue(format!("alone:{}", Uuid::new_v4()));
        let (tells, handled) = mpsc::unbounded_channel();
        let storage =
            RedisStorage::new(apalis_redis::connect(url).await?).with_config(config.clone());
        Ok(Self { storage, handled, tells, workers: JoinSet::new(), config, url: url.to_owned() })
    }

    async fn start(&mut self, look: Look) -> Result<()> {
        for _ in 0..2 {
            let connection = apalis_redis::connect(self.url.as_str()).await?;
            let backend = RedisStorage::<Task>::new(connection).with_config(self.config.clone());
            let tells = self.tells.clone();
            let handler = move |task: Task| {
                let _ = tells.send((task.number, Instant::now()));
                std::future::ready(())
            };
            let worker = WorkerBuilder::new(format!("worker-{}", Uuid::new_v4()));
            match look {
                Look::Heartbeat => {
                    let worker = worker.backend(backend).build(handler);
                    self.workers.spawn(async move { drop(worker.run().await) });
                }
                Look::Often => {
                    let backend = backend.poll_with_strategy(IntervalStrategy::new(OFTEN));
                    let worker = worker.backend(backend).build(handler);
                    self.workers.spawn(async move { drop(worker.run().await) });
                }
            }
        }
        Ok(())
    }

    /// When each of so many tasks was handled first; it may be handled twice.
    async fn all(&mut self, count: usize) -> Result<HashMap<usize, Instant>> {
        let mut handled = HashMap::new();
        while handled.len() < count {
            let next = timeout(BROKEN, self.handled.recv()).await;
            let (number, at) =
                next.context("apalis handles no task any more")?.context("no worker")?;
            handled.entry(number).or_insert(at);
        }
        Ok(handled)
    }
}
