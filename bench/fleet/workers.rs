//! Two workers that claim what is hinted, as `worker::Worker` does, and drive nothing.

use anyhow::{Context, Result};
use groundcrew::installation::Installation;
use groundcrew::model::Claim;
use groundcrew::store::StoreError;
use groundcrew::worker::LEASE;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, timeout};

use crate::site::Site;

/// Nothing here takes longer, unless it is broken.
const BROKEN: Duration = Duration::from_secs(60);

type Answer = (Result<Option<Claim>, StoreError>, Instant);

/// They work until this is dropped.
pub struct Workers {
    answers: mpsc::UnboundedReceiver<Answer>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Workers {
    /// Both begin to listen.
    pub fn start(site: &Site) -> Self {
        let (answer, answers) = mpsc::unbounded_channel();
        let (stop, _) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for (number, installation) in (1..).zip(&site.workers) {
            let name = format!("worker-{number}");
            tasks.spawn(listen(name, installation.clone(), answer.clone(), stop.subscribe()));
        }
        Self { answers, stop, tasks }
    }

    /// The next run that one of them has claimed, and when.
    pub async fn next(&mut self) -> Result<(Claim, Instant)> {
        loop {
            let answer = timeout(BROKEN, self.answers.recv()).await;
            let (claimed, at) =
                answer.context("no run is claimed any more")?.context("no worker")?;
            if let Some(claim) = claimed? {
                return Ok((claim, at));
            }
        }
    }

    /// Both stop listening.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.tasks.join_all().await;
    }
}

async fn listen(
    name: String,
    installation: Installation,
    answer: mpsc::UnboundedSender<Answer>,
    stop: watch::Receiver<bool>,
) {
    let wire = installation.wire.clone().expect("a role has a wire");
    let take = {
        let name = name.clone();
        move |run: String| {
            let (installation, answer, name) = (installation.clone(), answer.clone(), name.clone());
            Box::pin(async move {
                let claimed = installation.store.claim(&run, &name, LEASE).await;
                let claim = claimed.map(|claimed| claimed.map(|claimed| claimed.claim));
                let _ = answer.send((claim, Instant::now()));
            }) as _
        }
    };
    wire.queue.listen(&name, take, stop).await;
}
