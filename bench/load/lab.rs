//! Many servers on few hosts of the lab: places.sh says how.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

const PLACES: &str = include_str!("places.sh");

/// It ends with this process.
pub struct Lab {
    name: String,
    places: usize,
    hosts: usize,
}

impl Lab {
    pub fn up(hosts: usize, places: usize) -> Result<Self> {
        let pid = std::process::id().to_string();
        let lab = Self { name: format!("load-{pid}"), places, hosts };
        lab.verb(&["up", &hosts.to_string(), "--while", &pid])?;
        let make = |host: usize| {
            let mut ssh =
                lab.command(&["ssh", &host.to_string(), "bash", "-s", &places.to_string()]);
            let mut child = ssh.stdin(Stdio::piped()).spawn()?;
            let mut input = child.stdin.take().context("a pipe")?;
            std::io::Write::write_all(&mut input, PLACES.as_bytes())?;
            anyhow::Ok(child)
        };
        let all = (1..=hosts).map(make).collect::<Result<Vec<_>>>()?;
        for mut one in all {
            ensure!(one.wait()?.success(), "a host's places could not be made");
        }
        Ok(lab)
    }

    /// Address, port and host key of each place.
    pub fn places(&self) -> Vec<(String, u16, String)> {
        let known = self.verb(&["known-hosts"]).and_then(|path| Ok(fs::read_to_string(path)?));
        let known = known.expect("a lab that is up has its hosts' keys");
        let ports = 0..self.places;
        let of = |port: usize| {
            known.lines().take(self.hosts).filter_map(move |line| {
                let (address, key) = line.split_once(' ')?;
                Some((address.to_owned(), 2201 + port as u16, key.to_owned()))
            })
        };
        ports.flat_map(of).collect()
    }

    pub fn key(&self) -> PathBuf {
        self.verb(&["key"]).expect("a lab that is up has a key").into()
    }

    fn verb(&self, words: &[&str]) -> Result<String> {
        let output = self.command(words).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "lab {words:?} failed");
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/lab/lab"));
        command.args(["--lab", &self.name]).args(words);
        command
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.verb(&["down"]);
    }
}
