//! How the gateway compares with Sockudo: memory, deliveries, delays, connections; and how long a
//! change takes from its commit to the pages. See bench/README.md.
//!
//! Both sides take turns, so that a machine that is slow for a while is slow for both.

mod commits;
mod contender;
mod crowd;
mod measure;
mod picture;
mod publisher;

// The other bench's ground, and the tests'.
#[allow(dead_code, unused_imports, unused_macros, reason = "the tests use more of it")]
#[path = "../../tests/store/harness.rs"]
mod harness;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/store/postgres.rs"]
mod postgres;
#[path = "../fleet/quiet.rs"]
mod quiet;
#[allow(dead_code, clippy::unwrap_used, reason = "the tests use more of it")]
#[path = "../../tests/redis/server.rs"]
mod server;
#[allow(dead_code, reason = "the other bench uses more of it")]
#[path = "../fleet/site.rs"]
mod site;
#[allow(dead_code, reason = "the other bench uses more of it")]
#[path = "../fleet/table.rs"]
mod table;
#[path = "../../tests/store/watchdog.rs"]
mod watchdog;

use std::time::Duration;

use anyhow::Result;
use tokio::runtime::Runtime;

use contender::{Contender, Kind};
use crowd::Crowd;
use measure::{Flood, delays, flood};
use postgres::Cluster;
use quiet::quiet;
use server::Server;
use site::Site;
use table::{Figures, Table};

/// So many turns, of which each side has one try.
const TURNS: usize = 3;
/// So many connections.
const CLIENTS: usize = 5000;
/// Until what was needed to connect is given back, and what is kept can be seen.
const SETTLE: Duration = Duration::from_secs(6);
/// The channel that all listen to.
const ALL: &str = "private-all";

/// Who takes turns, and what they are called.
const KINDS: [Kind; 3] = [Kind::Up, Kind::Gateway, Kind::Sockudo];
const NAMES: [&str; 3] = ["up, memory", "gateway, Redis", "Sockudo, memory"];

