//! What stays in Redis, and what is broken there.

use std::collections::BTreeSet;
use std::time::Duration;

use groundcrew::queue::Queue;
use tokio::time::{Instant, sleep};

use crate::ear::{Ear, until};
use crate::server::Server;

async fn keys(server: &Server) -> BTreeSet<String> {
    server.ask("KEYS test:*").await
}

#[tokio::test]
async fn nothing_stays_of_a_thousand() {
    let server = Server::start().await;
    let queue = Queue::redis(&server.url, "test:").await.unwrap();
    for number in 0..1000 {
        queue.hint(&format!("run-{number}")).await.unwrap();
    }
    let (begin, ear) = (Instant::now(), Ear::new(&queue));
    until("all are heard", 30, || ear.heard().len() == 1000).await;
    println!("{:.0} hints a second", 1000.0 / begin.elapsed().as_secs_f64());
    ear.stop().await;
    queue.tidy().await.unwrap();
    assert_eq!(keys(&server).await, BTreeSet::new());
}

#[tokio::test]
async fn tidy_keeps_what_is_live() {
    let server = Server::start().await;
    let queue = Queue::redis(&server.url, "test:").await.unwrap();
    let waiting: BTreeSet<String> = (0..10).map(|number| format!("run-{number}")).collect();
    for run in &waiting {
        queue.hint(run).await.unwrap();
    }
    let before = keys(&server).await;
    for number in 0..3000 {
        let data = format!(r#"HSET test:runs:data old-{number} {{"run_id":"x"}}"#);
        let () = server.ask(&data).await;
        if number % 10 == 0 {
            let () = server.ask(&format!("HSET test:runs:meta:old-{number} attempts 1")).await;
            let () = server.ask(&format!("SADD test:runs:done old-{number}")).await;
        }
    }
    // A worker that apalis forgot, one that nobody heard of for long, with a hint, and
    // keys that only look like ours.
    let () = server.ask("HSET test:runs:workers:metadata:gone service x").await;
    let () = server.ask("HSET test:runs:workers:metadata:silent service x").await;
    let () = server.ask("ZADD test:runs:workers 1000 silent").await;
    let () = server.ask(r#"HSET test:runs:data held {"run_id":"held"}"#).await;
    let () = server.ask("HSET test:runs:meta:held attempts 0 max_attempts 1 status Pending").await;
    let () = server.ask("SADD test:runs:inflight:silent held").await;
    let () = server.ask("SET test:runsaway 1").await;

    let removed = queue.tidy().await.unwrap();
    assert!(removed >= 3000, "{removed}");
    let () = server.ask("DEL test:runsaway").await;
    // The hint that was held waits now, under another id.
    let after = keys(&server).await;
    assert_eq!(after.difference(&before).count(), 1, "{after:?}");
    assert!(after.is_superset(&before));
    assert_eq!(server.ask::<usize>("HLEN test:runs:data").await, 11);
    let mut all = waiting;
    all.insert("held".to_owned());
    let ear = Ear::new(&queue);
    until("all are heard", 20, || ear.heard().len() == 11).await;
    // Also beside a worker that lives.
    queue.tidy().await.unwrap();
    queue.hint("last").await.unwrap();
    all.insert("last".to_owned());
    ear.hears("last").await;
    assert_eq!(BTreeSet::from_iter(ear.stop().await), all);
}

#[tokio::test]
async fn what_cant_be_read_is_skipped() {
    let server = Server::start().await;
    let queue = Queue::redis(&server.url, "test:").await.unwrap();
    let ear = Ear::new(&queue);
    queue.hint("before").await.unwrap();
    ear.hears("before").await;
    let sound = "attempts 0 max_attempts 1 status Pending";
    for line in [
        "RPUSH test:runs:active no-data".to_owned(),
        r#"HSET test:runs:data no-meta {"run_id":"x"}"#.to_owned(),
        "RPUSH test:runs:active no-meta".to_owned(),
        "HSET test:runs:data no-json {".to_owned(),
        format!("HSET test:runs:meta:no-json {sound}"),
        "RPUSH test:runs:active no-json".to_owned(),
        r#"HSET test:runs:data odd {"run":7}"#.to_owned(),
        format!("HSET test:runs:meta:odd {sound}"),
        "RPUSH test:runs:active odd".to_owned(),
        r#"HSET test:runs:data odd-meta {"run_id":"odd"}"#.to_owned(),
        "HSET test:runs:meta:odd-meta attempts x max_attempts 1 status Pending".to_owned(),
        "RPUSH test:runs:active odd-meta".to_owned(),
        r#"HSET test:runs:data meta-is-text {"run_id":"x"}"#.to_owned(),
        "SET test:runs:meta:meta-is-text x".to_owned(),
        "RPUSH test:runs:active meta-is-text".to_owned(),
    ] {
        let () = server.ask(&line).await;
        queue.hint(&format!("after {line}")).await.unwrap();
    }
    for broken in [&b"\xff\xfe"[..], b"", b"\0"] {
        let mut push = redis::cmd("RPUSH");
        let () = server.ask_with(push.arg("test:runs:active").arg(broken)).await;
    }
    for number in 0..3000 {
        let mut push = redis::cmd("RPUSH");
        let () = server.ask_with(push.arg("test:runs:active").arg(number)).await;
    }
    let begin = Instant::now();
    queue.hint("last").await.unwrap();
    ear.hears("last").await;
    println!("heard after {:?}", begin.elapsed());
    assert_eq!(server.ask::<usize>("LLEN test:runs:active").await, 0);
    ear.hears_again(&queue).await;
    ear.stop().await;
    queue.tidy().await.unwrap();
    assert_eq!(keys(&server).await, BTreeSet::new());
}

#[tokio::test]
async fn keys_of_another_kind_are_removed() {
    let server = Server::start().await;
    let queue = Queue::redis(&server.url, "test:").await.unwrap();
    let ear = Ear::new(&queue);
    queue.hint("before").await.unwrap();
    ear.hears("before").await;
    let other = Queue::redis(&server.url, "other:").await.unwrap();
    let () = server.ask("SET other:runs:active x").await;
    let error = other.hint("run").await.unwrap_err();
    assert!(error.to_string().contains("wrong kind"), "{error}");
    for key in ["active", "data", "workers", "scheduled"] {
        let () = server.ask(&format!("SET test:runs:{key} x")).await;
        sleep(Duration::from_millis(300)).await;
        ear.hears_again(&queue).await;
    }
}
