//! One channel, as this gateway's clients listen to it: who they are, and what of its
//! notifications is still to be said.
//!
//! Of notifications the latest wins: the first goes out at once, those within the next moment
//! become one, and the last is always sent. Each page that hears one fetches the whole.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, sleep_until};

use super::client::Client;
use super::metrics::Metrics;
use super::presence::Order;
use super::pusher::{Member, Name, SocketId};
use crate::bus::{server_of, subject_of};
use crate::model::{Proof, Subject};

/// So many clients are written to before others may go on.
const BATCH: usize = 64;
/// So many are written to by all processors at once.
const MANY: usize = 1024;

/// A channel that somebody here listens to.
pub(super) struct Channel {
    pub(super) name: Name,
    /// Whose notifications it carries, if it is a server's.
    pub(super) server_id: Option<i64>,
    /// What it tells, where that is not for everybody whom an application lets in.
    pub(super) subject: Option<Subject>,
    /// Of the subscription at the bus.
    pub(super) ticket: u64,
    /// Who keeps the members, if it is a presence channel.
    pub(super) presence: Option<mpsc::UnboundedSender<Order>>,
    audience: Mutex<Audience>,
}

/// Who listens.
#[derive(Default)]
pub(super) struct Audience {
    /// Whether the bus has said that it is heard.
    pub(super) open: bool,
    /// By their ids; those that wait for the bus too.
    pub(super) listeners: HashMap<SocketId, Listener>,
    /// Notifications that come before wait.
    quiet_until: Option<Instant>,
    /// The last that waits.
    pending: Option<Notice>,
}

/// A notification on its way.
#[derive(Clone)]
pub(super) struct Notice {
    pub(super) frame: Bytes,
    /// When the change was.
    pub(super) committed: Option<Timestamp>,
}

/// One that listens.
#[derive(Clone)]
pub(super) struct Listener {
    pub(super) client: Arc<Client>,
    /// Whom the signed answer of the authorization named, to be asked about again.
    pub(super) user: Option<Arc<Who>>,
    /// Its id as a member.
    pub(super) member: Option<String>,
    /// Told that the subscription stands. Before, it hears nothing.
    pub(super) told: bool,
}

/// Whom an authorization was given to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) user_id: String,
    /// With what they had shown who they are, if that was to us.
    pub(super) proof: Option<Proof>,
}

impl Who {
    /// What an authorization of ours says along; others say nothing, or something else.
    pub(super) fn read(channel_data: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Session {
            session: Option<String>,
        }
        let user_id = Member::read(channel_data).ok()?.user_id;
        let Session { session } = serde_json::from_str(channel_data).ok()?;
        Some(Self { user_id, proof: session.as_deref().and_then(Proof::read) })
    }
}

async fn write(clients: &[Arc<Client>], frame: &Bytes, notifies: Option<&Name>) {
    for clients in clients.chunks(BATCH) {
        for client in clients {
            client.send(frame, notifies);
        }
        yield_now().await;
    }
}

impl Channel {
    pub(super) fn new(
        name: Name,
        ticket: u64,
        presence: Option<mpsc::UnboundedSender<Order>>,
    ) -> Self {
        let server_id = server_of(name.as_str());
        let subject = subject_of(name.as_str());
        Self { name, server_id, subject, ticket, presence, audience: Mutex::default() }
    }

    pub(super) fn audience(&self) -> MutexGuard<'_, Audience> {
        self.audience.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it carries what a run writes.
    pub(super) fn is_output(&self) -> bool {
        matches!(self.subject, Some(Subject::Run(_)))
    }

    /// The ids of the members here, if it is a presence channel.
    pub(super) fn members(&self) -> BTreeSet<String> {
        let audience = self.audience();
        audience.listeners.values().filter_map(|listener| listener.member.clone()).collect()
    }

    /// As which member a client listens, if it is a presence channel.
    pub(super) fn member(&self, client: SocketId) -> Option<String> {
        let audience = self.audience();
        audience.listeners.get(&client)?.member.clone()
    }

    /// Sends a frame to all that listen, but for one.
    pub(super) async fn say(&self, frame: &Bytes, but: Option<SocketId>, notifies: bool) {
        let mut clients: Vec<_> = {
            let audience = self.audience();
            let told = audience.listeners.values().filter(|listener| listener.told);
            told.map(|listener| listener.client.clone()).collect()
        };
        clients.retain(|client| Some(client.id) != but);
        let notifies = notifies.then(|| self.name.clone());
        if clients.len() < MANY {
            return write(&clients, frame, notifies.as_ref()).await;
        }
        let part = clients.len().div_ceil(available_parallelism().map_or(1, usize::from));
        let mut parts = JoinSet::new();
        while !clients.is_empty() {
            let (part, frame) =
                (clients.split_off(clients.len().saturating_sub(part)), frame.clone());
            let notifies = notifies.clone();
            parts.spawn(async move { write(&part, &frame, notifies.as_ref()).await });
        }
        // What is said next comes behind it, at each of them.
        parts.join_all().await;
    }

    /// Sends a notification now, or keeps it for the end of this moment.
    pub(super) async fn notify(
        self: &Arc<Self>,
        notice: Notice,
        moment: Duration,
        metrics: &Arc<Metrics>,
    ) {
        let quiet_until = {
            let mut audience = self.audience();
            let now = Instant::now();
            match audience.quiet_until {
                Some(quiet_until) if now < quiet_until => {
                    metrics.coalesced.inc();
                    if audience.pending.replace(notice.clone()).is_some() {
                        return;
                    }
                    Some(quiet_until)
                }
                _ => {
                    audience.quiet_until = Some(now + moment);
                    None
                }
            }
        };
        let Some(quiet_until) = quiet_until else {
            return self.tell(&notice, metrics).await;
        };
        let (channel, metrics) = (self.clone(), metrics.clone());
        tokio::spawn(async move {
            sleep_until(quiet_until).await;
            let pending = {
                let mut audience = channel.audience();
                audience.quiet_until = Some(Instant::now() + moment);
                audience.pending.take()
            };
            if let Some(notice) = pending {
                channel.tell(&notice, &metrics).await;
            }
        });
    }

    async fn tell(&self, notice: &Notice, metrics: &Metrics) {
        self.say(&notice.frame, None, true).await;
        if let Some(committed) = notice.committed {
            metrics.told(committed);
        }
    }
}
