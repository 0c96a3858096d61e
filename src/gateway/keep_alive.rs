//! Finds the clients that are gone without a word: asks who was silent, and ends who stays so.

use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::sleep;

use super::Shared;
use super::pusher::{Code, say};

/// How often all are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// A client has so many seconds to answer.
const ANSWER: u32 = 30;

pub(super) async fn keep(shared: Weak<Shared>) {
    loop {
        sleep(LOOK).await;
        let Some(shared) = shared.upgrade() else { return };
        let now = shared.now();
        // Clients that keep to the protocol ask by themselves, before we do.
        let silence = shared.limits.activity_timeout + 10;
        for client in shared.hub.clients() {
            let silent = now.saturating_sub(client.heard.load(Ordering::Relaxed));
            if silent >= silence + ANSWER {
                client.end(Code::PongTimeout, "no answer to a ping");
            } else if silent >= silence && !client.pinged.swap(true, Ordering::Relaxed) {
                client.tell(&say::ping());
            }
        }
    }
}
