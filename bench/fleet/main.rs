//! How fast the fleet is: claims a second, the time from asking to claimed, and the delay of
//! a notification after its commit; beside apalis alone on the same Redis. See bench/README.md.
//!
//! All sides take turns, so that a machine that is slow for a while is slow for all.

mod apalis_alone;
mod claims;
mod delays;
mod quiet;
#[allow(dead_code, reason = "the gateway's bench uses more of it")]
mod site;
#[allow(dead_code, reason = "the gateway's bench uses more of it")]
mod table;
mod workers;

// The tests' own servers, databases and runs.
#[allow(dead_code, unused_imports, unused_macros, reason = "the tests use more of it")]
#[path = "../../tests/store/harness.rs"]
mod harness;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/store/postgres.rs"]
mod postgres;
#[allow(dead_code, clippy::unwrap_used, reason = "the tests use more of it")]
#[path = "../../tests/redis/server.rs"]
mod server;
#[path = "../../tests/store/watchdog.rs"]
mod watchdog;

use std::time::Duration;

use anyhow::Result;
use groundcrew::catalog::Catalog;

use apalis_alone::Look;
use postgres::Cluster;
use server::Server;
use site::Site;
use table::{Figures, Table};

/// So many turns, of which each side has one try.
const TURNS: usize = 5;
/// Runs to claim, or tasks to handle, in a try.
const RUNS: usize = 1000;
/// Asks, and notifications, in a try.
const ASKS: usize = 300;
/// What a network disk, or an SSD without a protected cache, may take for a commit.
const SLOW: Duration = Duration::from_millis(2);

/// What all sides share.
struct Ground {
    postgres: Cluster,
    redis: Server,
    catalog: Catalog,
}

/// What is measured, and with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Runs through the queue to a claim.
    Claims(Kind),
    /// Tasks through apalis to a handler that does nothing.
    Tasks,
    /// `Store::claim` without a queue.
    RawClaims(Kind),
    /// From asking to claimed.
    Asked(Kind),
    /// From pushed to handled.
    Pushed(Look),
    /// From the commit to the listener.
    Heard(Kind),
}

/// Which installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Postgres and Redis.
    Apart,
    /// The same, where the database's disk takes [`SLOW`] longer for each commit.
    Slow,
    /// SQLite, and the rest in memory.
    Embedded,
}

const SIDES: [Side; 13] = [
    Side::Claims(Kind::Apart),
    Side::Claims(Kind::Slow),
    Side::Claims(Kind::Embedded),
    Side::Tasks,
    Side::RawClaims(Kind::Apart),
    Side::RawClaims(Kind::Embedded),
    Side::Asked(Kind::Apart),
    Side::Asked(Kind::Slow),
    Side::Asked(Kind::Embedded),
    Side::Pushed(Look::Often),
    Side::Pushed(Look::Heartbeat),
    Side::Heard(Kind::Apart),
    Side::Heard(Kind::Embedded),
];

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let ground = Ground {
        // As it comes: a commit is on the disk.
        postgres: Cluster::start_with(""),
        // As Debian ships it: no append-only file, a snapshot now and then.
        redis: Server::start_with(&["--save", "3600 1 300 100 60 10000"]).await,
        catalog: Catalog::embedded()?,
    };
    let mut figures: Vec<Figures> = SIDES.iter().map(|_| Figures::default()).collect();
    for turn in 0..TURNS {
        for place in 0..SIDES.len() {
            let at = (turn + place) % SIDES.len();
            // Its heartbeat decides, so one try says it all, and takes a minute.
            if SIDES[at] == Side::Pushed(Look::Heartbeat) && turn > 0 {
                continue;
            }
            let tried = SIDES[at].measure(&ground).await?;
            eprintln!("turn {} of {TURNS}: {:?}: {}", turn + 1, SIDES[at], table::brief(&tried));
            figures[at].tries.push(tried);
        }
    }
    let of = |side| {
        let at = SIDES.iter().position(|&other| other == side);
        &figures[at.expect("all sides are there")]
    };
    println!("{}\n{}", rates(&of), times(&of));
    Ok(())
}

