//! Redis in trouble, and hints after it. `listen` never returns.

use std::time::Duration;

use groundcrew::queue::{Queue, QueueError};
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use crate::ear::{Ear, until};
use crate::log::Log;
use crate::server::Server;

async fn calm() -> (Server, Queue, Ear) {
    let server = Server::start().await;
    let queue = Queue::redis(&server.url, "test:").await.unwrap();
    let ear = Ear::new(&queue);
    queue.hint("first").await.unwrap();
    ear.hears("first").await;
    (server, queue, ear)
}

#[tokio::test]
async fn killed_and_started_again() {
    let log = Log::default();
    let _guard = log.listen();
    let (mut server, queue, ear) = calm().await;
    server.kill();
    let begin = Instant::now();
    let error = queue.hint("lost").await.unwrap_err();
    assert!(begin.elapsed() < Duration::from_millis(2500));
    assert!(error.to_string().contains(&server.port.to_string()), "{error}");
    assert!(queue.ping().await.is_err());
    sleep(Duration::from_secs(3)).await;
    server.restart().await;
    ear.hears_again(&queue).await;
    queue.ping().await.unwrap();
    // It is said once that it was away, and once that it is back.
    until("the log says so", 10, || log.lines().len() == 2).await;
    let lines = log.lines();
    assert!(
        lines[0].contains("no hints are heard") && lines[1].contains("heard again"),
        "{lines:?}"
    );
}

#[tokio::test]
async fn flushed() {
    let (server, queue, ear) = calm().await;
    let () = server.ask("FLUSHALL").await;
    ear.hears_again(&queue).await;
}

#[tokio::test]
async fn connections_cut() {
    let (server, queue, ear) = calm().await;
    for kind in ["normal", "pubsub"] {
        let _: i64 = server.ask(&format!("CLIENT KILL TYPE {kind}")).await;
        ear.hears_again(&queue).await;
    }
}

#[tokio::test]
async fn stalled() {
    let (server, queue, ear) = calm().await;
    server.signal(Signal::STOP);
    let begin = Instant::now();
    let error = queue.hint("late").await.unwrap_err();
    assert!(matches!(error, QueueError::Silent { .. }), "{error}");
    assert!(begin.elapsed() < Duration::from_millis(2500));
    sleep(Duration::from_secs(1)).await;
    server.signal(Signal::CONT);
    // It was written all the same, and only the answer came too late.
    ear.hears("late").await;
    ear.hears_again(&queue).await;
}

/// Longer than apalis' worker waits.
#[tokio::test]
async fn stalled_for_long() {
    let (server, queue, ear) = calm().await;
    server.signal(Signal::STOP);
    sleep(Duration::from_secs(13)).await;
    server.signal(Signal::CONT);
    ear.hears_again(&queue).await;
}

#[tokio::test]
async fn full() {
    let (server, queue, ear) = calm().await;
    let () = server.ask("CONFIG SET maxmemory 1").await;
    let error = queue.hint("too much").await.unwrap_err();
    assert!(error.to_string().contains("maxmemory"), "{error}");
    sleep(Duration::from_secs(2)).await;
    let () = server.ask("CONFIG SET maxmemory 0").await;
    ear.hears_again(&queue).await;
    assert!(!ear.has_heard("too much"));
}

/// A password that we don't have is no reason to give up: it may be a mistake.
#[tokio::test]
async fn locked_out() {
    let (mut server, queue, ear) = calm().await;
    server.lock_out().await;
    let error = queue.hint("refused").await.unwrap_err();
    assert!(error.to_string().contains("password"), "{error}");
    sleep(Duration::from_secs(2)).await;
    server.let_in().await;
    ear.hears_again(&queue).await;
}
