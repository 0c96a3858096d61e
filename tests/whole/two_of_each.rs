//! Whoever of two is asked, it is one installation; and of all that it wrote meanwhile, nothing
//! holds a secret.

use std::fs;

use groundcrew::vault::{Place, Vault};
use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD, path_in};
use crate::canaries::{Canaries, dump};
use crate::command_lines::CommandLines;
use crate::fleet::{Fleet, KEY, database, sql};
use crate::job;
use crate::lab::{Lab, wait_until};
use crate::process::Process;
use crate::redis::Redis;

const SECRET: &str = "canary-of-a-parameter";

/// Two webs on two ports that the lab's hosts reach, two workers, two gateways.
struct Roles {
    webs: [Process; 2],
    others: Vec<Process>,
    addresses: [String; 2],
}

impl Roles {
    fn start(fleet: &Fleet, lab: &Lab) -> Self {
        let host = lab.verb(&["address", "gateway"]);
        let addresses = [8080, 8081].map(|port| format!("{host}:{port}"));
        let webs = addresses.each_ref().map(|address| {
            let mut web = fleet.start(&["web", "--listen", address]);
            web.wait_for("listening");
            web
        });
        let gateway = || {
            let mut gateway = fleet.start(&["gateway", "--listen", "127.0.0.1:0"]);
            gateway.wait_for("listening");
            gateway
        };
        let others = vec![fleet.worker(), fleet.worker(), gateway(), gateway()];
        Self { webs, others, addresses }
    }

    fn all(&self) -> impl Iterator<Item = &Process> {
        self.webs.iter().chain(&self.others)
    }
}

