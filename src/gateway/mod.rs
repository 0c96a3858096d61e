//! The gateway: a WebSocket server that speaks Pusher's protocol to browsers, fed by the bus. It
//! keeps promise 7: every page converges, with a client that we did not touch.
//!
//! A connection's task only reads; whoever has something to say writes to the socket itself, and
//! leaves to the task what the socket does not take at once. Read `connection`, then `hub`.

mod app;
mod channel;
mod client;
mod connection;
mod control;
mod drain;
mod ends;
mod hub;
mod keep_alive;
mod limits;
mod metrics;
mod outbox;
mod presence;
mod publish;
pub mod pusher;
mod rights;
mod upgrade;
pub mod websocket;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use axum::Router;
use axum::routing::any;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

pub use self::app::{App, Apps};
use self::control::Control;
pub use self::drain::ready;
use self::hub::Hub;
use self::limits::Limits;
use self::metrics::Metrics;
use crate::bus::{Feed, News};
use crate::config::GatewaySettings;
use crate::installation::Installation;
use crate::store::Store;

/// So many events of clients wait to be said.
const SAYING: usize = 1024;

/// A gateway, fed by the bus of its installation. Clones are the same.
#[derive(Clone)]
pub struct Gateway(Arc<Shared>);

/// What all parts of a gateway share.
struct Shared {
    hub: Arc<Hub>,
    apps: Apps,
    limits: Limits,
    /// How long to wait for another gateway that takes the clients over.
    patience: Duration,
    start: Instant,
    store: Store,
    saying: mpsc::Sender<(String, String)>,
    leaving: watch::Sender<bool>,
}

impl Gateway {
    /// Opens the gateway of an installation, and listens to its bus.
    ///
    /// # Errors
    /// Fails if the applications' file is wrong, or the bus can't be reached.
    pub async fn open(installation: &Installation, settings: &GatewaySettings) -> Result<Self> {
        let apps = Apps::open(&settings.app, &installation.vault)?;
        let wire = installation.wire.as_ref().context("a gateway needs a bus")?;
        let (subscriptions, feed) = wire.bus.feed().await?;
        for (at, channel) in [control::CHANNEL, control::READY].into_iter().enumerate() {
            subscriptions.subscribe(channel, at as u64);
        }
        let moment = Duration::from_millis(settings.coalesce.into());
        let metrics = Arc::new(installation.metrics.register(Metrics::new));
        let id = Uuid::new_v4().to_string();
        let bus = wire.bus.clone();
        let (asks, asked) = mpsc::unbounded_channel();
        let hub = Arc::new(Hub::new(id, bus, subscriptions, asks, moment, metrics));
        let (saying, said) = mpsc::channel(SAYING);
        let shared = Arc::new(Shared {
            hub,
            apps,
            limits: Limits::new(
                settings.max_connections as usize,
                settings.max_connections_of_address as usize,
                settings.activity_timeout,
            ),
            patience: Duration::from_secs(settings.drain.into()),
            start: Instant::now(),
            store: installation.store.clone(),
            saying,
            leaving: watch::Sender::new(false),
        });
        tokio::spawn(follow(shared.hub.clone(), feed));
        tokio::spawn(speak(shared.hub.clone(), said));
        tokio::spawn(keep_alive::keep(Arc::downgrade(&shared)));
        let store = installation.store.clone();
        tokio::spawn(ends::tell(Arc::downgrade(&shared.hub), store, asked));
        tokio::spawn(rights::watch(Arc::downgrade(&shared)));
        Ok(Self(shared))
    }

    /// The addresses that clients and publishers know.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/app/{key}", any(upgrade::upgrade))
            .merge(publish::router())
            .with_state(self.0.clone())
    }

    /// Sends the clients away, so that they come back at once, to another gateway if there is one.
    /// Returns when they are gone. New ones are taken until another gateway is ready: then
    /// `has_successor` is called.
    pub async fn drain(&self, has_successor: impl FnOnce()) {
        drain::drain(&self.0, has_successor).await;
    }
}

impl Shared {
    /// Seconds since the gateway began.
    fn now(&self) -> u32 {
        u32::try_from(self.start.elapsed().as_secs()).unwrap_or(u32::MAX)
    }

    /// Says something on a channel, in order. `false`: too much waits.
    fn say(&self, channel: &str, text: String) -> bool {
        self.saying.try_send((channel.to_owned(), text)).is_ok()
    }
}

/// Passes on what the bus says.
async fn follow(hub: Arc<Hub>, mut feed: Feed) {
    while let Some(news) = feed.next().await {
        match news {
            News::Message { channel, text } if channel == control::CHANNEL => {
                Control::heard(&hub, &text).await;
            }
            News::Message { channel, text } => {
                let start = Instant::now();
                hub.deliver(&channel, &text).await;
                hub.metrics.delivered_in(start.elapsed());
            }
            News::Subscribed { channel, ticket } => hub.opened(&channel, ticket),
            News::Beat(way) => hub.metrics.bus_way(way),
            News::Away => {
                tracing::info!("the bus was away, or too fast: every page is told to fetch");
                hub.metrics.away.inc();
                hub.refetch();
            }
        }
    }
}

/// Says what clients have to say, one after the other.
async fn speak(hub: Arc<Hub>, mut said: mpsc::Receiver<(String, String)>) {
    while let Some((channel, text)) = said.recv().await {
        hub.publish(&[(channel, text)]).await;
    }
}
