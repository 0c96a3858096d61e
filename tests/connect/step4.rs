//! Step 4: a worker logs in before anything is sent (promises 2, 4, 6 and 9). The script's part
//! is played by calls of the store.

use serde_json::{Value, json};

use crate::fleet::{Fleet, database, sql};
use crate::job;
use crate::joining::{World, host_key, statuses};
use crate::lab::{Lab, wait_until};
use crate::redis::Redis;

/// Step 4 completes, the run is queued, and a plain subscriber of the bus hears of each moment
/// at once, on the server's private channel.
#[test]
fn each_moment_is_heard() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("two", &job::of(&[("waits", job::WAIT), ("prints", "echo hello")]));
    let world = World::of(fleet, &database);
    let (subscriber, monitor) = (redis.subscriber(), redis.monitor());
    let (id, _) = world.add_by_script(&host, &host_key(&host), true, &json!({ "jobs": ["two"] }));
    // Added; three calls back, which the store was told beside the web, so that the sweeper
    // announces them; step 4 at work, and completed; the run at work, on the host, its first step.
    host.wait_for(job::WAITS);
    let revision = || world.provisioning(id)["revision"].as_i64().expect("a revision");
    wait_until("its first step is heard of", || revision() == 9);
    let heard_of = |revision: i64| subscriber.revisions().contains(&revision);
    for (moment, revision) in [
        ("step 4 is at work", 5),
        ("step 4 is completed, and the run asked for with it", 6),
        ("the run is installing", 7),
        ("the host has it", 8),
        ("its first step is at work", 9),
    ] {
        wait_until(moment, || heard_of(revision));
    }
    let shown = world.provisioning(id);
    assert_eq!(
        statuses(&shown),
        ["completed", "completed", "completed", "completed", "installing"],
        "{shown:#}"
    );
    let inner: Vec<&Value> =
        (0..2).map(|step| &shown["steps"][4]["steps"][step]["status"]).collect();
    assert_eq!(inner, ["installing", "pending"]);
    host.run(job::GO);
    let shown = world.reaches(id, "completed");
    assert_eq!(statuses(&shown), ["completed"; 5]);
    for (moment, revision) in [
        ("its first step is completed", 10),
        ("its second step is at work", 11),
        ("its second step is completed", 12),
        ("the run is completed", 13),
    ] {
        wait_until(moment, || heard_of(revision));
    }
    assert_eq!(revision(), 13);
    // Pages are told before the run is queued.
    let run = world.live(id)["run"]["id"].as_str().expect("an id").to_owned();
    let log = monitor.log();
    let first = |part: &str| log.lines().position(|line| line.contains(part));
    let (told, queued) = (first(r#"revision\":6}"#), first(&run));
    assert!(told.is_some() && told < queued, "{told:?}, then {queued:?}");
    let channel = format!("groundcrew:private-servers.{id}.provision");
    assert!(subscriber.heard().iter().all(|(heard, _)| *heard == channel));
    // Each once.
    let mut revisions = subscriber.revisions();
    let count = revisions.len();
    revisions.sort_unstable();
    revisions.dedup();
    assert_eq!(revisions.len(), count, "{:?}", subscriber.revisions());
}

/// A failed run makes the provisioning failed, and is heard of; tried again, it is completed.
#[test]
fn a_failed_run_is_heard_and_tried_again() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("fails", &job::of(&[("fails", "[ -e /root/mended ]")]));
    let world = World::of(fleet, &database);
    let subscriber = redis.subscriber();
    let (id, _) = world.add_by_script(&host, &host_key(&host), true, &json!({ "jobs": ["fails"] }));
    let shown = world.reaches(id, "failed");
    assert_eq!(statuses(&shown)[3..], ["completed", "failed"], "{shown:#}");
    let error = &shown["steps"][4]["error"];
    assert_eq!(error["kind"], "step_failed", "{shown:#}");
    let revision = shown["revision"].as_i64().expect("a revision");
    wait_until("it is heard of", || subscriber.revisions().contains(&revision));
    host.run("touch /root/mended");
    let run = world.live(id)["run"]["id"].as_str().expect("an id").to_owned();
    world.client.tell(&format!("/runs/{run}/retry")).is(200);
    wait_until("it is completed", || world.provisioning(id)["provision_status"] == "completed");
}

/// Whoever answers at the address has another key than the one that called back: nothing is
/// sent there, not even a login, and the person is asked. A fresh line begins anew.
#[test]
fn another_machine_at_the_address() {
    let lab = Lab::up(2);
    let (right, wrong) = (lab.host(1), lab.host(2));
    let world = World::embedded();
    world.fleet.job("touch", &job::of(&[("one", "")]));
    let install = json!({ "jobs": ["touch"] });
    let (id, own) = world.add_by_script(&right, &host_key(&wrong), true, &install);
    let shown = world.reaches(id, "failed");
    assert_eq!(statuses(&shown), ["completed", "completed", "completed", "failed", "pending"]);
    let error = &shown["steps"][3]["error"];
    assert_eq!(error["kind"], "host_key_changed", "{shown:#}");
    let text = error.to_string();
    for part in ["another host key", "Nothing was sent there", "new line"] {
        assert!(text.contains(part), "{part:?} is not said: {text}");
    }
    assert_eq!(shown["connection"], "failed");
    assert_eq!((own.logins(&right), own.logins(&wrong)), (0, 0));
    right.run("[ ! -e /var/lib/groundcrew ]");
    // Its own script was never run there: it begins anew, with a fresh line.
    let again = world.client.tell(&format!("/servers/{id}/retry")).is(200);
    assert!(again["line"]["curl"].is_string(), "{again}");
    assert!(again["host_key"].is_null(), "the key of the other one is forgotten: {again}");
    let shown = world.provisioning(id);
    assert_eq!(statuses(&shown), ["pending"; 5], "{shown:#}");
    world.call_back(id, &host_key(&right));
    world.reaches(id, "completed");
}

