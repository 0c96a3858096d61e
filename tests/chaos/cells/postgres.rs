//! Faults of Postgres: what was committed stays, and the host goes on (promises 1 and 6).

use std::fs;
use std::path::Path;
use std::thread::{self, sleep};
use std::time::Duration;

use crate::check;
use crate::job::GO;
use crate::lab::Lab;
use crate::moment::Moment::WhileAStepRuns;
use crate::postgres::Cluster;
use crate::table::{Cell, cell};
use crate::world::{World, until};

pub fn cells() -> Vec<Cell> {
    let of = |fault, meanwhile: fn(&mut World<'_>, &Cluster, &str)| {
        cell(fault, WhileAStepRuns.name(), move || with(meanwhile))
    };
    vec![
        of("Postgres out for 30 s", |_, cluster, _| is_out(cluster, 30)),
        of("Postgres out for 5 s", |_, cluster, _| is_out(cluster, 5)),
        of("Postgres kill -9 and back", |_, cluster, _| {
            dies(cluster);
            cluster.up();
        }),
        of("Postgres ends all sessions", |world, _, _| sessions_end(world)),
        of("the run's row locked for 3 s", |world, _, id| is_locked(world, id)),
        of("a deadlock on a write", |world, _, id| deadlocks(world, id)),
    ]
}

fn with(meanwhile: impl FnOnce(&mut World<'_>, &Cluster, &str)) -> String {
    let (lab, cluster) = (Lab::up(1), Cluster::start());
    let mut world = World::on(&lab, &cluster.url("postgres"), &[], &[]);
    let id = WhileAStepRuns.of_a_run(&world);
    meanwhile(&mut world, &cluster, &id);
    world.host().run(GO);
    world.ends(&id, "completed");
    world.works();
    check::all(&world)
}

/// `kill -9` of all of it. What nobody has collected yet looks as if it still had the folder:
/// that is waited for.
pub fn dies(cluster: &Cluster) {
    let url = cluster.url("postgres");
    let folder = url.split_once("host=").expect("its folder").1;
    let file = fs::read_to_string(format!("{folder}/data/postmaster.pid")).expect("it runs");
    let process = format!("/proc/{}", file.lines().next().expect("its process id"));
    cluster.signal("KILL");
    until("its first process is gone", || !Path::new(&process).exists());
}

fn is_out(cluster: &Cluster, seconds: u64) {
    cluster.down();
    sleep(Duration::from_secs(seconds));
    cluster.up();
}

fn sessions_end(world: &World<'_>) {
    for _ in 0..5 {
        let all = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
            WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'";
        world.sql(all);
        sleep(Duration::from_millis(700));
    }
}

/// By a session that holds it while steps end.
fn is_locked(world: &World<'_>, id: &str) {
    let lock = format!(
        "BEGIN; SELECT id FROM runs WHERE id = '{id}' FOR UPDATE; SELECT pg_sleep(3); COMMIT"
    );
    thread::scope(|scope| {
        scope.spawn(|| world.sql(&lock));
        sleep(Duration::from_millis(300));
        world.host().run(GO);
    });
}

/// A session has the server's row, and wants the run's as soon as the worker has that and wants
/// the server's. It is the worker whose transaction is given up.
fn deadlocks(world: &mut World<'_>, id: &str) {
    let crossed = format!(
        "SET deadlock_timeout = '60s'; BEGIN; SELECT id FROM servers FOR UPDATE; \
         DO $$ BEGIN WHILE NOT EXISTS (SELECT 1 FROM pg_stat_activity \
             WHERE query LIKE 'UPDATE servers SET revision%' \
                 AND pg_backend_pid() = ANY (pg_blocking_pids(pid))) \
             LOOP PERFORM pg_sleep(0.02), pg_stat_clear_snapshot(); END LOOP; END $$; \
         SELECT id FROM runs WHERE id = '{id}' FOR UPDATE; COMMIT"
    );
    thread::scope(|scope| {
        scope.spawn(|| world.sql(&crossed));
        sleep(Duration::from_millis(300));
        world.host().run(GO);
    });
    let given_up = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    until("Postgres counts the deadlock", || world.sql(given_up) != "0");
    world.notes.push("the worker's transaction was given up, and done again".to_owned());
}
