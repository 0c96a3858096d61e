//! Who may publish and sign: the installation's own application, and neighbours with
//! credentials of their own, each for its channels only.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::bus::server_of;
use crate::config::AppSettings;
use crate::vault::Vault;

/// One application in Pusher's sense: its credentials, and what they are good for.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// In the path of the HTTP API.
    pub id: String,
    /// In the path that clients connect to. No secret.
    pub key: String,
    /// What subscriptions and requests are signed with.
    pub secret: String,
    /// The channels that it may sign and publish for: names, or beginnings of names with a `*`.
    channels: Vec<String>,
    /// Where its pages come from, as `https://panel.example.com`; anywhere if there is none.
    #[serde(default)]
    origins: Vec<String>,
    /// Whether clients may send events to each other.
    #[serde(default = "yes")]
    pub client_events: bool,
    /// How many connections its clients may have; as many as there are for all, if it says nothing.
    #[serde(default)]
    pub max_connections: Option<usize>,
    /// Whether it is the installation's own.
    #[serde(skip)]
    own: bool,
}

/// All applications.
#[derive(Clone)]
pub struct Apps {
    by_key: HashMap<String, Arc<App>>,
    by_id: HashMap<String, Arc<App>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Neighbours {
    app: Vec<App>,
}

fn yes() -> bool {
    true
}

impl App {
    /// The installation's own. What the settings don't say follows from `GROUNDCREW_KEY`, so that
    /// all roles have the same without being told.
    pub fn own(settings: &AppSettings, vault: &Vault) -> Self {
        let derived = |what| hex::encode(vault.derive(what));
        Self {
            id: settings.app_id.clone(),
            key: settings.app_key.clone().unwrap_or_else(|| derived("app key")[..20].to_owned()),
            secret: settings.app_secret.clone().unwrap_or_else(|| derived("app secret")),
            channels: vec!["*".to_owned()],
            origins: settings.origins.clone(),
            client_events: true,
            max_connections: None,
            own: true,
        }
    }

    /// Whether it may sign and publish for this channel. Servers' channels are the installation's
    /// own, whatever a neighbour's file says.
    pub fn may_use(&self, channel: &str) -> bool {
        self.own || (!is_ours(channel) && self.channels.iter().any(|scope| covers(scope, channel)))
    }

    /// Whether pages of this origin may connect. Programs that are no browsers send none.
    pub fn may_come_from(&self, origin: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        self.origins.is_empty() || self.origins.iter().any(|allowed| allowed == origin)
    }
}

/// Channels that say what runs on people's servers.
fn is_ours(channel: &str) -> bool {
    server_of(channel).is_some()
        || channel.starts_with("private-servers.")
        || channel.starts_with("private-runs.")
}

fn covers(scope: &str, channel: &str) -> bool {
    match scope.strip_suffix('*') {
        Some(beginning) => channel.starts_with(beginning),
        None => scope == channel,
    }
}

impl Apps {
    /// The own application, and the neighbours' of the file that the settings name.
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub fn open(settings: &AppSettings, vault: &Vault) -> Result<Self> {
        let mut apps = Self { by_key: HashMap::new(), by_id: HashMap::new() };
        apps.add(App::own(settings, vault))?;
        if let Some(path) = &settings.apps {
            let neighbours = read(path).with_context(|| {
                format!("the applications of {} (GROUNDCREW_APPS)", path.display())
            })?;
            for app in neighbours {
                apps.add(app)?;
            }
        }
        Ok(apps)
    }

    fn add(&mut self, app: App) -> Result<()> {
        ensure!(
            !app.id.is_empty() && !app.key.is_empty() && app.secret.len() >= 16,
            "application {:?} needs an id, a key, and a secret of at least 16 characters",
            app.id
        );
        let app = Arc::new(app);
        let twice = self.by_id.insert(app.id.clone(), app.clone()).is_some()
            || self.by_key.insert(app.key.clone(), app.clone()).is_some();
        if twice {
            bail!("two applications have the id {:?} or its key; give each its own", app.id);
        }
        Ok(())
    }

    /// The application whose clients connect with this key.
    pub fn by_key(&self, key: &str) -> Option<&Arc<App>> {
        self.by_key.get(key)
    }

    /// The application that publishes with this id.
    pub fn by_id(&self, id: &str) -> Option<&Arc<App>> {
        self.by_id.get(id)
    }
}

fn read(path: &Path) -> Result<Vec<App>> {
    let text = fs::read_to_string(path).context("reading it")?;
    let neighbours: Neighbours = toml::from_str(&text)
        .context("it wants [[app]] tables with id, key, secret and channels")?;
    Ok(neighbours.app)
}