/// The app user can't log in: failed with the cause, and a retry goes on from step 4.
#[test]
fn the_app_user_is_not_let_in() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let world = World::embedded();
    let (id, own) = world.add_by_script(&host, &host_key(&host), false, &Value::Null);
    let failed = world.reaches(id, "failed");
    assert_eq!(statuses(&failed), ["completed", "completed", "completed", "failed"]);
    let error = &failed["steps"][3]["error"];
    assert_eq!(error["kind"], "authentication_failed", "{failed:#}");
    assert!(error["message"].as_str().is_some_and(|text| text.contains("deploy@")), "{error}");
    own.let_in(&host, "deploy");
    let answer = world.client.tell(&format!("/servers/{id}/retry")).is(200);
    assert!(answer["line"].is_null(), "login was reached: {answer}");
    let mut shown = Value::Null;
    wait_until("it is completed", || {
        shown = world.provisioning(id);
        shown["provision_status"] == "completed"
    });
    assert_eq!(
        shown["steps"].as_array().expect("steps")[..3],
        failed["steps"].as_array().expect("steps")[..3]
    );
    assert_eq!((&shown["connection"], &shown["os_name"]), (&json!("connected"), &json!("Debian")));
}

/// A worker that is killed in the middle of step 4 stops nothing: another one does it.
#[test]
fn a_worker_killed_in_the_middle() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("touch", &job::of(&[("one", "")]));
    let mut world = World::of(fleet, &database);
    let install = json!({ "jobs": ["touch"] });
    let (id, own) = world.wait_for_script(&host, true, &install);
    // Whoever logs in with this key waits.
    let slow = format!("s|^{}|command=\"sleep 300\" {}|", own.0, own.0);
    let keys = "/root/.ssh/authorized_keys";
    host.run(&format!("sed -i '{slow}' {keys} && grep -q 'sleep 300' {keys}"));
    world.call_back(id, &host_key(&host));
    host.wait_for("pgrep -f 'sleep 30[0]'");
    assert_eq!(statuses(&world.provisioning(id))[3], "installing");
    let epoch = || {
        let epoch = sql(&database, "SELECT epoch FROM provision_steps WHERE number = 4");
        epoch.parse::<i64>().expect("a number")
    };
    let before = epoch();
    world.up.kill();
    host.run(&format!("sed -i 's|^command=\"sleep 300\" ||' {keys}"));
    host.run("pkill -f '^sleep 30[0]' || :");
    let mut second = world.fleet.up();
    let line = second.wait_for("listening address=");
    world.client.address = line.rsplit('=').next().expect("an address").to_owned();
    world.up = second;
    let shown = world.reaches(id, "completed");
    assert_eq!(statuses(&shown), ["completed"; 5], "{shown:#}");
    assert_eq!(epoch(), before + 1, "claimed once more");
}

/// A host that is down is waited for, and it is said since when; then it goes on by itself.
#[test]
fn a_host_that_is_away() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let world = World::embedded();
    let (id, _) = world.wait_for_script(&host, true, &Value::Null);
    host.lab("kill", &[]);
    world.call_back(id, &host_key(&host));
    wait_until("it is said", || !world.live(id)["unreachable"].is_null());
    let live = world.live(id);
    let text = live["unreachable"]["error"].as_str().expect("why");
    // Coarsely: nobody can scan ports with us.
    assert!(text.contains("no SSH server answers") && !text.contains("refused"), "{live}");
    assert_eq!(statuses(&world.provisioning(id))[3], "installing");
    host.lab("start", &[]);
    let shown = world.reaches(id, "completed");
    assert_eq!(shown["connection"], "connected");
    assert!(world.live(id)["unreachable"].is_null());
}

/// One that stays away is given up after a while, with the cause; a retry tries again.
#[test]
fn a_host_that_stays_away() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    // In minutes; the shortest there is.
    let fleet = Fleet::embedded().with("GROUNDCREW_PATIENCE", "1");
    let database = format!("sqlite:{}", fleet.folder.path().join("data/groundcrew.db").display());
    let world = World::of(fleet, &database);
    let (id, _) = world.wait_for_script(&host, true, &Value::Null);
    host.lab("kill", &[]);
    world.call_back(id, &host_key(&host));
    let shown = world.reaches(id, "failed");
    assert_eq!(shown["steps"][3]["error"]["kind"], "unreachable", "{shown:#}");
    assert_eq!(shown["connection"], "failed");
    host.lab("start", &[]);
    world.client.tell(&format!("/servers/{id}/retry")).is(200);
    wait_until("it is completed", || world.provisioning(id)["provision_status"] == "completed");
}
