//! A full disk, and a database that goes away and comes back: nothing is lost, and the
//! same store works again.

use std::time::{Duration, Instant};

use groundcrew::model::Lease;
use groundcrew::store::{Store, StoreError};

use crate::harness::{LEASE, at, block_on, chunk, is, new_run, new_server, now, schema, until};
use crate::postgres::Cluster;
use crate::watchdog::Watchdog;

/// The lease of a run in a store that was empty.
async fn claimed(store: &Store) -> Lease {
    store.migrate().await.expect("the schema");
    let (server, _) = store.add_server(&new_server("a"), |_| None).await.expect("added");
    let run = new_run(server.id);
    store.ask(&run).await.expect("asked");
    let claimed = store.claim(&run.id, "w", LEASE).await.expect("an answer").expect("a claim");
    claimed.claim.lease
}

#[test]
fn full_disk_under_sqlite() {
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().display();
        let mount = format!("mount -t tmpfs -o size=1m,mode=700 groundcrew-test '{path}'");
        let _disk = Watchdog::new(&mount, &format!("umount -l '{path}'"));
        let store = Store::open(&format!("sqlite:{path}/fleet.db"), true).await.expect("made");
        let lease = claimed(&store).await;

        let mut written = 0;
        let error = loop {
            let next = chunk(written, &[7; 20_000]);
            match store.append_output(&lease, &at(""), &next).await {
                Ok(kept) => written += kept as u64,
                Err(error) => break error,
            }
            assert!(written < 2_000_000, "the disk never was full");
        };
        is!(&error, StoreError::DiskFull { .. });
        assert!(error.is_temporary() && error.to_string().contains("fleet.db"), "{error}");
        // Still full, still the same answer, and reading works.
        is!(
            store.append_output(&lease, &at(""), &chunk(written, &[7; 200_000])).await,
            Err(StoreError::DiskFull { .. })
        );
        let run = store.run(&lease.run).await.expect("an answer").expect("the run").run;
        assert_eq!(run.output_bytes, written as i64, "what was confirmed is there");

        let grown = format!("mount -o remount,size=8m '{path}'");
        let _grown = Watchdog::new(&grown, "true");
        store.append_output(&lease, &at("1\n"), &chunk(written, b"more")).await.expect("room");
        let _ = store.start_step(&lease, &at("2\n"), 1, now()).await.expect("started");
    });
}

#[test]
fn postgres_goes_away_and_comes_back() {
    block_on(async {
        let cluster = Cluster::start();
        let store = Store::open(&schema(&cluster).await, false).await.expect("open");
        let lease = claimed(&store).await;

        cluster.down();
        for _ in 0..3 {
            let started = Instant::now();
            let error = store.renew(&lease, LEASE).await.expect_err("it is away");
            assert!(error.is_temporary(), "{error:?}");
            is!(error, StoreError::Unreachable { .. });
            assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        }
        cluster.up();
        until("the store works again", || async { store.renew(&lease, LEASE).await.is_ok() }).await;
        let _ = store.start_step(&lease, &at("1\n"), 1, now()).await.expect("started");

        // A restart between two calls is not even noticed.
        cluster.down();
        cluster.up();
        store.servers().await.expect("all");
        store.renew(&lease, LEASE).await.expect("renewed");
    });
}

/// A database that says nothing is given up on, and its connections with it.
#[test]
fn postgres_falls_silent() {
    block_on(async {
        let cluster = Cluster::start();
        let store = Store::open(&schema(&cluster).await, false).await.expect("open");
        store.migrate().await.expect("the schema");
        store.servers().await.expect("all");
        cluster.signal("STOP");
        let started = Instant::now();
        let error = store.servers().await.expect_err("it is silent");
        cluster.signal("CONT");
        assert!(error.is_temporary(), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(16), "{:?}", started.elapsed());
        until("the store works again", || async { store.servers().await.is_ok() }).await;
    });
}
