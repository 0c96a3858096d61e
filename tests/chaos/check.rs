//! The promises, checked from outside after a cell: by SQL, the hosts' own files and units,
//! Redis' keys, and what the ear heard.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::audit;
use crate::host_files::{self, Attempt, Attempts};
use crate::lab::Host;
use crate::world::{World, until};

/// Two clocks of one host may differ by this, in ms: uptime counts in steps of 10.
const CLOCK: i64 = 25;

/// All of it; gives what is to be said in the table.
#[track_caller]
pub fn all(world: &World<'_>) -> String {
    all_but(world, &[])
}

/// The same without what is on these hosts, by number: they are gone for good.
#[track_caller]
pub fn all_but(world: &World<'_>, gone: &[usize]) -> String {
    assert_eq!(world.sql("SELECT count(*) FROM runs WHERE finished_at IS NULL"), "0");
    audit::nothing_stale(&world.database);
    let stored = stored(world);
    let mut on_hosts = Attempts::new();
    for host in world.hosts.iter().filter(|host| !gone.contains(&host.number)) {
        let attempts = host_files::attempts(host);
        one_at_a_time(&attempts);
        nothing_left(host);
        on_hosts.extend(attempts);
    }
    if gone.is_empty() {
        same(&on_hosts, &stored);
    }
    in_order(&stored);
    steps_as_journals_say(world, &stored);
    all_is_told(world);
    nothing_in_redis(world);
    said(world, &stored)
}

/// What SQL has of all attempts.
fn stored(world: &World<'_>) -> Attempts {
    let rows = world.sql(
        "SELECT coalesce(json_agg(one), '[]') FROM (SELECT run_id, number, journal, \
            md5(coalesce((SELECT string_agg(bytes, ''::bytea ORDER BY start) FROM run_output \
                WHERE run_id = a.run_id AND attempt = a.number), ''::bytea)) AS output \
            FROM run_attempts AS a) AS one",
    );
    let rows: Vec<Value> = serde_json::from_str(&rows).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    rows.iter()
        .map(|row| {
            let key = (text(&row["run_id"]), row["number"].as_i64().expect("a number"));
            (key, Attempt { journal: text(&row["journal"]), output: text(&row["output"]) })
        })
        .collect()
}

/// Journal and output were kept as the host wrote them, attempt by attempt, byte for byte.
#[track_caller]
fn same(on_hosts: &Attempts, stored: &Attempts) {
    let keys = |attempts: &Attempts| attempts.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(on_hosts), keys(stored), "attempts on the hosts, and in SQL");
    for (key, attempt) in on_hosts {
        assert_eq!(attempt, &stored[key], "on the host, and in SQL: {key:?}");
    }
}

/// No step started twice in an attempt; no attempt begins before the former one has ended.
#[track_caller]
fn in_order(attempts: &Attempts) {
    let mut ends: BTreeMap<&str, i64> = BTreeMap::new();
    for ((run, number), attempt) in attempts {
        let lines = attempt.lines();
        let mut started = BTreeSet::new();
        for (place, line) in lines.iter().enumerate() {
            assert_eq!(line.sequence, place + 1, "{run} {number}: {}", attempt.journal);
            if line.what == "start" {
                assert!(started.insert(line.step), "started twice: {}", attempt.journal);
            }
        }
        if let (Some((begin, _)), Some(end)) = (attempt.life(), ends.get(run.as_str())) {
            assert!(begin + CLOCK >= *end, "{run}: attempt {number} began before the former ended");
        }
        if let Some(end) = lines.iter().find(|line| line.what == "end") {
            ends.insert(run, end.time);
        }
    }
}

/// No two attempts on one host overlap.
#[track_caller]
fn one_at_a_time(attempts: &Attempts) {
    let mut lives: Vec<_> = attempts
        .iter()
        .filter_map(|(key, attempt)| attempt.life().map(|(begin, end)| (begin, end, key)))
        .collect();
    lives.sort_unstable();
    for two in lives.windows(2) {
        assert!(two[0].1 <= two[1].0 + CLOCK, "two at a time on one host: {two:?}");
    }
}

