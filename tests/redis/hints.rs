//! Hints in a calm Redis, and in memory.

use std::time::Duration;

use futures_util::future::BoxFuture;
use groundcrew::queue::Queue;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::ear::{Ear, until};
use crate::server::Server;

#[tokio::test]
async fn an_idle_worker_hears_at_once() {
    let server = Server::start().await;
    let queue = Queue::redis(&server.url, "test:").await.unwrap();
    let ear = Ear::new(&queue);
    queue.hint("first").await.unwrap();
    ear.hears("first").await;
    let mut delays = Vec::new();
    for number in 0..50 {
        let (run, begin) = (format!("run-{number}"), Instant::now());
        queue.hint(&run).await.unwrap();
        ear.hears(&run).await;
        delays.push(begin.elapsed());
    }
    delays.sort();
    println!("median {:?}, worst {:?}", delays[25], delays[49]);
    // Each is asked for just after a poll: without wake-ups it would be 200 ms.
    assert!(delays[25] < Duration::from_millis(150), "{delays:?}");
}

#[tokio::test]
async fn each_hint_reaches_one_of_three_workers() {
    let server = Server::start().await;
    each_hint_reaches_one(Queue::redis(&server.url, "test:").await.unwrap()).await;
    each_hint_reaches_one(Queue::memory()).await;
}

async fn each_hint_reaches_one(queue: Queue) {
    let ears = [(); 3].map(|()| Ear::new(&queue));
    let runs: Vec<String> = (0..300).map(|number| format!("run-{number:03}")).collect();
    for run in &runs {
        queue.hint(run).await.unwrap();
    }
    until("all are heard", 20, || ears.iter().map(|ear| ear.heard().len()).sum::<usize>() >= 300)
        .await;
    let mut heard = Vec::new();
    for ear in ears {
        heard.extend(ear.stop().await);
    }
    heard.sort();
    assert_eq!(heard, runs);
}

#[tokio::test]
async fn clones_and_other_prefixes() {
    let server = Server::start().await;
    let queue = Queue::redis(&server.url, "test:").await.unwrap();
    let other = Queue::redis(&server.url, "other:").await.unwrap();
    let (ear, stranger) = (Ear::new(&queue.clone()), Ear::new(&other));
    queue.hint("ours").await.unwrap();
    ear.hears("ours").await;
    other.hint("theirs").await.unwrap();
    stranger.hears("theirs").await;
    assert_eq!(
        (ear.stop().await, stranger.stop().await),
        (vec!["ours".into()], vec!["theirs".into()])
    );
}

#[tokio::test]
async fn a_panic_harms_nobody() {
    let server = Server::start().await;
    a_panic_harms(Queue::redis(&server.url, "test:").await.unwrap()).await;
    a_panic_harms(Queue::memory()).await;
}

async fn a_panic_harms(queue: Queue) {
    let (heard, mut hears) = mpsc::unbounded_channel();
    let take = move |run: String| -> BoxFuture<'static, ()> {
        let heard = heard.clone();
        assert_ne!(run, "before the future", "as the test wants it");
        Box::pin(async move {
            assert_ne!(run, "in the future", "as the test wants it");
            heard.send(run).unwrap();
        })
    };
    let (stop, stopped) = watch::channel(false);
    let listening = tokio::spawn({
        let queue = queue.clone();
        async move { queue.listen("ear", take, stopped).await }
    });
    for run in ["before the future", "in the future", "sound"] {
        queue.hint(run).await.unwrap();
    }
    assert_eq!(hears.recv().await.unwrap(), "sound");
    // Whoever held the sender is gone: that means stop, too.
    drop(stop);
    tokio::time::timeout(Duration::from_secs(5), listening).await.unwrap().unwrap();
}

/// A worker that leaves while it looks at a run gives the hint to another.
#[tokio::test]
async fn who_leaves_passes_hints_on() {
    let server = Server::start().await;
    let queue = Queue::redis(&server.url, "test:").await.unwrap();
    let (heard, mut hears) = mpsc::unbounded_channel();
    let take = move |run: String| -> BoxFuture<'static, ()> {
        heard.send(run).unwrap();
        Box::pin(std::future::pending())
    };
    let (stop, stopped) = watch::channel(false);
    let listening = tokio::spawn({
        let queue = queue.clone();
        async move { queue.listen("slow", take, stopped).await }
    });
    queue.hint("run").await.unwrap();
    assert_eq!(hears.recv().await.unwrap(), "run");
    stop.send(true).unwrap();
    tokio::time::timeout(Duration::from_secs(5), listening).await.unwrap().unwrap();
    Ear::new(&queue).hears("run").await;
}

/// What a worker fetched before it was killed is for others, half a minute later.
#[tokio::test]
async fn hints_of_a_dead_worker_are_heard() {
    let server = Server::start().await;
    let queue = Queue::redis(&server.url, "test:").await.unwrap();
    queue.hint("run").await.unwrap();
    let now = jiff::Timestamp::now().as_second();
    let task: String = server.ask("LPOP test:runs:active").await;
    let () = server.ask(&format!("SADD test:runs:inflight:dead {task}")).await;
    let () = server.ask(&format!("ZADD test:runs:workers {} dead", now - 35)).await;
    Ear::new(&queue).hears("run").await;
}

/// A worker whose claims hang is none that is dead: its hints stay with it.
#[tokio::test]
async fn a_slow_worker_keeps_its_heartbeat() {
    let server = Server::start().await;
    let queue = Queue::redis(&server.url, "test:").await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    let (heard, mut hears) = mpsc::unbounded_channel();
    let take = move |run: String| -> BoxFuture<'static, ()> {
        heard.send(run).unwrap();
        Box::pin(std::future::pending())
    };
    tokio::spawn({
        let queue = queue.clone();
        async move { queue.listen("slow", take, stopped).await }
    });
    queue.hint("run").await.unwrap();
    hears.recv().await.unwrap();
    let alive =
        async || server.ask::<Vec<(String, i64)>>("ZRANGE test:runs:workers 0 -1 WITHSCORES").await;
    let (name, first) = alive().await.remove(0);
    let begin = Instant::now();
    loop {
        assert!(begin.elapsed() < Duration::from_secs(20), "no heartbeat");
        let now = alive().await;
        assert_eq!((now.len(), &now[0].0), (1, &name));
        if now[0].1 > first {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
