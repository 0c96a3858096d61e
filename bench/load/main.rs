//! 500 runs in flight on one worker, and 5,000 that wait: what the worker takes of the machine, what
//! it asks of the database, and how long a change is on its way to a page. See bench/README.md.
//!
//! `IN_FLIGHT`, `WAITING` and `HOSTS` change the numbers.

mod ear;
mod lab;
mod usage;
mod worker;

#[allow(dead_code, reason = "the gateway's bench uses more of it")]
#[path = "../gateway/contender.rs"]
mod contender;
#[allow(dead_code, reason = "the gateway's bench uses more of it")]
#[path = "../gateway/crowd.rs"]
mod crowd;
#[allow(dead_code, unused_imports, unused_macros, reason = "the tests use more of it")]
#[path = "../../tests/store/harness.rs"]
mod harness;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/store/postgres.rs"]
mod postgres;
#[allow(dead_code, reason = "the gateway's bench uses more of it")]
#[path = "../gateway/publisher.rs"]
mod publisher;
#[allow(dead_code, clippy::unwrap_used, reason = "the tests use more of it")]
#[path = "../../tests/redis/server.rs"]
mod server;
#[allow(dead_code, reason = "the other benches use more of it")]
#[path = "../fleet/site.rs"]
mod site;
#[allow(dead_code, reason = "the other benches use more of it")]
#[path = "../fleet/table.rs"]
mod table;
#[path = "../../tests/store/watchdog.rs"]
mod watchdog;

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use groundcrew::catalog::Catalog;
use groundcrew::installation::Wanted;
use groundcrew::model::Actor;
use groundcrew::vault::Place;
use sqlx::{AnyConnection, Connection, Row};
use tokio::runtime::Runtime;

use contender::{Contender, Kind};
use harness::new_server;
use lab::Lab;
use postgres::Cluster;
use server::Server;
use site::Site;
use table::Figures;
use usage::Usage;
use worker::Worker;

/// Each step waits on the host for so many seconds, more or less.
const STEP: u32 = 10;
/// Enough for the first runs to go on until all is measured.
const STEPS: u32 = 100;
/// It is measured for so long.
const WINDOW: Duration = Duration::from_secs(60);
/// All that are to be in flight are, by then.
const PATIENCE: Duration = Duration::from_secs(400);

fn main() -> Result<()> {
    let in_flight = number("IN_FLIGHT", 500)?;
    let waiting = number("WAITING", 5000)?;
    let hosts = number("HOSTS", in_flight.div_ceil(50))?;
    let runtime = Runtime::new()?;
    let cluster = Cluster::start_with("shared_preload_libraries = 'pg_stat_statements'");
    let redis = runtime.block_on(Server::start_with(&["--save", ""]));
    let lab = Lab::up(hosts, in_flight.div_ceil(hosts))?;
    let site = runtime.block_on(Site::apart(&cluster, &redis.url, Duration::ZERO))?;
    let url = site.settings.database_url.clone().context("Postgres")?;
    let jobs = tempfile::TempDir::new()?;
    fs::write(jobs.path().join("waits.toml"), job())?;
    runtime.block_on(fill(&site, &lab, &Catalog::open(Some(jobs.path()))?, in_flight, waiting))?;
    eprintln!("{in_flight} servers on {hosts} hosts, {} runs", in_flight + waiting);

    // What all addresses of the lab begin with.
    let network = lab.places()[0].0.rsplit_once('.').context("an address")?.0.to_owned() + ".";
    let gateway = Contender::start(Kind::Gateway, &site.settings)?;
    let mut ear = ear::listen(&gateway, in_flight)?;
    let worker = Worker::start(&site.settings, jobs.path(), in_flight)?;
    let begun = Instant::now();
    while runtime.block_on(at_work(&url))? < in_flight as i64 {
        ensure!(begun.elapsed() < PATIENCE, "not all are in flight: {}", worker.log());
        ear.hear(Duration::from_secs(2))?;
    }
    let took = begun.elapsed();
    eprintln!(
        "all in flight after {:.0} s; measuring for {:.0} s",
        took.as_secs_f64(),
        WINDOW.as_secs_f64()
    );

    runtime.block_on(count_from_now(&url))?;
    let before =
        (Usage::of(worker.id(), &network)?, runtime.block_on(asked(&url))?, Instant::now());
    // What came while the processes were looked at was not heard at once.
    ear.hear(Duration::from_secs(1))?;
    ear.delays.clear();
    let mut most = before.0.own;
    while before.2.elapsed() < WINDOW {
        ear.hear(Duration::from_secs(1))?;
        most = most.max(usage::memory(worker.id())?);
    }
    let took_window = before.2.elapsed().as_secs_f64();
    let (usage, after) = (Usage::of(worker.id(), &network)?, runtime.block_on(asked(&url))?);
    let flying = runtime.block_on(at_work(&url))?;
    let second = |before: i64, after: i64| (after - before) as f64 / took_window;
    let heard = Figures { tries: vec![ear.delays.clone()] };
    let heard = heard.time();
    println!("in flight at the end            {flying}");
    println!("all in flight after             {:.0} s", took.as_secs_f64());
    println!("the worker's memory, at most    {:.0} MB", most as f64 / 1024.0);
    println!(
        "its ssh processes               {} with {:.0} MB",
        usage.children,
        usage.theirs as f64 / 1024.0
    );
    let busy = (usage.busy - before.0.busy).as_secs_f64() / took_window;
    println!("the worker's processor time     {:.1} % of one", busy * 100.0);
    println!(
        "SQL statements                  {:.0} a second",
        second(before.1.statements, after.statements)
    );
    println!(
        "transactions                    {:.0} a second",
        second(before.1.transactions, after.transactions)
    );
    println!(
        "notifications heard             {:.0} a second",
        ear.delays.len() as f64 / took_window
    );
    println!(
        "committed → heard               p50 {:.1} ms, p99 {:.1} ms, at most {:.1} ms",
        heard.p50, heard.p99, heard.max
    );
    for (calls, text) in runtime.block_on(often(&url))? {
        eprintln!("{calls:>8} {text}");
    }
    Ok(())
}

