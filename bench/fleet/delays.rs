//! How long it takes on a fleet that has nothing else to do: until a run that is asked for
//! is claimed, and until a change that is committed is heard of.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result, ensure};
use groundcrew::bus::Heard;
use groundcrew::catalog::Catalog;
use groundcrew::installation::Wanted;
use groundcrew::model::Actor;
use groundcrew::worker::LEASE;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, timeout};

use crate::ASKS;
use crate::harness::new_run;
use crate::quiet::quiet;
use crate::site::Site;
use crate::workers::Workers;

/// Between two asks.
const PAUSE: Duration = Duration::from_millis(20);
/// Before the asks that count, so that both workers listen, and connections are open.
const FIRST: usize = 20;
/// A notification takes no longer, unless it is lost.
const LOST: Duration = Duration::from_secs(5);

/// From the call that asks until the claim is made, in ms.
pub async fn asked(site: &Site, catalog: &Catalog) -> Result<Vec<f64>> {
    let servers = site.servers(FIRST + ASKS).await?;
    let mut workers = Workers::start(site);
    quiet().await;
    let by = Actor { user_id: None, name: "bench".to_owned(), address: None };
    let mut begun = HashMap::new();
    let mut tick = interval(PAUSE);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for server in &servers {
        tick.tick().await;
        begun.insert(server.id, Instant::now());
        let wanted = Wanted {
            server_id: server.id,
            jobs: vec!["nginx".to_owned()],
            parameters: BTreeMap::new(),
            untested_system: false,
        };
        site.web.ask(&by, catalog, wanted).await?;
    }
    let mut times = HashMap::new();
    while times.len() < servers.len() {
        let (claim, at) = workers.next().await?;
        times.insert(claim.server.id, ms(at - begun[&claim.server.id]));
    }
    workers.stop().await;
    Ok(servers[FIRST..].iter().map(|server| times[&server.id]).collect())
}

/// From the return of the store's call until a listener with a connection of its own has
/// heard of it, in ms.
pub async fn heard(site: &Site) -> Result<Vec<f64>> {
    let run = new_run(site.servers(1).await?[0].id);
    site.web.store.ask(&run).await?;
    let [worker, listener] = &site.workers;
    let claimed = worker.store.claim(&run.id, "worker", LEASE).await?.context("no claim")?;
    let wire = listener.wire.as_ref().context("a role has a wire")?;
    let mut listener = wire.bus.subscribe(None).await?;
    quiet().await;
    let mut times = Vec::new();
    let mut tick = interval(PAUSE);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for _ in 0..FIRST + ASKS {
        tick.tick().await;
        let changed = worker.store.note(&claimed.claim.lease, None, "a change").await?;
        let committed = Instant::now();
        let hear = async {
            let heard = timeout(LOST, listener.next()).await;
            (heard, committed.elapsed())
        };
        let ((heard, took), ()) = tokio::join!(hear, worker.announce(changed));
        let heard = heard.context("a notification was lost")?;
        ensure!(heard == Heard::Changed { server_id: changed.server_id }, "heard {heard:?}");
        times.push(ms(took));
    }
    Ok(times.split_off(FIRST))
}

pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
