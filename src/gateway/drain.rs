//! How a gateway leaves, so that no page is blind for longer than a moment: clients come back at
//! once when they are sent away, and wait 15 s and more when nobody answers then. So they are
//! sent away in small parts, and only once another gateway is ready.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Shared;
use super::control::READY;
use super::pusher::Code;
use crate::bus::{Bus, BusError};

/// How often another gateway is looked for.
const LOOK: Duration = Duration::from_millis(100);
/// Clients go in so many parts, so far apart.
const PARTS: (usize, Duration) = (20, Duration::from_millis(50));
/// Clients have so long to say their last word.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// How many gateways hear this bus and take new clients.
///
/// # Errors
/// Fails if the bus does not answer.
pub async fn ready(bus: &Bus) -> Result<u64, BusError> {
    bus.listeners(READY).await
}

pub(super) async fn drain(shared: &Shared, has_successor: impl FnOnce()) {
    let hub = &shared.hub;
    if hub.bus.is_shared() {
        hub.subscriptions.unsubscribe(READY);
        let limit = Instant::now() + shared.patience;
        while Instant::now() < limit && !hub.clients().is_empty() {
            sleep(LOOK).await;
            if ready(&hub.bus).await.is_ok_and(|ready| ready > 0) {
                tracing::info!("another gateway is ready; sending the clients there");
                break;
            }
        }
    }
    has_successor();
    shared.leaving.send_replace(true);
    // In the order of their random names.
    let mut clients = hub.clients();
    clients.sort_by_key(|client| client.id);
    let part = clients.len().div_ceil(PARTS.0).max(1);
    for clients in clients.chunks(part) {
        for client in clients {
            client.end(Code::Reconnect, "this gateway is leaving; another one is there");
        }
        sleep(PARTS.1).await;
    }
    let limit = Instant::now() + LAST_WORDS;
    while Instant::now() < limit && !hub.clients().is_empty() {
        sleep(LOOK / 5).await;
    }
}