/// SQL has each step as the journals say: how often it was started, and how it ended.
#[track_caller]
fn steps_as_journals_say(world: &World<'_>, attempts: &Attempts) {
    let mut said: BTreeMap<(&str, i64), (i64, &str)> = BTreeMap::new();
    for ((run, _), attempt) in attempts {
        for line in attempt.lines() {
            let Some(step) = line.step else { continue };
            let entry = said.entry((run, step)).or_default();
            entry.0 += i64::from(line.what == "start");
            entry.1 = line.what;
        }
    }
    let rows = world.sql("SELECT run_id, number, starts, status, changed FROM run_steps");
    for row in rows.lines() {
        let columns: Vec<&str> = row.split('|').collect();
        let number = columns[1].parse().expect("a number");
        let (starts, last) = said.get(&(columns[0], number)).copied().unwrap_or_default();
        assert_eq!(columns[2], starts.to_string(), "starts of {row}");
        let expected = match last {
            "" => &["pending|"][..],
            "changed" => &["completed|1"],
            "in_place" => &["completed|0"],
            // With its run, if that ended in the middle of it.
            _ => &["failed|"],
        };
        let found = format!("{}|{}", columns[3], columns[4]);
        assert!(expected.contains(&found.as_str()), "{row}, and the journal says {last:?}");
    }
}

/// Each change was announced, and who listened knows the last one (promise 2).
#[track_caller]
fn all_is_told(world: &World<'_>) {
    until("all changes are announced", || {
        world.sql("SELECT count(*) FROM servers WHERE announced_revision <> revision") == "0"
    });
    let servers = world.sql("SELECT id, revision FROM servers");
    for server in servers.lines() {
        let (id, revision) = server.split_once('|').expect("two columns");
        let (id, revision) = (id.parse().expect("an id"), revision.parse().expect("a revision"));
        until(&format!("revision {revision} of server {id} is heard"), || {
            world.ear.last(id) == Some(revision)
        });
    }
}

/// No unit of ours, the host's lock free, nothing of what runs brought along.
#[track_caller]
fn nothing_left(host: &Host<'_>) {
    host.wait_for("! systemctl list-units --no-legend --all 'groundcrew-*' | grep -q .");
    host.run("flock -n /run/groundcrew.lock true");
    host.run(
        "! find /var/lib/groundcrew/runs -name values -o -name steps -o -name handlers \
         -o -name reserve -o -name 'incoming.*' | grep .",
    );
}

/// Of hints, nothing: workers and heartbeats are apalis' bookkeeping.
#[track_caller]
fn nothing_in_redis(world: &World<'_>) {
    let left = || {
        let keys = world.redis.ask(&["keys", "groundcrew:runs:*"]);
        let is_left = |key: &&str| {
            let name = key.trim_start_matches("groundcrew:runs:");
            ["data", "active", "scheduled"].contains(&name)
                || ["meta:", "inflight:"].iter().any(|start| name.starts_with(start))
        };
        keys.lines().filter(is_left).map(str::to_owned).collect::<Vec<_>>()
    };
    until("no hint is left in Redis", || left().is_empty());
}

/// How runs ended, how often they changed hands, and how much was told.
fn said(world: &World<'_>, attempts: &Attempts) -> String {
    let ends = world.sql(
        "SELECT string_agg(status || ' ' || n, ', ' ORDER BY status) FROM \
            (SELECT status, count(*) AS n FROM runs GROUP BY 1) AS counted",
    );
    let epoch = world.sql("SELECT max(epoch) FROM runs");
    let bytes = world.sql("SELECT coalesce(sum(length(bytes)), 0) FROM run_output");
    let most = attempts.keys().map(|(_, number)| *number).max().unwrap_or_default();
    let told = world.ear.count();
    let mut said = world.notes.clone();
    said.push(format!(
        "{ends}; epoch {epoch}, attempts {most}, {bytes} bytes, {told} notifications"
    ));
    said.join("; ")
}
