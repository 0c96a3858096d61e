//! The worker that is measured: a process of its own, which ends with us.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use groundcrew::config::Settings;
use tempfile::NamedTempFile;

pub struct Worker {
    process: Child,
    log: NamedTempFile,
}

impl Worker {
    pub fn start(site: &Settings, jobs: &Path, slots: usize) -> Result<Self> {
        let log = NamedTempFile::new()?;
        let file = File::create(log.path())?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", env!("CARGO_BIN_EXE_groundcrew"), "worker"]);
        command.args(["--slots", &slots.to_string(), "--allow-local", "--jobs"]).arg(jobs);
        command.arg("--data").arg(&site.data);
        let urls = [("DATABASE_URL", &site.database_url), ("REDIS_URL", &site.redis_url)];
        command.envs(urls.into_iter().filter_map(|(name, url)| Some((name, url.as_deref()?))));
        command.envs([
            ("REDIS_PREFIX", &*site.redis_prefix),
            ("GROUNDCREW_KEY", site.key.as_deref().context("a site has a key")?),
            ("GROUNDCREW_LOG", "warn"),
        ]);
        let process =
            command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).spawn()?;
        Ok(Self { process, log })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it has said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap_or_default()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
