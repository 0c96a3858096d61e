//! A worker that does nothing but note which hints it heard.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use groundcrew::queue::Queue;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

pub struct Ear {
    heard: Arc<Mutex<Vec<String>>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Ear {
    pub fn new(queue: &Queue) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (stop, stopped) = watch::channel(false);
        let (queue, notes) = (queue.clone(), heard.clone());
        let task = tokio::spawn(async move {
            let take = move |run: String| {
                let notes = notes.clone();
                Box::pin(async move { notes.lock().unwrap().push(run) }) as _
            };
            queue.listen("ear", take, stopped).await;
        });
        Self { heard, stop, task }
    }

    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub fn has_heard(&self, run: &str) -> bool {
        self.heard.lock().unwrap().iter().any(|heard| heard == run)
    }

    /// Waits for this run's hint.
    pub async fn hears(&self, run: &str) {
        until(&format!("the hint {run} is heard"), 20, || self.has_heard(run)).await;
    }

    /// After trouble: hints until one is heard, and then that the next one is heard, too.
    pub async fn hears_again(&self, queue: &Queue) {
        let begin = Instant::now();
        for number in 0.. {
            assert!(!self.task.is_finished(), "listen has returned");
            assert!(begin.elapsed() < Duration::from_secs(20), "no hint is heard any more");
            let run = format!("again-{number}");
            let _ = queue.hint(&run).await;
            sleep(Duration::from_millis(100)).await;
            if self.has_heard(&run) {
                break;
            }
        }
        println!("heard again after {:?}", begin.elapsed());
        queue.hint("after").await.unwrap();
        self.hears("after").await;
    }

    /// Stops, and says what was heard.
    pub async fn stop(self) -> Vec<String> {
        self.stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(5), self.task)
            .await
            .expect("listen returns soon when it is told to")
            .unwrap();
        self.heard.lock().unwrap().clone()
    }
}

/// Waits until something is so; fails after this many seconds.
pub async fn until(what: &str, seconds: u64, mut so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !so() {
        assert!(begin.elapsed() < Duration::from_secs(seconds), "not after {seconds} s: {what}");
        sleep(Duration::from_millis(1)).await;
    }
}
