//! How long after its commit a change of a server is heard by the pages that are open: through
//! Redis and the gateway, on an installation that has nothing else to do.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use groundcrew::worker::LEASE;
use memchr::memmem;
use tokio::runtime::Runtime;
use tokio::time::{MissedTickBehavior, interval};

use crate::contender::{self, Contender, Kind};
use crate::crowd::Crowd;
use crate::harness::new_run;
use crate::measure::now;
use crate::own_channel;
use crate::picture;
use crate::postgres::Cluster;
use crate::quiet::quiet;
use crate::server::Server;
use crate::site::Site;
use crate::table::Figures;

/// Pages, evenly on so many servers.
const PAGES: usize = 1000;
const SERVERS: usize = 100;
/// Changes, so far apart: of one server after the other, so that none is one of two that become one.
const CHANGES: usize = 3000;
const PAUSE: Duration = Duration::from_millis(20);
/// Before those that count.
const FIRST: usize = 100;
/// A notification takes no longer, unless it is lost.
const LOST: Duration = Duration::from_secs(5);

/// Measures, prints, and draws docs/commit-to-page.svg.
pub fn run(runtime: &Runtime, cluster: &Cluster, redis: &Server) -> Result<()> {
    let (site, claims) = runtime.block_on(async {
        let site = Site::apart(cluster, &redis.url, Duration::ZERO).await?;
        let mut claims = Vec::new();
        // They are made several at once; pages know them by their ids.
        let mut servers = site.servers(SERVERS).await?;
        servers.sort_by_key(|server| server.id);
        for server in servers {
            let run = new_run(server.id);
            site.web.store.ask(&run).await?;
            let claimed = site.web.store.claim(&run.id, "worker", 100 * LEASE).await?;
            claims.push(claimed.context("no claim")?.claim);
        }
        anyhow::Ok((site, claims))
    })?;
    let contender = Contender::start(Kind::Gateway, &site.settings)?;
    let mut crowd = Crowd::new()?;
    let (ids, _) = crowd.connect(PAGES, contender.address, contender::KEY)?;
    crowd.subscribe(|page| contender.ask(&ids[page], &own_channel(page % SERVERS)))?;
    // What each subscription is told at once, is not of a change.
    crowd.idle(Duration::from_secs(1))?;
    runtime.block_on(quiet());

    // When each server's last change was committed; 0 while one is being made.
    let committed: Vec<_> = (0..SERVERS).map(|_| AtomicI64::new(0)).collect();
    let is_over = AtomicBool::new(false);
    let mut times = Vec::with_capacity(CHANGES * PAGES / SERVERS);
    std::thread::scope(|scope| {
        let changes = scope.spawn(|| {
            let made = runtime.block_on(async {
                let mut tick = interval(PAUSE);
                tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
                for number in 0..FIRST + CHANGES {
                    tick.tick().await;
                    let server = number % SERVERS;
                    let worker = &site.workers[0];
                    let changed =
                        worker.store.note(&claims[server].lease, None, "a change").await?;
                    committed[server].store(now(), Ordering::Release);
                    worker.announce(changed).await;
                }
                anyhow::Ok(())
            });
            is_over.store(true, Ordering::Relaxed);
            made
        });
        let wanted = (FIRST + CHANGES) * PAGES / SERVERS;
        let mut last = now();
        while times.len() < wanted {
            crowd.hear(Duration::from_millis(20), |page, text| {
                if memmem::find(text, b"ServerProvisionUpdated").is_some() {
                    last = now();
                    let since = committed[page % SERVERS].load(Ordering::Acquire);
                    times.push((last - since) as f64 / 1e6);
                }
            })?;
            let is_lost = is_over.load(Ordering::Relaxed) && now() - last > LOST.as_nanos() as i64;
            ensure!(!is_lost, "{} of {wanted} notifications were heard", times.len());
        }
        changes.join().expect("no panic")
    })?;
    let times = times.split_off(FIRST * PAGES / SERVERS);
    let figures = Figures { tries: vec![times.clone()] };
    let time = figures.time();
    let line = format!(
        "p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        time.p50, time.p95, time.p99, time.max
    );
    println!(
        "committed → heard by a page, {CHANGES} changes, {PAGES} pages of {SERVERS} servers: {line}; \
         aim: p99 < 10 ms: {}",
        if time.p99 < 10.0 { "met" } else { "missed" }
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commit-to-page.svg");
    fs::write(&path, picture::histogram(&times, &time)).context("writing the picture")
}