fn number(name: &str, otherwise: usize) -> Result<usize> {
    match std::env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name} is no number")),
        Err(_) => Ok(otherwise),
    }
}

/// A job that waits on the host, and has something to tell every ten seconds or so.
fn job() -> String {
    let step = |n| {
        let (least, part) = (STEP - STEP / 2, STEP);
        format!(
            "[[steps]]\nname = \"wait_{n}\"\ntitle = \"Waiting\"\n\
             assert = 'sleep $(({least} + $(od -An -N1 -tu1 /dev/urandom) % {part}))'\n"
        )
    };
    format!("title = \"Waits\"\n\n{}", (1..=STEPS).map(step).collect::<Vec<_>>().join("\n"))
}

/// Servers, and as many runs for each.
async fn fill(
    site: &Site,
    lab: &Lab,
    catalog: &Catalog,
    in_flight: usize,
    waiting: usize,
) -> Result<()> {
    let key = fs::read(lab.key())?;
    let by = Actor { user_id: None, name: "bench".to_owned(), address: None };
    let mut servers = Vec::new();
    for (number, (address, port, host_key)) in lab.places().into_iter().enumerate().take(in_flight)
    {
        let mut new = new_server(&format!("edge-{number}"));
        (new.host, new.ssh_port, new.host_key) = (address, port, Some(host_key));
        let vault = &site.web.vault;
        let seal =
            |id: i64| Some(vault.seal(Place("servers", &id.to_string(), "private_key"), &key));
        servers.push(site.web.store.add_server(&new, seal).await?.0);
    }
    let all = (0..in_flight + waiting).map(|number| servers[number % in_flight].id);
    stream::iter(all)
        .map(|server_id| {
            let (by, site) = (&by, &site.web);
            async move {
                let jobs = vec!["waits".to_owned()];
                let wanted =
                    Wanted { server_id, jobs, parameters: BTreeMap::new(), untested_system: true };
                site.ask(by, catalog, wanted).await
            }
        })
        .buffered(4)
        .try_collect::<Vec<_>>()
        .await?;
    Ok(())
}

/// How many runs have begun on their hosts.
async fn at_work(url: &str) -> Result<i64> {
    let sql = "SELECT count(*) AS n FROM runs WHERE status = 'installing' AND EXISTS \
        (SELECT 1 FROM run_steps WHERE run_id = runs.id AND started_at IS NOT NULL)";
    let mut connection = AnyConnection::connect(url).await?;
    Ok(sqlx::raw_sql(sql).fetch_one(&mut connection).await?.try_get("n")?)
}

/// What the database was asked by now, by all who ask it.
struct Asked {
    statements: i64,
    transactions: i64,
}

/// Counts statements from now on.
async fn count_from_now(url: &str) -> Result<()> {
    let mut connection = AnyConnection::connect(url).await?;
    for sql in
        ["CREATE EXTENSION IF NOT EXISTS pg_stat_statements", "SELECT pg_stat_statements_reset()"]
    {
        sqlx::raw_sql(sql).execute(&mut connection).await?;
    }
    Ok(())
}

async fn asked(url: &str) -> Result<Asked> {
    let sql = "SELECT (SELECT CAST(sum(calls) AS BIGINT) FROM pg_stat_statements) AS statements, \
            (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()) AS transactions";
    let mut connection = AnyConnection::connect(url).await?;
    let row = sqlx::raw_sql(sql).fetch_one(&mut connection).await?;
    Ok(Asked { statements: row.try_get("statements")?, transactions: row.try_get("transactions")? })
}

/// Which statements came most often, altogether.
async fn often(url: &str) -> Result<Vec<(i64, String)>> {
    let sql = "SELECT calls, left(regexp_replace(query, '\\s+', ' ', 'g'), 110) AS text \
        FROM pg_stat_statements ORDER BY calls DESC LIMIT 25";
    let mut connection = AnyConnection::connect(url).await?;
    let rows = sqlx::raw_sql(sql).fetch_all(&mut connection).await?;
    rows.iter().map(|row| Ok((row.try_get("calls")?, row.try_get("text")?))).collect()
}
