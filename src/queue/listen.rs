//! Hears hints for as long as a worker lives. apalis' own worker ends at any error of
//! Redis, at a task that it can't read, after a `FLUSHALL`; so each is only one
//! session, and the next one begins with what the last one left.

use std::sync::Arc;
use std::time::Duration;

use apalis::layers::WorkerBuilderExt;
use apalis::prelude::{BackendExt, TaskId, WorkerBuilder};
use apalis_redis::{Config, ConnectionManager, RedisStorage};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::error::QueueError;
use super::pulse::Pulse;
use super::redis::{Hint, Redis};
use super::take::Take;
use crate::stop::stopped;

/// Redis may stall so long before a session ends over it.
const RESPONSE: Duration = Duration::from_secs(10);
/// How often a session says that it lives; after three times without, other workers
/// take over the hints that it has fetched.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// A session that lived so long is no part of the outage before it.
const STEADY: Duration = Duration::from_secs(1);
/// Between two sessions, and between two subscriptions to the wake-ups: the first and
/// the longest pause.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Clearing up after a session at the end of all may take so long.
const LEAVE: Duration = Duration::from_secs(2);

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error("the queue's worker ended: {0}")]
    Worker(String),
}

impl Redis {
    pub(super) async fn listen(
        self: &Arc<Self>,
        worker: &str,
        take: &Take,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut pause = PAUSES.0;
        let mut away = false;
        loop {
            // apalis refuses a name that it has heard of within a heartbeat.
            let name = format!("{worker}-{}", Uuid::new_v4());
            let ended = tokio::select! {
                ended = self.session(&name, take, &mut away, &mut pause) => ended,
                () = stopped(&mut stop) => {
                    // Hints that were fetched and not looked at are for others now.
                    let _ = timeout(LEAVE, self.forget(&name)).await;
                    return;
                }
            };
            if !away {
                tracing::warn!("no hints are heard for now, trying again: {ended}");
                away = true;
            }
            if let Ok(Ok(1..)) = timeout(LEAVE, self.forget(&name)).await {
                // It ended over what could not be read, and that is gone.
                pause = PAUSES.0;
            }
            tokio::select! {
                () = sleep(jittered(pause)) => pause = (pause * 2).min(PAUSES.1),
                () = stopped(&mut stop) => return,
            }
        }
    }

    /// Hears hints until something goes wrong.
    async fn session(
        self: &Arc<Self>,
        name: &str,
        take: &Take,
        away: &mut bool,
        pause: &mut Duration,
    ) -> Ended {
        let connection = match self.open(RESPONSE).await {
            Ok(connection) => connection,
            Err(error) => return error.into(),
        };
        let work = self.work(name, take, connection);
        tokio::pin!(work);
        tokio::select! {
            ended = &mut work => return ended,
            () = sleep(STEADY) => {}
        }
        if *away {
            tracing::warn!("hints are heard again");
            (*away, *pause) = (false, PAUSES.0);
        }
        work.await
    }

    /// apalis' worker. Each number here was measured: a larger batch makes tasks run
    /// twice, locks and results are events that get lost, and what it does not write
    /// needs no clearing.
    async fn work(
        self: &Arc<Self>,
        name: &str,
        take: &Take,
        connection: ConnectionManager,
    ) -> Ended {
        let config = Config::default()
            .queue(&self.keys.queue)
            .batch_size(1)
            .lock_tasks(false)
            .persist_results(false)
            .emit_events(false)
            .heartbeat_interval(HEARTBEAT)
            .missed_heartbeats(3);
        let (wake, pulse) = Pulse::new();
        let backend = RedisStorage::<Hint>::new(connection).with_config(config);
        let handler = {
            let (redis, take, name) = (Arc::clone(self), take.clone(), name.to_owned());
            move |hint: Hint, task: TaskId| {
                let (redis, take, name) = (redis.clone(), take.clone(), name.clone());
                async move {
                    take.call(hint.run_id).await;
                    redis.done(&name, &task.to_string()).await;
                }
            }
        };
        let worker = WorkerBuilder::new(name)
            .backend(backend.poll_with_strategy(pulse))
            .concurrency(1)
            .build(handler);
        let wakes = async {
            let mut pause = PAUSES.0;
            loop {
                // Without wake-ups the hints only come later, so nobody is told.
                let ended = self.wakes(|| _ = wake.try_send(())).await;
                pause = if ended.is_ok() { PAUSES.0 } else { (pause * 2).min(PAUSES.1) };
                sleep(jittered(pause)).await;
            }
        };
        tokio::select! {
            ended = worker.run() => match ended {
                Ok(()) => Ended::Worker("it was told to stop".to_owned()),
                Err(error) => Ended::Worker(error.to_string()),
            },
            () = wakes => unreachable!("wake-ups are waited for without an end"),
        }
    }
}

/// Workers that lost the same Redis come back one after the other.
fn jittered(pause: Duration) -> Duration {
    let random = f64::from(Uuid::new_v4().as_bytes()[0]) / 255.0;
    pause.mul_f64(0.5 + random / 2.0)
}