impl Side {
    /// One try: a rate a second, or many times in ms.
    async fn measure(self, ground: &Ground) -> Result<Vec<f64>> {
        let Ground { redis, catalog, .. } = ground;
        Ok(match self {
            Self::Claims(kind) => vec![claims::through_the_queue(&kind.site(ground).await?).await?],
            Self::Tasks => vec![apalis_alone::tasks(&redis.url).await?],
            Self::RawClaims(kind) => vec![claims::raw(&kind.site(ground).await?).await?],
            Self::Asked(kind) => delays::asked(&kind.site(ground).await?, catalog).await?,
            Self::Pushed(look) => apalis_alone::pushed(&redis.url, look).await?,
            Self::Heard(kind) => delays::heard(&kind.site(ground).await?).await?,
        })
    }
}

impl Kind {
    /// A new one, empty.
    async fn site(self, ground: &Ground) -> Result<Site> {
        match self {
            Self::Apart => Site::apart(&ground.postgres, &ground.redis.url, Duration::ZERO).await,
            Self::Slow => Site::apart(&ground.postgres, &ground.redis.url, SLOW).await,
            Self::Embedded => Site::embedded().await,
        }
    }
}

fn rates<'f>(of: &impl Fn(Side) -> &'f Figures) -> Table {
    let columns =
        ["a second", "with", "tries", "median", "min", "max", "× apalis alone", "aim: ≥ 500"];
    let mut table = Table::new(&columns);
    let apalis = of(Side::Tasks);
    let row = |what: &str, with: &str, side: Side, aim: bool| {
        let rate = of(side).rate();
        let met = if rate.median >= 500.0 { "met" } else { "missed" };
        let mut cells = vec![what.to_owned(), with.to_owned(), of(side).tries.len().to_string()];
        cells.extend([rate.median, rate.min, rate.max].map(|rate| format!("{rate:.0}")));
        cells.push(format!("{:.2}", of(side).ratio_to(apalis)));
        cells.push(if aim { met.to_owned() } else { String::new() });
        cells
    };
    table.row(row("claims, 2 workers", "Postgres, Redis", Side::Claims(Kind::Apart), true));
    table.row(row("", "Postgres, 2 ms slower; Redis", Side::Claims(Kind::Slow), true));
    table.row(row("", "SQLite, memory", Side::Claims(Kind::Embedded), false));
    table.row(row("tasks that do nothing, 2 workers", "apalis alone, Redis", Side::Tasks, false));
    let raw = "claims without a queue, 8 at once";
    table.row(row(raw, "Postgres", Side::RawClaims(Kind::Apart), false));
    table.row(row("", "SQLite", Side::RawClaims(Kind::Embedded), false));
    table
}

fn times<'f>(of: &impl Fn(Side) -> &'f Figures) -> Table {
    let mut table = Table::new(&["ms", "with", "tries", "p50", "p99", "max", "aim: p99 < 20"]);
    let row = |what: &str, with: &str, side: Side, aim: bool| {
        let time = of(side).time();
        let met = if time.p99 < 20.0 { "met" } else { "missed" };
        let mut cells = vec![what.to_owned(), with.to_owned(), of(side).tries.len().to_string()];
        cells.extend([time.p50, time.p99, time.max].map(|ms| format!("{ms:.2}")));
        cells.push(if aim { met.to_owned() } else { String::new() });
        cells
    };
    table.row(row("asked → claimed, idle", "Postgres, Redis", Side::Asked(Kind::Apart), true));
    table.row(row("", "Postgres, 2 ms slower; Redis", Side::Asked(Kind::Slow), true));
    table.row(row("", "SQLite, memory", Side::Asked(Kind::Embedded), true));
    let often = "apalis alone, a look each 100 ms";
    table.row(row("pushed → handled, idle", often, Side::Pushed(Look::Often), false));
    table.row(row("", "apalis alone, as it comes", Side::Pushed(Look::Heartbeat), false));
    table.row(row("committed → heard", "Postgres, Redis", Side::Heard(Kind::Apart), false));
    table.row(row("", "SQLite, memory", Side::Heard(Kind::Embedded), false));
    table
}
