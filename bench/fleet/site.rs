//! Where a fleet is at work: one installation, as each of its processes has opened it.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt, TryStreamExt, stream};
use groundcrew::config::Settings;
use groundcrew::installation::{Installation, Role};
use groundcrew::model::Server;
use groundcrew::store::Store;
use tempfile::TempDir;

use crate::harness::{new_run, new_server, schema};
use crate::postgres::Cluster;

/// Rows are made by so many at once.
const AT_ONCE: usize = 8;

/// An installation of one try.
pub struct Site {
    /// Who asks, and who listens to the bus.
    pub web: Installation,
    /// The workers' own.
    pub workers: [Installation; 2],
    /// Its own; other processes are to have the same.
    pub settings: Settings,
    folder: TempDir,
    _lock: Option<std::fs::File>,
}

/// An installation that this process has closed again: another one may open it.
pub struct Closed {
    /// Its own.
    pub settings: Settings,
    _folder: TempDir,
}

impl Site {
    /// On Postgres and Redis, with connections of its own for each role. Postgres sleeps for
    /// `slower` before it flushes a commit.
    pub async fn apart(cluster: &Cluster, redis_url: &str, slower: Duration) -> Result<Self> {
        static SITES: AtomicU32 = AtomicU32::new(1);
        let us = slower.as_micros();
        let delay = format!("&options[commit_delay]={us}&options[commit_siblings]=0");
        let url = schema(cluster).await + &delay;
        Store::open(&url, false).await?.migrate().await?;
        let folder = TempDir::new()?;
        let mut settings = settings(folder.path());
        settings.database_url = Some(url);
        settings.redis_url = Some(redis_url.to_owned());
        settings.redis_prefix = format!("site{}:", SITES.fetch_add(1, Ordering::Relaxed));
        let open = || async {
            Ok::<_, anyhow::Error>(Installation::open(&settings, Role::Apart).await?.0)
        };
        let (web, workers) = (open().await?, [open().await?, open().await?]);
        Ok(Self { web, workers, settings, folder, _lock: None })
    }

    /// All in one process, as `up` is.
    pub async fn embedded() -> Result<Self> {
        let folder = TempDir::new()?;
        let settings = settings(folder.path());
        let (web, _lock) = Installation::open(&settings, Role::Up).await?;
        Ok(Self { workers: [web.clone(), web.clone()], web, settings, folder, _lock })
    }

    /// So many servers.
    pub async fn servers(&self, count: usize) -> Result<Vec<Server>> {
        let add = |number| async move {
            let new = new_server(&format!("edge-{number}"));
            Ok(self.web.store.add_server(&new, |_| None).await?.0)
        };
        stream::iter(0..count).map(add).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// For others to open.
    pub fn closed(self) -> Closed {
        let Self { settings, folder, .. } = self;
        Closed { settings, _folder: folder }
    }

    /// So many pending runs, on as many servers.
    pub async fn pending(&self, count: usize) -> Result<Vec<String>> {
        let ask = |server: Server| async move {
            let run = new_run(server.id);
            self.web.store.ask(&run).await?;
            Ok(run.id)
        };
        let servers = self.servers(count).await?;
        stream::iter(servers).map(ask).buffer_unordered(AT_ONCE).try_collect().await
    }
}

fn settings(folder: &Path) -> Settings {
    Settings {
        database_url: None,
        redis_url: None,
        redis_prefix: "site:".to_owned(),
        data: folder.to_owned(),
        key: Some(STANDARD.encode([7; 32])),
        jobs: None,
        allow_local: true,
        url: None,
    }
}
