//! Output by its offset: one text over all chunks and attempts, that only grows.

use crate::harness::{Database, at, chunk, on_both};

on_both!(by_offset);

async fn by_offset(db: Database) {
    let claim = db.claimed().await;
    let (run, lease) = (&claim.run.id, &claim.lease);
    let append = async |attempt, offset, step, bytes: &[u8]| {
        let chunk = groundcrew::model::Chunk { attempt, step, ..chunk(offset, bytes) };
        let at = groundcrew::model::AttemptRecord { number: attempt, ..at("") };
        db.store.append_output(lease, &at, &chunk).await.expect("appended");
    };
    // The host lost some between 8 and 20, and there is another attempt.
    append(1, 0, 1, b"0123").await;
    append(1, 4, 2, b"4567").await;
    append(1, 20, 2, b"89").await;
    append(2, 0, 1, b"ab\0").await;
    let runs = [run.clone(), "none".to_owned()].into();
    let ends = db.store.output_ends(&runs).await.expect("ends");
    assert_eq!(ends.keys().collect::<Vec<_>>(), [run]);
    assert_eq!((ends[run].of(1), ends[run].of(2), ends[run].of(3)), (7, 6, 0));
    assert_eq!(ends[run].whole(), 13);
    let slice = async |step, offset, limit| {
        let slice = db.store.output_slice(run, step, offset, limit).await.expect("output");
        (slice.bytes, slice.whole)
    };
    let whole = b"0123456789ab\0";
    for offset in 0..=whole.len() {
        for limit in 1..=whole.len() + 2 {
            let end = (offset + limit).min(whole.len());
            let expected = (whole[offset..end].to_vec(), 13);
            assert_eq!(
                slice(None, offset as u64, limit as u64).await,
                expected,
                "{offset} {limit}"
            );
        }
    }
    assert_eq!(slice(Some(2), 3, 2).await, (b"78".to_vec(), 6));
    assert_eq!(slice(Some(1), 0, 99).await, (b"0123ab\0".to_vec(), 7));
    assert_eq!(slice(Some(9), 0, 99).await, (vec![], 0));
    assert_eq!(slice(None, u64::MAX, u64::MAX).await, (vec![], 13));
    let none = db.store.output_slice("none", None, 0, 9).await.expect("output");
    assert_eq!((none.bytes, none.whole), (vec![], 0));
}
