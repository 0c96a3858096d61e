//! Redis in trouble: a listener is told that it was away, once it hears again.

use std::time::Duration;

use groundcrew::bus::{Bus, Heard};
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use crate::bus::{changed, next, silent};
use crate::server::Server;

/// Announces until it works.
pub async fn announces_again(bus: &Bus) {
    let begin = Instant::now();
    while let Err(error) = bus.announce(&changed(1)).await {
        assert!(begin.elapsed() < Duration::from_secs(20), "{error}");
        sleep(Duration::from_millis(100)).await;
    }
    println!("announces again after {:?}", begin.elapsed());
}

#[tokio::test]
async fn killed_and_started_again() {
    let mut server = Server::start().await;
    let bus = Bus::redis(&server.url, "test:").await.unwrap();
    let mut one = bus.subscribe(Some(7)).await.unwrap();
    let mut all = bus.subscribe(None).await.unwrap();
    server.kill();
    for _ in 0..50 {
        let begin = Instant::now();
        let error = bus.announce(&changed(7)).await.unwrap_err();
        assert!(begin.elapsed() < Duration::from_millis(2500), "{error}");
        assert!(error.to_string().contains(&server.port.to_string()), "{error}");
    }
    assert!(bus.ping().await.is_err());
    sleep(Duration::from_secs(1)).await;
    server.restart().await;
    assert_eq!(next(&mut one).await, Heard::Away);
    assert_eq!(next(&mut all).await, Heard::Away);
    silent(&mut one).await;
    announces_again(&bus).await;
    // None of those that failed is announced late.
    assert_eq!(next(&mut all).await, Heard::Changed { server_id: 1 });
    bus.announce(&changed(7)).await.unwrap();
    assert_eq!(next(&mut one).await, Heard::Changed { server_id: 7 });
}

#[tokio::test]
async fn connections_cut() {
    let server = Server::start().await;
    let bus = Bus::redis(&server.url, "test:").await.unwrap();
    let mut all = bus.subscribe(None).await.unwrap();
    for kind in ["pubsub", "normal"] {
        let _: i64 = server.ask(&format!("CLIENT KILL TYPE {kind}")).await;
        if kind == "pubsub" {
            assert_eq!(next(&mut all).await, Heard::Away);
        }
        announces_again(&bus).await;
        assert_eq!(next(&mut all).await, Heard::Changed { server_id: 1 });
    }
}

/// As where a firewall begins to drop all packets: nobody says that the line is gone.
#[tokio::test]
async fn stalled() {
    let server = Server::start().await;
    let bus = Bus::redis(&server.url, "test:").await.unwrap();
    let mut all = bus.subscribe(None).await.unwrap();
    server.signal(Signal::STOP);
    let begin = Instant::now();
    assert!(bus.announce(&changed(7)).await.is_err());
    assert!(begin.elapsed() < Duration::from_millis(2500));
    // The listener notices while it listens.
    let noticed = tokio::time::timeout(Duration::from_secs(12), all.next()).await;
    assert!(noticed.is_err(), "{noticed:?}");
    server.signal(Signal::CONT);
    assert_eq!(next(&mut all).await, Heard::Away);
    announces_again(&bus).await;
    loop {
        match next(&mut all).await {
            Heard::Changed { server_id: 1 } => break,
            Heard::Changed { .. } => {}
            Heard::Away => panic!("away twice"),
        }
    }
}

/// A password that we don't have is no reason to give up: it may be a mistake.
#[tokio::test]
async fn locked_out() {
    let mut server = Server::start().await;
    let bus = Bus::redis(&server.url, "test:").await.unwrap();
    let mut all = bus.subscribe(None).await.unwrap();
    server.lock_out().await;
    assert!(bus.announce(&changed(7)).await.is_err());
    assert!(bus.subscribe(None).await.is_err());
    sleep(Duration::from_secs(2)).await;
    server.let_in().await;
    assert_eq!(next(&mut all).await, Heard::Away);
    announces_again(&bus).await;
    assert_eq!(next(&mut all).await, Heard::Changed { server_id: 1 });
}
