//! Faults of an embedded database: `up` alone, on a SQLite file that somebody else locks.

use std::thread::sleep;
use std::time::Duration;

use sqlx::{Connection, Executor, SqliteConnection};

use crate::fleet::Fleet;
use crate::host_files;
use crate::job::{GO, WAITS};
use crate::lab::Lab;
use crate::moment::Moment::WhileAStepRuns;
use crate::table::{Cell, cell};
use crate::world::{steps, until};

pub fn cells() -> Vec<Cell> {
    vec![cell("SQLite locked for 10 s", WhileAStepRuns.name(), is_locked)]
}

fn is_locked() -> String {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let fleet = Fleet::embedded();
    fleet.job("steps", &steps());
    let mut up = fleet.up();
    fleet.add("edge-1", &host);
    let id = fleet.ask("steps", "edge-1");
    host.wait_for(WAITS);

    let file = format!("sqlite:{}", fleet.folder.path().join("data/groundcrew.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let mut other = SqliteConnection::connect(&file).await.expect("the file");
        other.execute("BEGIN EXCLUSIVE").await.expect("the lock");
        host.run(GO);
        sleep(Duration::from_secs(10));
        other.execute("COMMIT").await.expect("the end of it");
    });

    let mut run = fleet.run(&id);
    until("the run ends", || {
        run = fleet.run(&id);
        !run["finished_at"].is_null()
    });
    assert_eq!(run["status"], "completed", "{run:#}");
    let attempts = host_files::attempts(&host);
    assert_eq!(attempts.len(), 1);
    for step in run["steps"].as_array().expect("steps") {
        assert_eq!(step["starts"], 1, "{step:#}");
    }
    let out = format!("cat /var/lib/groundcrew/runs/{id}/attempt-1/out");
    let stored = fleet.output(&["runs", "output", &id]).stdout;
    assert!(host.try_run(&out).stdout == stored, "the output is another");
    host.wait_for("! systemctl list-units --no-legend --all 'groundcrew-*' | grep -q .");
    up.terminate();
    format!("completed 1; epoch {}, attempts 1, {} bytes", run["epoch"], stored.len())
}
