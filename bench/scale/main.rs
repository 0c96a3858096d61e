//! What each question of pages and workers takes with 10,000 servers and 1,000,000 runs, on both
//! databases. See bench/README.md.

use std::time::{Duration, Instant};

use anyhow::Result;
use groundcrew::model::Lease;
use groundcrew::store::Store;
use groundcrew::worker::LEASE;

use fill::{Sample, Size, fill};
use reads::READS;
use table::{Figures, Table};

// The tests' own year of an installation, and what they ask of it.
#[path = "../../tests/scale/fill.rs"]
mod fill;
#[allow(dead_code, unused_imports, unused_macros, reason = "the tests use more of it")]
#[path = "../../tests/store/harness.rs"]
mod harness;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/store/postgres.rs"]
mod postgres;
#[path = "../../tests/scale/reads.rs"]
mod reads;
#[allow(dead_code, reason = "the other benches use more of it")]
#[path = "../fleet/table.rs"]
mod table;
#[path = "../../tests/store/watchdog.rs"]
mod watchdog;

const SIZE: Size =
    Size { servers: 10_000, runs: 1_000_000, pending: 5_000, installing: 500, chunks: 20_000 };
/// Each question is asked so often, ...
const TRIES: usize = 300;
/// ... but no longer than this.
const LONG: Duration = Duration::from_secs(3);
/// So many runs are worked on.
const RUNS: usize = 100;

/// In ms, in the order of the rows.
type Times = Vec<(&'static str, &'static str, Figures)>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let postgres = in_postgres().await?;
    let sqlite = in_sqlite().await?;
    let mut table =
        Table::new(&["who asks", "for what", "Postgres p50", "p99", "SQLite p50", "p99"]);
    for ((who, what, postgres), (.., sqlite)) in postgres.iter().zip(&sqlite) {
        let (postgres, sqlite) = (postgres.time(), sqlite.time());
        let times = [postgres.p50, postgres.p99, sqlite.p50, sqlite.p99];
        let times = times.map(|ms| format!("{ms:.2}"));
        let cells = [(*who).to_owned(), (*what).to_owned()].into_iter().chain(times);
        table.row(cells.collect());
    }
    println!("{table}");
    Ok(())
}

async fn in_postgres() -> Result<Times> {
    // As it comes: a commit is on the disk.
    let cluster = postgres::Cluster::start_with("");
    let url = harness::schema(&cluster).await;
    measure(&url, false).await
}

async fn in_sqlite() -> Result<Times> {
    let folder = tempfile::TempDir::new()?;
    measure(&format!("sqlite:{}", folder.path().join("year.db").display()), true).await
}

async fn measure(url: &str, is_sqlite: bool) -> Result<Times> {
    let store = Store::open(url, true).await?;
    store.migrate().await?;
    let begun = Instant::now();
    let sample = fill(url, is_sqlite, SIZE).await;
    eprintln!("{store}: filled in {:.0} s", begun.elapsed().as_secs_f64());
    let mut times = Vec::new();
    for read in READS {
        let mut tries = Vec::new();
        let begun = Instant::now();
        for _ in 0..TRIES {
            let asked = Instant::now();
            (read.ask)(store.clone(), sample.clone()).await?;
            tries.push(ms(asked));
            if begun.elapsed() > LONG {
                break;
            }
        }
        // The first ones open connections, and read from the disk.
        let warm = tries.len().min(10) / 2;
        let figures = Figures { tries: vec![tries.split_off(warm)] };
        eprintln!("{}, {}: {:.2} ms", read.who, read.what, figures.time().p50);
        times.push((read.who, read.what, figures));
    }
    times.extend(work(&store, &sample).await?);
    store.close().await;
    Ok(times)
}

/// What a worker writes of a run.
async fn work(store: &Store, sample: &Sample) -> Result<Times> {
    let names = ["asks for a run", "takes the next run", "a step begins", "output", "the run ends"];
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    for _ in 0..RUNS {
        let new = harness::new_run(sample.server);
        let asked = Instant::now();
        store.ask(&new).await?;
        times[0].push(ms(asked));
        let asked = Instant::now();
        let Some(claimed) = store.claim_next("bench", LEASE, Duration::ZERO).await? else { break };
        times[1].push(ms(asked));
        let lease: &Lease = &claimed.claim.lease;
        let _ = store.start_attempt(lease, &harness::at("1 begin\n")).await?;
        let asked = Instant::now();
        let _ = store.start_step(lease, &harness::at("2 start 1\n"), 1, harness::now()).await?;
        times[2].push(ms(asked));
        let asked = Instant::now();
        store.append_output(lease, &harness::at(""), &harness::chunk(0, &[b'x'; 4096])).await?;
        times[3].push(ms(asked));
        let kind = groundcrew::model::FailureKind::StepFailed;
        let asked = Instant::now();
        let _ = store.fail_run(lease, None, kind, "the bench ends it").await?;
        times[4].push(ms(asked));
    }
    let figures = times.into_iter().map(|tries| Figures { tries: vec![tries] });
    Ok(names.iter().zip(figures).map(|(&what, figures)| ("worker", what, figures)).collect())
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
