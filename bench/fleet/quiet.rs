//! Waits for the machine to have nothing else to do, but not for long: it is shared.

use std::fs;

use tokio::time::{Duration, Instant, sleep};

/// So long at most; then it is measured all the same, and said.
const PATIENCE: Duration = Duration::from_secs(20);

/// Returns when the processors were idle for a moment.
pub async fn quiet() {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        let before = processors();
        sleep(Duration::from_millis(250)).await;
        let after = processors();
        if (after.0 - before.0) as f64 > 0.85 * (after.1 - before.1) as f64 {
            return;
        }
    }
    eprintln!("  the machine is busy; measuring all the same");
}

/// Idle and whole time of all processors so far.
fn processors() -> (u64, u64) {
    let stat = fs::read_to_string("/proc/stat").expect("Linux has it");
    let first = stat.lines().next().expect("the processors' line");
    let times: Vec<u64> = first.split_whitespace().skip(1).take(8).flat_map(str::parse).collect();
    (times[3] + times[4], times.iter().sum())
}
