//! What a worker and its `ssh` processes take of the machine, as Linux counts it.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Resident memory in KB.
    pub own: u64,
    /// How long it has kept processors busy, without its children.
    pub busy: Duration,
    /// Its `ssh` processes.
    pub children: usize,
    /// What they have for themselves, in KB: code that all of them share is not counted.
    pub theirs: u64,
}

impl Usage {
    pub fn of(process: u32, network: &str) -> Result<Self> {
        let own = memory(process)?;
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        let fields = stat.rsplit_once(')').context("stat")?.1;
        let ticks = fields.split_whitespace().skip(11).take(2).flat_map(str::parse::<u64>);
        // A tick is 10 ms, on every Linux.
        let busy = Duration::from_millis(10 * ticks.sum::<u64>());
        let children = connections(network);
        let private = |&child: &u32| {
            let of = |name| field(child, "smaps_rollup", name).unwrap_or_default();
            of("Private_Clean:") + of("Private_Dirty:")
        };
        let theirs = children.iter().map(private).sum();
        Ok(Self { own, busy, children: children.len(), theirs })
    }
}

/// The resident memory of a process, in KB.
pub fn memory(process: u32) -> Result<u64> {
    field(process, "status", "VmRSS:")
}

fn field(process: u32, file: &str, name: &str) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/{file}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).context("a field")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// The `ssh` processes that lead to these addresses: each leaves its parent, as a daemon does.
fn connections(network: &str) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let leads = |id: &u32| {
        let line = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let mut words = line.split('\0');
        words.next().is_some_and(|program| program.ends_with("ssh") || program.starts_with("ssh:"))
            && line.contains(network)
    };
    ids.filter(leads).collect()
}