/// A row of a table: what it is called, and whose figures it shows.
type Row = (&'static str, fn(&Side) -> &Figures);

/// What is measured of each, in the order of the rows.
#[derive(Default)]
struct Side {
    accepted: Figures,
    memory: Figures,
    one_each: Figures,
    to_all: Figures,
    alone: Figures,
    among_all: Figures,
    /// How busy the crowd and the server were while each of both floods went on.
    busy: Vec<[f64; 4]>,
}

fn main() -> Result<()> {
    let runtime = Runtime::new()?;
    let cluster = Cluster::start_with("");
    let redis = runtime.block_on(Server::start());
    if std::env::args().any(|word| word == "commits") {
        return commits::run(&runtime, &cluster, &redis);
    }
    let mut sides = KINDS.map(|_| Side::default());
    for turn in 0..TURNS {
        for place in 0..KINDS.len() {
            let at = (turn + place) % KINDS.len();
            eprintln!("turn {} of {TURNS}: {:?}", turn + 1, KINDS[at]);
            measure(&runtime, KINDS[at], &cluster, &redis, &mut sides[at])?;
        }
    }
    println!("{}", report(&sides));
    commits::run(&runtime, &cluster, &redis)
}

fn own_channel(client: usize) -> String {
    format!("private-servers.{}.provision", client + 1)
}

fn measure(
    runtime: &Runtime,
    kind: Kind,
    cluster: &Cluster,
    redis: &Server,
    side: &mut Side,
) -> Result<()> {
    let (site, contender) = runtime.block_on(async {
        let site = match kind {
            Kind::Up => Site::embedded().await?,
            Kind::Gateway | Kind::Sockudo => {
                Site::apart(cluster, &redis.url, Duration::ZERO).await?
            }
        };
        // Who listens to a server that is not there, is sent away.
        site.servers(if kind == Kind::Sockudo { 0 } else { CLIENTS }).await?;
        let site = site.closed();
        let contender = Contender::start(kind, &site.settings)?;
        quiet().await;
        anyhow::Ok((site, contender))
    })?;
    let empty = contender.rss()?;
    let mut crowd = Crowd::new()?;
    let (ids, took) = crowd.connect(CLIENTS, contender.address, contender::KEY)?;
    say(&mut side.accepted, vec![CLIENTS as f64 / took.as_secs_f64()], "connections a second");

    crowd.subscribe(|client| contender.ask(&ids[client], &own_channel(client)))?;
    // Also hears: who is asked whether it is there, answers.
    crowd.idle(SETTLE)?;
    let memory = (contender.rss()? - empty) / CLIENTS as f64;
    say(&mut side.memory, vec![memory], "KB a connection");

    let own: Vec<String> = (0..CLIENTS).map(own_channel).collect();
    let batches: Vec<&[String]> = own.chunks(10).collect();
    let each = Flood { publishers: 4, heard_by: 1, under_way: 1000 };
    let one_each = flood(&contender, &mut crowd, each, |publisher, round, connection, text| {
        let batch = batches[(round as usize * each.publishers + publisher) % batches.len()];
        connection.batch(batch, text)?;
        Ok(batch.len() as u64)
    })?;
    say(&mut side.one_each, vec![one_each.rate], "messages a second, one each");
    let times = delays(&contender, &mut crowd, 500, 1, |number| own[number * 7 % CLIENTS].clone())?;
    say(&mut side.alone, times, "");

    crowd.subscribe(|client| contender.ask(&ids[client], ALL))?;
    let all = Flood { publishers: 1, heard_by: CLIENTS as u64, under_way: 8 };
    let to_all = flood(&contender, &mut crowd, all, |_, _, connection, text| {
        connection.event(ALL, text)?;
        Ok(CLIENTS as u64)
    })?;
    say(&mut side.to_all, vec![to_all.rate], "messages a second, to all");
    let times = delays(&contender, &mut crowd, 20, CLIENTS, |_| ALL.to_owned())?;
    say(&mut side.among_all, times, "");
    let busy = [one_each.crowd, one_each.server, to_all.crowd, to_all.server];
    eprintln!("  busy (crowd, server; one each, to all): {busy:.2?}");
    side.busy.push(busy);
    drop((crowd, contender, site));
    Ok(())
}

fn say(figures: &mut Figures, tried: Vec<f64>, what: &str) {
    match tried[..] {
        [figure] => eprintln!("  {figure:.1} {what}"),
        _ => eprintln!("  {}", table::brief(&tried)),
    }
    figures.tries.push(tried);
}

fn report(sides: &[Side; 3]) -> String {
    let mut table = Table::new(&["", "with", "median", "min", "max", "× Sockudo"]);
    let rates: [Row; 4] = [
        ("KB a connection", |side| &side.memory),
        ("connections a second", |side| &side.accepted),
        ("delivered a second, one channel, 5000 subscribers", |side| &side.to_all),
        ("delivered a second, 5000 channels, one each", |side| &side.one_each),
    ];
    for (what, figures) in rates {
        for (side, name) in sides.iter().zip(NAMES) {
            let rate = figures(side).rate();
            let ratio = figures(side).ratio_to(figures(&sides[2]));
            let mut cells = vec![what.to_owned(), name.to_owned()];
            let digits = usize::from(rate.median < 100.0);
            cells.extend([rate.median, rate.min, rate.max].map(|rate| format!("{rate:.digits$}")));
            cells.push(format!("{ratio:.2}"));
            table.row(cells);
        }
    }
    let mut times = Table::new(&["published → heard, ms", "with", "p50", "p95", "p99", "max"]);
    let rows: [Row; 2] = [
        ("one of 5000 hears it", |side| &side.alone),
        ("all 5000 hear it", |side| &side.among_all),
    ];
    for (what, figures) in rows {
        for (side, name) in sides.iter().zip(NAMES) {
            let time = figures(side).time();
            let mut cells = vec![what.to_owned(), name.to_owned()];
            cells.extend([time.p50, time.p95, time.p99, time.max].map(|ms| format!("{ms:.2}")));
            times.row(cells);
        }
    }
    let mut busy = Table::new(&["busy, in processors of 2", "with", "crowd", "server"]);
    for (what, at) in [("one channel, 5000 subscribers", 2), ("5000 channels, one each", 0)] {
        for (side, name) in sides.iter().zip(NAMES) {
            let of = |at: usize| Figures {
                tries: side.busy.iter().map(|busy| vec![busy[at]]).collect(),
            };
            let shares = [of(at), of(at + 1)].map(|share| format!("{:.2}", share.rate().median));
            let [crowd, server] = shares;
            busy.row(vec![what.to_owned(), name.to_owned(), crowd, server]);
        }
    }
    format!("{table}\n{times}\n{busy}")
}
