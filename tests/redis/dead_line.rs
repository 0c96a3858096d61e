//! Lines that go dead without an end, as behind a firewall that forgot them: nothing
//! comes any more, and nobody says so. New connections work.

use std::time::Duration;

use groundcrew::bus::{Bus, Heard};
use groundcrew::queue::Queue;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::bus::{changed, next};
use crate::bus_trouble::announces_again;
use crate::ear::Ear;
use crate::server::Server;

/// Between a Redis and its clients.
struct Line {
    url: String,
    deaths: watch::Sender<u32>,
}

impl Line {
    async fn to(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let (deaths, dies) = watch::channel(0);
        let port = server.port;
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut dies = dies.clone();
                dies.mark_unchanged();
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        // Held open, so that nobody hears of it.
                        _ = dies.changed() => std::future::pending().await,
                    }
                });
            }
        });
        Self { url, deaths }
    }

    /// All connections that are open now go dead.
    fn dies(&self) {
        self.deaths.send_modify(|deaths| *deaths += 1);
    }
}

#[tokio::test]
async fn the_queue_comes_back() {
    let server = Server::start().await;
    let line = Line::to(&server).await;
    let queue = Queue::redis(&line.url, "test:").await.unwrap();
    let ear = Ear::new(&queue);
    queue.hint("first").await.unwrap();
    ear.hears("first").await;
    line.dies();
    assert!(queue.hint("lost").await.is_err());
    queue.hint("next").await.unwrap();
    ear.hears("next").await;
    ear.hears_again(&queue).await;
}

#[tokio::test]
async fn the_bus_comes_back() {
    let server = Server::start().await;
    let line = Line::to(&server).await;
    let bus = Bus::redis(&line.url, "test:").await.unwrap();
    let mut all = bus.subscribe(None).await.unwrap();
    line.dies();
    let begin = Instant::now();
    assert!(bus.announce(&changed(7)).await.is_err());
    assert!(begin.elapsed() < Duration::from_millis(2500));
    // The listener notices by itself.
    assert_eq!(next(&mut all).await, Heard::Away);
    println!("away after {:?}", begin.elapsed());
    announces_again(&bus).await;
    assert_eq!(next(&mut all).await, Heard::Changed { server_id: 1 });
}
