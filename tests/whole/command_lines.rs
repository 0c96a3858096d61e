//! What everybody on this machine can see of our processes: their command lines, looked at all
//! the time. Not those of the test, which types what a person would.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// All that were seen, when it is asked for.
pub struct CommandLines {
    is_over: Arc<AtomicBool>,
    looks: JoinHandle<BTreeSet<Vec<u8>>>,
}

impl CommandLines {
    /// Of these processes and of all that they start, now and later.
    pub fn of(roles: &[u32]) -> Self {
        let (is_over, roles) = (Arc::new(AtomicBool::new(false)), roles.to_vec());
        let over = is_over.clone();
        let looks = thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while !over.load(Ordering::Relaxed) {
                roles.iter().for_each(|role| look(*role, &mut seen));
                thread::sleep(Duration::from_millis(5));
            }
            seen
        });
        Self { is_over, looks }
    }

    /// Ends the looking.
    pub fn seen(self) -> Vec<u8> {
        self.is_over.store(true, Ordering::Relaxed);
        let seen = self.looks.join().expect("it looked to the end");
        seen.into_iter().collect::<Vec<_>>().join(&b'\n')
    }
}

/// A process, and its children. Who has ended meanwhile is not seen.
fn look(process: u32, seen: &mut BTreeSet<Vec<u8>>) {
    seen.extend(fs::read(format!("/proc/{process}/cmdline")));
    let threads = fs::read_dir(format!("/proc/{process}/task"));
    for thread in threads.into_iter().flatten().flatten() {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        children.split_whitespace().flat_map(str::parse).for_each(|child| look(child, seen));
    }
}
