//! Output is kept byte for byte, up to a limit, and for a while.

use std::time::Duration;

use groundcrew::model::{AttemptRecord, Chunk};
use tokio::time::sleep;

use crate::harness::{Database, LEASE, at, chunk, on_both};

on_both!(byte_for_byte, again, in_pieces, cut, pruned);

async fn byte_for_byte(db: Database) {
    let claim = db.claimed().await;
    let all: Vec<u8> = (0..=255).collect();
    let at = AttemptRecord { output: 256, lost: 3, ..at("1 begin\n") };
    db.store.append_output(&claim.lease, &at, &chunk(0, &all)).await.expect("appended");
    let second = Chunk { attempt: 2, offset: 0, step: 2, bytes: b"\xff\0".to_vec() };
    let later = AttemptRecord { number: 2, output: 2, ..crate::harness::at("") };
    db.store.append_output(&claim.lease, &later, &second).await.expect("appended");
    let output = db.store.output(&claim.run.id, (0, 0), 1 << 20).await.expect("output");
    assert_eq!(output, [chunk(0, &all), second.clone()]);
    assert_eq!(db.store.output(&claim.run.id, (1, 256), 9).await.expect("output"), [second]);
    db.store.hand_back(&claim.lease).await.expect("handed back");
    let claim = db.claim(&claim.run.id).await;
    assert_eq!((claim.run.output_bytes, claim.run.output_cut), (258, false));
    assert_eq!(claim.attempts, [at, later]);
}

/// A chunk whose answer was lost is appended again, and is there once.
async fn again(db: Database) {
    let claim = db.claimed().await;
    for _ in 0..2 {
        let kept = db.store.append_output(&claim.lease, &at("1\n"), &chunk(0, b"text")).await;
        assert_eq!(kept.expect("appended"), 4);
    }
    let run = db.store.run(&claim.run.id).await.expect("an answer").expect("the run").run;
    assert_eq!(run.output_bytes, 4);
    assert_eq!(db.store.output(&claim.run.id, (0, 0), 99).await.expect("output").len(), 1);
}

async fn in_pieces(db: Database) {
    let claim = db.claimed().await;
    for number in 0..100_u64 {
        let chunk = chunk(number * 3, format!("{number:03}").as_bytes());
        db.store.append_output(&claim.lease, &at(""), &chunk).await.expect("appended");
    }
    let output =
        async |from, most| db.store.output(&claim.run.id, from, most).await.expect("output");
    assert_eq!(output((0, 0), 0).await.len(), 1, "at least one");
    assert_eq!(output((0, 0), 4).await.len(), 2, "whole ones");
    assert_eq!(output((0, 0), 1000).await.len(), 100);
    assert_eq!(output((1, 6), 3).await[0].bytes, b"002");
    assert!(output((1, 300), 3).await.is_empty());
    let text: Vec<u8> = output((0, 0), 1000).await.into_iter().flat_map(|c| c.bytes).collect();
    assert_eq!(text, (0..100).map(|n| format!("{n:03}")).collect::<String>().into_bytes());
}

/// Beyond the limit output is counted, not kept, and the run says so.
async fn cut(db: Database) {
    let store = db.store.clone().with_output_limit(10);
    let claim = db.claimed().await;
    let seen = async || {
        let run = store.run(&claim.run.id).await.expect("an answer").expect("the run").run;
        let output = store.output(&claim.run.id, (0, 0), 99).await.expect("output");
        let text: Vec<u8> = output.into_iter().flat_map(|chunk| chunk.bytes).collect();
        (run.output_bytes, run.output_cut, String::from_utf8(text).expect("text"))
    };
    let append =
        async |chunk| store.append_output(&claim.lease, &at(""), &chunk).await.expect("ok");
    assert_eq!(append(chunk(0, b"0123456789")).await, 10);
    assert_eq!(seen().await, (10, false, "0123456789".to_owned()));
    assert_eq!(append(chunk(10, b"abc")).await, 0);
    assert_eq!(seen().await, (13, true, "0123456789".to_owned()));
    append(chunk(13, b"def")).await;
    assert_eq!(seen().await, (16, true, "0123456789".to_owned()));

    db.store.hand_back(&claim.lease).await.expect("handed back");
    let run = db.claim(&claim.run.id).await;
    db.finish(&run).await;
    let next = db.claim(&db.ask(&claim.server).await).await;
    let kept = store.append_output(&next.lease, &at(""), &chunk(0, b"0123456789abc")).await;
    assert_eq!(kept.expect("appended"), 10);
    let output = store.output(&next.run.id, (0, 0), 99).await.expect("output");
    assert_eq!(output, [chunk(0, b"0123456789")], "up to the limit");
}

async fn pruned(db: Database) {
    let old = db.claimed().await;
    for number in 0..100_u64 {
        let chunk = chunk(number * 4, b"text");
        db.store.append_output(&old.lease, &at(""), &chunk).await.expect("appended");
    }
    let prune = async |age| db.store.prune_output(age).await.expect("pruned");
    assert_eq!(prune(Duration::ZERO).await, 0, "it has not ended");
    db.finish(&old).await;
    let young = db.claim(&db.ask(&old.server).await).await;
    db.store.append_output(&young.lease, &at(""), &chunk(0, b"young")).await.expect("appended");
    assert_eq!(prune(LEASE).await, 0, "it ended just now");
    // Ids say how old a run is at most: time has to pass.
    sleep(Duration::from_millis(20)).await;
    assert_eq!(prune(Duration::from_millis(10)).await, 400);
    assert!(db.store.output(&old.run.id, (0, 0), 9).await.expect("output").is_empty());
    assert_eq!(db.store.output(&young.run.id, (0, 0), 9).await.expect("output").len(), 1);
}
