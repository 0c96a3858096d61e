//! The bundle: all that a host needs to execute one attempt of a run, as a tar.
//! What each file is for stands in `host/common.sh`.
//!
//! Promise 10: a value is never spliced into shell text. Values, paths and
//! contents travel as files of their own.

use std::io;

use sha2::{Digest, Sha256};

use super::host::RUNNER;
use crate::catalog::PRELUDE;
use crate::model::{Action, Plan, Step};

/// What the host is to do with the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Put every step in place.
    Apply,
    /// Ask the checks only.
    Plan,
}

/// The tar of an attempt that starts at step `first` (from 1). `identity` is
/// what the host says of the run to others: `INSTALLATION RUN ATTEMPT DIGEST`.
///
/// # Errors
/// Fails only if a path is longer than tar allows.
pub fn bundle(plan: &Plan, mode: Mode, first: usize, identity: &str) -> io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut file = |path: &str, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_entry_type(tar::EntryType::Regular);
        tar.append_data(&mut header, path, content)
    };
    let word = match mode {
        Mode::Apply => "apply",
        Mode::Plan => "plan",
    };
    file("mode", format!("{word}\n").as_bytes())?;
    file("first", format!("{first}\n").as_bytes())?;
    file("identity", format!("{identity}\n").as_bytes())?;
    file("plan", &serde_json::to_vec(&plan.outline())?)?;
    file("runner.sh", RUNNER.as_bytes())?;
    file("prelude.sh", PRELUDE.as_bytes())?;
    for value in &plan.values {
        file(&format!("values/{}", value.variable), value.value.as_bytes())?;
    }
    for (step, number) in plan.steps.iter().zip(1..) {
        for (name, content) in step_files(plan, step) {
            file(&format!("steps/{number}/{name}"), content.as_bytes())?;
        }
    }
    for (handler, number) in plan.handlers.iter().zip(1..) {
        let folder = format!("handlers/{number}");
        file(&format!("{folder}/id"), format!("{}\n", handler_id(&handler.command)).as_bytes())?;
        file(&format!("{folder}/command"), format!("{}\n", handler.command).as_bytes())?;
        file(&format!("{folder}/timeout"), format!("{}\n", handler.timeout.as_secs()).as_bytes())?;
    }
    // Last, so that the host sees whether it has all before it.
    file("whole", b"")?;
    let mut bytes = tar.into_inner()?;
    // Whole records, so that GNU tar finds its end without waiting for more.
    bytes.resize(bytes.len().next_multiple_of(10_240), 0);
    Ok(bytes)
}

fn step_files(plan: &Plan, step: &Step) -> Vec<(&'static str, String)> {
    let mut files = vec![("timeout", format!("{}\n", step.timeout.as_secs().max(1)))];
    if let Some(handler) = step.on_change {
        files.push(("on_change", format!("{}\n", handler_id(&plan.handlers[handler].command))));
    }
    match &step.action {
        Action::Command { check, run } => {
            files.push(("check", format!("{check}\n")));
            files.push(("run", format!("{run}\n")));
        }
        Action::Assert { assert } => files.push(("assert", format!("{assert}\n"))),
        Action::File { path, owner, group, mode, content } => {
            // As `stat -c %a` prints it.
            let mode = mode.trim_start_matches('0');
            let mode = if mode.is_empty() { "0" } else { mode };
            for (name, line) in
                [("path", path.as_str()), ("owner", owner), ("group", group), ("mode", mode)]
            {
                files.push((name, format!("{line}\n")));
            }
            files.push(("file", content.clone()));
            files.push(("check", "gc_file_in_place\n".into()));
            files.push(("run", "gc_file_put\n".into()));
        }
    }
    files
}

/// The name of a handler's marker on the host, the same in every run that has
/// this command: what one run left due, the next one does.
fn handler_id(command: &str) -> String {
    Sha256::digest(command.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
