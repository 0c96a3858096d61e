//! Notifications in a calm Redis, and in memory.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use groundcrew::bus::{Bus, Heard, Listener};
use groundcrew::model::Changed;
use jiff::Timestamp;
use tokio::time::timeout;

use crate::server::Server;

pub fn changed(server_id: i64) -> Changed {
    Changed { server_id, revision: 42, at: Timestamp::now() }
}

/// The next that is heard, within 20 s.
pub async fn next(listener: &mut Listener) -> Heard {
    timeout(Duration::from_secs(20), listener.next()).await.expect("something is heard")
}

pub async fn silent(listener: &mut Listener) {
    let heard = timeout(Duration::from_millis(300), listener.next()).await;
    assert!(heard.is_err(), "{heard:?}");
}

#[tokio::test]
async fn the_message_is_laravels() {
    let server = Server::start().await;
    let bus = Bus::redis(&server.url, "test:").await.unwrap();
    let client = redis::Client::open(server.url.as_str()).unwrap();
    let mut subscription = client.get_async_pubsub().await.unwrap();
    subscription.psubscribe("*").await.unwrap();
    let before = Timestamp::now().as_second();
    bus.announce(&changed(7)).await.unwrap();
    let message = subscription.on_message().next().await.unwrap();
    assert_eq!(message.get_channel_name(), "test:private-servers.7.provision");
    let text: String = message.get_payload().unwrap();
    let (start, end) = (
        r#"{"event":"App\\Events\\ServerProvisionUpdated","data":{"server_id":7,"timestamp":""#,
        r#"","revision":42},"socket":null}"#,
    );
    let time = text.strip_prefix(start).and_then(|rest| rest.strip_suffix(end)).expect(&text);
    assert_eq!((time.len(), &time[23..]), (29, "+00:00"), "{time}");
    assert!((before..before + 10).contains(&time.parse::<Timestamp>().unwrap().as_second()));
}

#[tokio::test]
async fn one_server_or_all() {
    let server = Server::start().await;
    one_or_all(&Bus::redis(&server.url, "a*:").await.unwrap()).await;
    one_or_all(&Bus::memory()).await;
}

async fn one_or_all(bus: &Bus) {
    let mut one = bus.subscribe(Some(7)).await.unwrap();
    let mut all = bus.subscribe(None).await.unwrap();
    for id in [1, 7, 77, 7] {
        bus.announce(&changed(id)).await.unwrap();
    }
    for server_id in [1, 7, 77, 7] {
        assert_eq!(next(&mut all).await, Heard::Changed { server_id });
    }
    for _ in 0..2 {
        assert_eq!(next(&mut one).await, Heard::Changed { server_id: 7 });
    }
    silent(&mut one).await;
    silent(&mut all).await;
    bus.ping().await.unwrap();
}

#[tokio::test]
async fn another_prefix_and_others_messages_are_not_heard() {
    let server = Server::start().await;
    let bus = Bus::redis(&server.url, "a*:").await.unwrap();
    let other = Bus::redis(&server.url, "ab:").await.unwrap();
    let mut all = bus.subscribe(None).await.unwrap();
    other.announce(&changed(1)).await.unwrap();
    let () = server.ask("PUBLISH a*:private-servers.x.provision {}").await;
    bus.announce(&changed(2)).await.unwrap();
    assert_eq!(next(&mut all).await, Heard::Changed { server_id: 2 });
}

#[tokio::test]
async fn who_is_too_slow_is_told_to_fetch() {
    let server = Server::start().await;
    too_slow(&Bus::redis(&server.url, "test:").await.unwrap()).await;
    too_slow(&Bus::memory()).await;
}

async fn too_slow(bus: &Bus) {
    let mut all = bus.subscribe(None).await.unwrap();
    for id in 0..2000 {
        bus.announce(&changed(id)).await.unwrap();
    }
    // Some may have got through before; then, once, that some are missing, and all others.
    let (mut last, mut away) = (-1, 0);
    while last < 1999 {
        match next(&mut all).await {
            Heard::Changed { server_id } => {
                assert!(server_id == last + 1 || away == 1 && server_id > last, "after {last}");
                last = server_id;
            }
            Heard::Away => away += 1,
        }
    }
    assert_eq!(away, 1);
    silent(&mut all).await;
}

/// Asked in pieces that are much shorter than it takes to connect, as a display that is
/// drawn often does.
#[tokio::test]
async fn impatience_loses_nothing() {
    let mut server = Server::start().await;
    let bus = Bus::redis(&server.url, "test:").await.unwrap();
    let mut all = bus.subscribe(None).await.unwrap();
    let impatient = async |listener: &mut Listener| {
        let begin = tokio::time::Instant::now();
        loop {
            if let Ok(heard) = timeout(Duration::from_micros(200), listener.next()).await {
                return heard;
            }
            assert!(begin.elapsed() < Duration::from_secs(20), "nothing is heard");
        }
    };
    for server_id in 0..100 {
        bus.announce(&changed(server_id)).await.unwrap();
    }
    for server_id in 0..100 {
        assert_eq!(impatient(&mut all).await, Heard::Changed { server_id });
    }
    server.kill();
    server.restart().await;
    assert_eq!(impatient(&mut all).await, Heard::Away);
}

#[tokio::test]
async fn who_is_gone_leaves_no_connection() {
    let server = Server::start().await;
    let bus = Bus::redis(&server.url, "test:").await.unwrap();
    let listener = bus.subscribe(None).await.unwrap();
    let connected = async || server.ask::<String>("CLIENT LIST TYPE pubsub").await.lines().count();
    assert_eq!(connected().await, 1);
    drop(listener);
    drop(bus);
    let begin = tokio::time::Instant::now();
    while server.ask::<String>("CLIENT LIST").await.lines().count() > 1 {
        assert!(begin.elapsed() < Duration::from_secs(5), "connections stay");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What fred says of a new connection can come before anybody listens for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connects_at_once_every_time() {
    let server = Server::start().await;
    for count in 0..2000 {
        let began = Instant::now();
        let bus = Bus::redis(&server.url, "groundcrew:").await;
        assert!(
            bus.is_ok() && began.elapsed().as_secs() < 4,
            "connection {count}: {:?}",
            bus.err()
        );
    }
}