/// Promises 2, 8 and 9.
#[test]
fn servers_join_in_both_ways_and_no_secret_leaks() {
    let lab = Lab::up(2);
    let (redis, database) = (Redis::start(), database());
    let (monitor, subscriber) = (redis.monitor(), redis.subscriber());
    let address = lab.verb(&["address", "gateway"]);
    let fleet = Fleet::apart(&database, &redis.url)
        .with("GROUNDCREW_URL", &format!("http://{address}:8080"))
        .with("GROUNDCREW_ALLOW_LOCAL", "true")
        .with("GROUNDCREW_LOG", "debug,sqlx=debug");
    let head = "[params.token]\ntype = \"secret\"";
    let prints =
        "[ -e /etc/canary ] || { echo first $TOKEN; echo last $TOKEN; touch /etc/canary; }";
    fleet.job("secret", &job::with(head, &[("prints", prints)]));
    let roles = Roles::start(&fleet, &lab);
    let ids: Vec<u32> = roles.all().map(Process::id).collect();
    let command_lines = CommandLines::of(&ids);
    let mut canaries = Canaries::default();
    canaries.add("password", PASSWORD);
    canaries.add("secret parameter", SECRET);

    // A person gets in at the one web, and goes on at the other.
    let link = path_in(&fleet.ok(&["user", "link"]));
    canaries.add("one-time link", link.trim_start_matches("/welcome/"));
    let mut ann = Browser::new(&roles.addresses[0]);
    assert_eq!(ann.form(&link, &[("name", "ann"), ("password", PASSWORD)]).status, 303);
    canaries.add("session", ann.session());
    let mut ann = ann.at(&roles.addresses[1]);
    let made = ann.json("POST", "/api/v1/tokens", &json!({ "name": "ci", "scopes": ["read"] }));
    canaries.add("token", made.is(201)["token"].as_str().expect("a token"));

    let install = json!({ "jobs": ["secret"], "parameters": { "token": SECRET } });
    let (first, second) = (lab.host(1), lab.host(2));
    let new = json!({ "name": "by-line", "host": first.address, "joins_by": "script",
        "install": install });
    let by_line = ann.json("POST", "/api/v1/servers", &new).is(201);
    let line = by_line["line"]["curl"].as_str().expect("a line").to_owned();
    let token = line.split("/join/").nth(1).and_then(|rest| rest.split_whitespace().next());
    canaries.add("one-time address", token.expect("an address"));
    let key = fs::read_to_string(lab.key()).expect("the lab's key");
    canaries.add_key("private key that a person gave", &key);
    let new = json!({ "name": "by-login", "host": second.address, "joins_by": "login",
        "ssh_user": "root", "private_key": key, "install": install });
    let by_login = ann.json("POST", "/api/v1/servers", &new).is(201);

    // As a person would, on the one; and on the other, by comparing its key.
    first.run(&line);
    let id = &by_login["id"];
    wait_until("a key is offered", || {
        let live = ann.get(&format!("/api/v1/servers/{id}/provisioning/live")).is(200);
        !live["host_key_offered"].is_null()
    });
    let shown = second.run("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    let fingerprint = shown.split_whitespace().nth(1).expect("a fingerprint");
    let confirmed = json!({ "fingerprint": fingerprint });
    let confirm = format!("/api/v1/servers/{id}/confirm");
    assert!(ann.json("POST", &confirm, &confirmed).status < 300);
    for server in [&by_line, &by_login] {
        let path = format!("/api/v1/servers/{}/provisioning", server["id"]);
        let mut stands = Value::Null;
        wait_until("it has joined, and what was wanted is in place", || {
            stands = ann.at(&roles.addresses[0]).get(&path).is(200);
            assert_ne!(stands["provision_status"], "failed", "{stands:#}");
            stands["provision_status"] == "completed"
        });
        let pinned = ann.get(&format!("/api/v1/servers/{}", server["id"])).is(200);
        assert!(pinned["host_key"].is_string(), "promise 9: {pinned:#}");
    }
    announced(&database, &subscriber);

    // Also the halves of the pairs that the installation has made.
    for id in ["1", "2"] {
        let query = format!("SELECT encode(private_key, 'hex') FROM servers WHERE id = {id}");
        let sealed = hex::decode(sql(&database, &query)).expect("bytes");
        let vault = Vault::new(KEY, "the tests").expect("a key");
        let key = vault.open(Place("servers", id, "private_key"), &sealed).expect("it opens");
        canaries.add_key("private key of a server", std::str::from_utf8(&key).expect("text"));
    }
    let seen = command_lines.seen();
    assert!(memchr::memmem::find(&seen, b"ssh").is_some(), "workers have logged in");
    canaries.are_not_in("a command line", &seen);
    for role in roles.all() {
        canaries.are_not_in("a log", role.log().as_bytes());
    }
    canaries.are_not_in("Redis", monitor.log().as_bytes());
    canaries.are_not_in("a notification", format!("{:?}", subscriber.heard()).as_bytes());
    canaries.are_not_in("the database", &dump(&database));
    canaries.are_not_in("an answer", &answers(&mut ann));
    let folders = "/var/lib/groundcrew /run /var/log /tmp /var/tmp /root /home";
    for host in [&first, &second] {
        // What a step prints is there as it was printed, for root only; it is masked as it comes in.
        let found =
            host.run(&format!("{} | grep -v '/attempt-1/out$' || :", canaries.found_in(folders)));
        assert_eq!(found, "", "a secret is on a host");
    }
}

/// Promise 2: each revision of both servers was announced once, and none was left out.
fn announced(database: &str, subscriber: &crate::redis::Subscriber) {
    for id in [1, 2] {
        let query = format!("SELECT revision FROM servers WHERE id = {id}");
        let revision: i64 = sql(database, &query).parse().expect("a number");
        let heard = || {
            let channel = format!("servers.{id}.provision");
            let heard = subscriber.heard().into_iter();
            let mut revisions: Vec<i64> = heard
                .filter(|(name, _)| name.ends_with(&channel))
                .filter_map(|(_, message)| {
                    serde_json::from_str::<Value>(&message).ok()?["data"]["revision"].as_i64()
                })
                .collect();
            revisions.sort_unstable();
            revisions
        };
        wait_until("all is heard", || heard().len() as i64 >= revision);
        assert_eq!(heard(), (1..=revision).collect::<Vec<_>>(), "server {id}");
    }
}

/// All that the API says to who may see everything.
fn answers(ann: &mut Browser) -> Vec<u8> {
    let mut paths: Vec<String> = ["servers", "runs", "jobs", "workers", "tokens"]
        .map(|list| format!("/api/v1/{list}"))
        .into();
    for id in ["1", "2"] {
        let server = format!("/api/v1/servers/{id}");
        paths.extend(
            ["", "/provisioning", "/provisioning/live", "/runs"].map(|of| server.clone() + of),
        );
    }
    let runs = ann.get("/api/v1/runs").is(200);
    for run in runs["items"].as_array().expect("runs") {
        let run = format!("/api/v1/runs/{}", run["id"].as_str().expect("an id"));
        paths.extend([run.clone(), run + "/output"]);
    }
    let mut all = Vec::new();
    for path in paths {
        let answer = ann.get(&path);
        assert_eq!(answer.status, 200, "{path}");
        all.extend(answer.bytes);
    }
    assert!(memchr::memmem::find(&all, b"first *****").is_some(), "it was printed, and masked");
    all
}
