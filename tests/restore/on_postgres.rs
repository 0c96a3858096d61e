//! Postgres, by `pg_dump` and `pg_restore`, and all that can have become of runs since.

use std::collections::HashMap;
use std::process::Command;
use std::thread;

use crate::cases::{CASES, Case, jobs, jobs_have_changed};
use crate::fleet::{Fleet, database, sql};
use crate::host_files;
use crate::lab::{Host, Lab};
use crate::redis::Redis;
use crate::say_restored;

#[track_caller]
fn does(program: &str, words: &[&str]) {
    let output = Command::new(program).args(words).output().expect("Postgres' client");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {words:?}: {said}");
}

/// Another installation on what the backup holds, of the same key.
fn restore(backup: &str, redis: &Redis) -> (Fleet, String) {
    let database = database();
    does("pg_restore", &["--no-owner", "--exit-on-error", "--dbname", &database, backup]);
    let fleet = Fleet::empty(&database, &redis.url);
    jobs(&fleet);
    (fleet, database)
}

/// On all servers at once.
fn each<T: Send>(hosts: &[Host<'_>], work: impl Fn(usize, &Case, &Host<'_>) -> T + Sync) -> Vec<T> {
    let work = &work;
    thread::scope(|scope| {
        let all = CASES.iter().zip(hosts).enumerate();
        let all = all.map(|(number, (case, host))| scope.spawn(move || work(number, case, host)));
        let all: Vec<_> = all.collect();
        all.into_iter().map(|one| one.join().expect("it went well")).collect()
    })
}

/// Promises 4 and 5: what the hosts have is followed, recorded or failed with that reason, and
/// nothing of it is started again.
#[test]
fn taken_while_runs_go_on() {
    let lab = Lab::up(CASES.len());
    let hosts: Vec<_> = (1..=CASES.len()).map(|number| lab.host(number)).collect();
    // One Redis for both: hints of runs that are not known, and of both, are in it.
    let (redis, old_database) = (Redis::start(), database());
    let old = Fleet::apart(&old_database, &redis.url);
    jobs(&old);
    let mut worker = old.worker();
    let runs = each(&hosts, |_, case, host| {
        old.add(case.server, host);
        (case.before)(&old, host)
    });
    let folder = old.folder.path().join("backup");
    let backup = folder.to_str().expect("text");
    does("pg_dump", &["--format=custom", "--file", backup, &old_database]);
    each(&hosts, |number, case, host| (case.after)(&old, host, &runs[number]));
    worker.kill();

    let (new, database) = restore(backup, &redis);
    jobs_have_changed(&new);
    sql(&database, "INSERT INTO sessions SELECT 1, 1, '\\x00', 1, 1, 9e15, '-', '-'");
    let said = say_restored(&new);
    assert_eq!((&said["going"], &said["waiting"]), (&9.into(), &7.into()), "{said:#}");
    assert_eq!(sql(&database, "SELECT count(*) FROM sessions"), "0");
    let doctor = doctor(&new);
    assert!(doctor.contains("0 runs were looked at on their hosts, 16 still to be"), "{doctor}");
    let audit = new.ok(&["audit"]);
    assert!(audit.contains("backup.restore"), "{audit}");
    // The last case's second run: it is pending here, and its host has ended it.
    new.ok(&["runs", "cancel", &runs[CASES.len() - 1][1]]);

    let _worker = new.worker();
    each(&hosts, |number, case, host| (case.then)(&new, host, &runs[number]));
    journals_are_the_hosts(&database, &hosts);
    let doctor = doctor_is_content(&new);
    assert!(doctor.contains("16 runs were looked at on their hosts, none still to be"), "{doctor}");

    let retried = CASES.iter().position(|case| case.server == "retried").expect("the case");
    the_old_one_comes_back(&old, &runs[retried][0]);
}

fn doctor(fleet: &Fleet) -> String {
    String::from_utf8(fleet.output(&["doctor"]).stdout).expect("text")
}

#[track_caller]
fn doctor_is_content(fleet: &Fleet) -> String {
    let output = fleet.output(&["doctor"]);
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{said}");
    said
}

/// What is stored of the runs is what their hosts wrote, line for line; and no step was started
/// twice in an attempt.
#[track_caller]
fn journals_are_the_hosts(database: &str, hosts: &[Host<'_>]) {
    let rows = sql(
        database,
        "SELECT coalesce(json_agg(json_build_array(run_id, number, journal)), '[]') FROM run_attempts",
    );
    let rows: Vec<(String, i64, String)> = serde_json::from_str(&rows).expect("JSON");
    let rows = rows.into_iter().map(|(run, number, journal)| ((run, number), journal));
    let stored: HashMap<_, _> = rows.collect();
    let mut seen = 0;
    for host in hosts {
        for ((run, number), attempt) in host_files::attempts(host) {
            let lines = attempt.lines();
            let mut started: Vec<_> =
                lines.iter().filter(|line| line.what == "start").map(|line| line.step).collect();
            let all = started.len();
            started.dedup();
            assert_eq!(started.len(), all, "{run}: {}", attempt.journal);
            // What was asked for after the backup is not known.
            if let Some(stored) = stored.get(&(run.clone(), number)) {
                assert_eq!(stored, &attempt.journal, "{run} {number}");
                seen += 1;
            }
        }
    }
    // Two that were going in the backup have nothing on their hosts any more.
    assert_eq!(seen, stored.len() - 2);
}

/// Its hosts refuse it, it says why, and its doctor too. It has not noticed the end of this run.
fn the_old_one_comes_back(old: &Fleet, run: &str) {
    let _worker = old.worker();
    let run = old.ends(run, "failed");
    assert_eq!(run["error_kind"], "superseded", "{run:#}");
    let error = run["error"].as_str().expect("an error");
    assert!(error.contains("groundcrew restored") && error.contains("end it for good"), "{error}");
    let output = old.output(&["doctor"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("groundcrew restored"), "{said}");
}
