//! Who has lost the right to listen: asked again for all subscriptions, in one query, every few
//! seconds, of the same place that answers the pages.

use std::sync::Weak;
use std::time::Duration;

use tokio::time::sleep;

use super::Shared;
use super::pusher::say;
use crate::model::Listening;

/// How often it is asked.
const AGAIN: Duration = Duration::from_secs(5);

pub(super) async fn watch(shared: Weak<Shared>) {
    loop {
        sleep(AGAIN).await;
        let Some(shared) = shared.upgrade() else { return };
        let (mut asked, mut subscribed) = (Vec::new(), Vec::new());
        for channel in shared.hub.all() {
            let Some(subject) = &channel.subject else { continue };
            for listener in channel.audience().listeners.values() {
                // Signed by who has the secret, and without a name: nobody can be asked about.
                let Some(who) = &listener.user else { continue };
                asked.push(Listening {
                    subject: subject.clone(),
                    user_id: who.user_id.clone(),
                    proof: who.proof,
                });
                subscribed.push((listener.client.clone(), channel.name.clone()));
            }
        }
        let may = match shared.store.may_listen(&asked).await {
            Ok(may) => may,
            Err(error) => {
                tracing::debug!("rights are not known: {:#}", anyhow::Error::new(error));
                continue;
            }
        };
        for ((client, name), _) in subscribed.iter().zip(may).filter(|(_, may)| !may) {
            shared.hub.unsubscribe(client, name.as_str());
            let error = "the right to listen here has ended";
            client.tell(&say::subscription_error(name.as_str(), "AuthError", error, 403));
        }
    }
}
