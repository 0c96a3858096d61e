//! What a process and its children take of the machine, as Linux counts it.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Resident memory in KB.
    pub own: u64,
    /// How long it has kept processors busy, without its children.
    pub busy: Duration,
    /// Processes that it has started, and theirs.
    pub children: usize,
    /// What they have for themselves, in KB: code that all of them share is not counted.
    pub theirs: u64,
}

impl Usage {
    pub fn of(process: u32) -> Result<Self> {
        let own = field(process, "status", "VmRSS:")?;
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        let fields = stat.rsplit_once(')').context("stat")?.1;
        let ticks = fields.split_whitespace().skip(11).take(2).flat_map(str::parse::<u64>);
        // A tick is 10 ms, on every Linux.
        let busy = Duration::from_millis(10 * ticks.sum::<u64>());
        let children = descendants(process);
        let private = |&child: &u32| {
            let of = |name| field(child, "smaps_rollup", name).unwrap_or_default();
            of("Private_Clean:") + of("Private_Dirty:")
        };
        let theirs = children.iter().map(private).sum();
        Ok(Self { own, busy, children: children.len(), theirs })
    }

    pub fn or_more(self, other: Self) -> Self {
        Self { own: self.own.max(other.own), ..other }
    }
}

fn field(process: u32, file: &str, name: &str) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/{file}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).context("a field")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn descendants(process: u32) -> Vec<u32> {
    let mut all = Vec::new();
    let mut open = vec![process];
    while let Some(parent) = open.pop() {
        let Ok(threads) = fs::read_dir(format!("/proc/{parent}/task")) else { continue };
        for thread in threads.flatten() {
            let path = thread.path().join("children");
            let text = fs::read_to_string(path).unwrap_or_default();
            let children = text.split_whitespace().flat_map(str::parse::<u32>);
            let children: Vec<u32> = children.collect();
            all.extend(&children);
            open.extend(children);
        }
    }
    all
}
