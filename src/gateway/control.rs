//! What gateways say to each other, on a channel that no client can ask for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::hub::Hub;
use super::presence::Order;
use super::pusher::Code;

/// The channel. A client's channel has no colon in its name.
pub(super) const CHANNEL: &str = "gateway:control";
/// Who listens here takes new clients.
pub(super) const READY: &str = "gateway:ready";
/// Other gateways have so long to answer.
const ANSWER: Duration = Duration::from_millis(500);

/// A word to all gateways, this one too.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Control {
    /// Somebody came to, or left, a presence channel.
    Look { channel: String },
    /// The connections of a user are to be ended.
    Terminate { user_id: String },
    /// How many connections listen to each channel there?
    Count { question: String },
}

/// How many connections listen to each channel.
pub(super) type Counts = BTreeMap<String, u64>;

impl Control {
    /// Says it to all. Gives how many heard it.
    pub(super) async fn tell(&self, hub: &Arc<Hub>) -> u64 {
        if !hub.bus.is_shared() {
            self.carry_out(hub).await;
            return 0;
        }
        let text = serde_json::to_string(self).expect("plain text becomes JSON");
        hub.bus.publish(CHANNEL, text).await.unwrap_or(0)
    }

    /// Does what another gateway, or this one, has said.
    pub(super) async fn heard(hub: &Arc<Hub>, text: &str) {
        if let Ok(control) = serde_json::from_str::<Self>(text) {
            control.carry_out(hub).await;
        }
    }

    async fn carry_out(&self, hub: &Arc<Hub>) {
        match self {
            Self::Look { channel } => {
                let channel = hub.get(channel);
                if let Some(presence) =
                    channel.as_ref().and_then(|channel| channel.presence.as_ref())
                {
                    let _ = presence.send(Order::Look);
                }
            }
            Self::Terminate { user_id } => {
                for client in hub.clients() {
                    let is_user = client.knows().user.as_deref() == Some(user_id);
                    if is_user {
                        client.end(
                            Code::Unauthorized,
                            "an administrator ended this user's connections",
                        );
                    }
                }
            }
            Self::Count { question } => {
                let counts = serde_json::to_string(&hub.counts()).expect("plain text becomes JSON");
                let _ = hub.board.answer(question, counts).await;
            }
        }
    }
}

/// How many connections listen to each channel, at all gateways that answer in time.
pub(super) async fn count_all(hub: &Arc<Hub>) -> Counts {
    if !hub.bus.is_shared() {
        return hub.counts();
    }
    let question = Uuid::new_v4().to_string();
    let asked = Control::Count { question: question.clone() }.tell(hub).await;
    let answers = hub.board.answers(&question, asked, ANSWER).await.unwrap_or_default();
    let mut counts = Counts::new();
    for answer in answers {
        let theirs: Counts = serde_json::from_str(&answer).unwrap_or_default();
        for (channel, count) in theirs {
            *counts.entry(channel).or_default() += count;
        }
    }
    counts
}
