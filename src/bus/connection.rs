//! One connection of fred, which ends when it is dropped, as fred's own does not.

use std::time::Duration;

use fred::clients::Client;
use fred::interfaces::ClientLike;
use fred::types::config::{Config, ReconnectPolicy};
use fred::types::{Builder, Value};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::error::BusError;
use crate::metrics::Kinds;

/// To connect, and to hear a first answer.
const CONNECT: Duration = Duration::from_secs(5);
/// While it connects, it is looked at so often.
const LOOK: Duration = Duration::from_millis(20);
/// Between two tries to connect again: the first and the longest pause.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// Each command takes at most so long.
pub(super) const COMMAND: Duration = Duration::from_secs(2);

/// What it takes to connect: `REDIS_URL`, read once.
#[derive(Clone)]
pub(super) struct Address {
    config: Config,
    place: String,
    pub(super) errors: Kinds,
}

/// A connection. fred's task of it ends with us.
pub(super) struct Connection {
    pub(super) client: Client,
    task: JoinHandle<Result<(), fred::error::Error>>,
}

impl Address {
    pub(super) fn new(url: &str) -> Result<Self, BusError> {
        let config = Config::from_url_centralized(url).map_err(BusError::Address)?;
        let place = config.server.hosts().iter().map(ToString::to_string).collect();
        let errors = Kinds::of(&["unreachable", "silent", "refused"]);
        Ok(Self { config, place, errors })
    }

    /// A connection that has answered once, and keeps so many messages for who is slow. With
    /// a policy, it comes back by itself when it was cut; without, it ends.
    pub(super) async fn connect(
        &self,
        policy: Option<ReconnectPolicy>,
        capacity: usize,
    ) -> Result<Connection, BusError> {
        let mut builder = Builder::from_config(self.config.clone());
        builder.with_connection_config(|config| {
            config.connection_timeout = CONNECT;
            config.internal_command_timeout = CONNECT;
            config.max_command_attempts = 1;
            config.reconnect_on_auth_error = true;
            config.tcp.nodelay = Some(true);
            config.unresponsive.max_timeout = Some(2 * COMMAND);
            config.unresponsive.interval = COMMAND / 2;
        });
        builder.with_performance_config(|config| {
            config.default_command_timeout = COMMAND;
            config.broadcast_channel_capacity = capacity;
        });
        if let Some(policy) = policy {
            builder.set_policy(policy);
        }
        let client = builder.build().map_err(BusError::Address)?;
        let connection = Connection { task: client.connect(), client };
        let open = async {
            connected(&connection.client).await?;
            connection.client.ping::<Value>(None).await
        };
        match timeout(CONNECT, open).await {
            Ok(Ok(_)) => Ok(connection),
            Ok(Err(error)) => Err(self.error(error)),
            Err(_) => Err(self.silent_for(CONNECT)),
        }
    }

    pub(super) fn error(&self, cause: fred::error::Error) -> BusError {
        use fred::error::ErrorKind::{Canceled, IO, Routing, Timeout};
        match cause.kind() {
            Timeout => self.silent(),
            kind => {
                let away = matches!(kind, IO | Canceled | Routing);
                self.errors.count(if away { "unreachable" } else { "refused" });
                BusError::Redis { place: self.place.clone(), cause }
            }
        }
    }

    /// It did not answer a command.
    pub(super) fn silent(&self) -> BusError {
        self.silent_for(COMMAND)
    }

    fn silent_for(&self, limit: Duration) -> BusError {
        self.errors.count("silent");
        BusError::Silent { place: self.place.clone(), limit }
    }
}

/// Opens again what was lost, however long it takes.
pub(super) async fn again<T, F>(open: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T, BusError>>,
{
    let mut pause = PAUSES.0;
    loop {
        match open().await {
            Ok(open) => return open,
            Err(error) => tracing::debug!("not subscribed yet: {error}"),
        }
        // Those that lost the same Redis come back one after the other.
        let random = f64::from(Uuid::new_v4().as_bytes()[0]) / 255.0;
        sleep(pause.mul_f64(0.5 + random / 2.0)).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Waits for the first connection. fred's own waiting looks first and listens then: what
/// happens in between, it waits for in vain.
async fn connected(client: &Client) -> Result<(), fred::error::Error> {
    let seen = async {
        while !client.is_connected() {
            sleep(LOOK).await;
        }
    };
    tokio::select! {
        heard = client.wait_for_connect() => heard,
        () = seen => Ok(()),
    }
}

impl Connection {
    /// Returns when the connection has ended for good.
    pub(super) async fn ended(&mut self) {
        let _ = (&mut self.task).await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}
