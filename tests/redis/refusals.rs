//! A Redis that can't be used: one clear message, which never holds the password.

use std::time::Duration;

use groundcrew::bus::Bus;
use groundcrew::queue::Queue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::server::Server;

/// Neither the queue nor the bus can use it, and both say this.
async fn refused(url: &str, says: &[&str]) {
    let begin = Instant::now();
    let queue = Queue::redis(url, "test:").await.err().expect("no queue").to_string();
    let bus = Bus::redis(url, "test:").await.err().expect("no bus").to_string();
    assert!(begin.elapsed() < Duration::from_secs(12));
    println!("{queue}\n{bus}");
    for message in [queue, bus] {
        for word in says {
            assert!(message.contains(word), "{word:?} is not in: {message}");
        }
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[tokio::test]
async fn no_address() {
    refused("postgres://user:hunter2@localhost/x", &["REDIS_URL", "redis://"]).await;
    refused("not an address hunter2", &["REDIS_URL", "redis://"]).await;
}

#[tokio::test]
async fn nobody_there() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let place = format!("127.0.0.1:{port}");
    refused(&format!("redis://:hunter2@{place}"), &[&place, "refused", "Is it running"]).await;
    refused("redis://no-such-host.invalid", &["no-such-host.invalid", "REDIS_URL"]).await;
}

#[tokio::test]
async fn a_password() {
    let server = Server::start_with(&["--requirepass", "right"]).await;
    let place = format!("127.0.0.1:{}", server.port);
    refused(&format!("redis://{place}"), &[&place, "password"]).await;
    refused(&format!("redis://:hunter2@{place}"), &[&place, "password"]).await;
    let url = format!("redis://:right@{place}/3");
    Queue::redis(&url, "test:").await.unwrap().ping().await.unwrap();
    Bus::redis(&url, "test:").await.unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn not_a_redis() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 64]).await;
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            });
        }
    });
    refused(&format!("redis://{place}"), &[&place, "REDIS_URL"]).await;
}

#[tokio::test]
async fn silence() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap().to_string();
    refused(&format!("redis://{place}"), &[&place, "did not answer"]).await;
}
