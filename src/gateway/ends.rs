//! Where the output of runs ends by now: said to a page that has just subscribed, and to all when
//! the bus was away. A message that was lost shows at the next one, by its offset; but nobody knows
//! whether a next one will come (promise 7).

use std::collections::BTreeSet;
use std::sync::Weak;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::hub::Hub;
use crate::bus::RunOutput;
use crate::store::Store;

/// Who asks within this time is answered in one query.
const MOMENT: Duration = Duration::from_millis(50);
/// Where the store is away, it is asked again so often.
const AGAIN: Duration = Duration::from_secs(1);

/// Says where the output of each run ends that is asked about.
pub(super) async fn tell(hub: Weak<Hub>, store: Store, mut asked: mpsc::UnboundedReceiver<String>) {
    while let Some(run) = asked.recv().await {
        let mut runs = BTreeSet::from([run]);
        let ends = loop {
            sleep(MOMENT).await;
            while let Ok(run) = asked.try_recv() {
                runs.insert(run);
            }
            match store.output_ends(&runs).await {
                Ok(ends) => break ends,
                Err(error) => {
                    let error = anyhow::Error::new(error);
                    tracing::debug!("where output ends is not known yet: {error:#}");
                    sleep(AGAIN).await;
                }
            }
        };
        let Some(hub) = hub.upgrade() else { return };
        for (run, ends) in &ends {
            for output in RunOutput::ends(run, ends) {
                hub.tell_output(&output).await;
            }
        }
    }
}
