//! The one line, run as a person would: the server joins, what was wanted is installed, and a
//! second run changes nothing. Promises 2, 8 and 9.

use crate::fleet::{Fleet, database, sql};
use crate::lab::{Lab, wait_until};
use crate::redis::Redis;
use crate::site::{Site, goes_well, said};

/// Everything that the script may touch.
const SNAPSHOT: &str = "find /etc /root /home /var/lib/groundcrew /usr/local \
    ! -path '/root/.bash*' -printf '%p %m %u %s %T@ %l\\n' 2>/dev/null | sort | sha256sum";

fn joins(suite: &str) {
    let lab = Lab::with(2, &["--suite", suite]);
    let (host, other) = (lab.host(1), lab.host(2));
    let (redis, database) = (Redis::start(), database());
    let subscriber = redis.subscriber();
    let site = Site::of(Fleet::apart(&database, &redis.url), &lab);
    let line = site.add("edge-1", &host, &["--install", "nginx", "--provider", "The lab"]);
    let before = site.server("edge-1");
    assert_eq!((&before["provision_status"], &before["host_key"]), (&"pending".into(), &().into()));
    // Somebody's key, in a file whose last line has no end, stays.
    host.run("printf 'ssh-ed25519 AAAA somebody' >>/root/.ssh/authorized_keys");

    let said = goes_well(&host, &line);
    for part in ["1. Calling", "2. Preparing server", "3. Checking status", "Done."] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let server = site.stands("edge-1", "completed");
    assert_eq!(server["connection"], "connected", "{server:#}");
    assert_eq!((&server["os_name"], &server["os_codename"]), (&"Debian".into(), &suite.into()));
    let key = host.run("cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub");
    assert_eq!(server["host_key"], key, "promise 9: the key that has signed is pinned");
    assert_eq!(server["provider"], "The lab");
    host.run("grep -qx 'ssh-ed25519 AAAA somebody' /root/.ssh/authorized_keys");
    host.run("curl -fsS -o /dev/null http://127.0.0.1/ && id deploy && visudo -cq && sshd -t");

    // Promise 2: each change once, and none is left out.
    let revision = server["revision"].as_i64().expect("a revision");
    wait_until("all is heard", || subscriber.revisions().len() as i64 >= revision);
    let mut revisions = subscriber.revisions();
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=revision).collect::<Vec<_>>());

    let untouched = host.run(SNAPSHOT);
    let said = goes_well(&host, &line);
    assert!(said.contains("joined already. Nothing was changed"), "{said}");
    assert_eq!(host.run(SNAPSHOT), untouched);
    assert_eq!(site.server("edge-1"), server, "nor here");

    // From now on only this host gets the script.
    assert!(crate::site::fails(&other, &line).contains("410"));

    // Promise 8: the token is kept nowhere.
    let token = line.split("/join/").nth(1).expect("an address");
    let token = token.split_ascii_whitespace().next().expect("a token");
    assert!(!site.up.log().contains(token));
    let everything = "SELECT (SELECT count(*) FROM joins WHERE joins::text LIKE '%TOKEN%') + \
        (SELECT count(*) FROM callbacks WHERE callbacks::text LIKE '%TOKEN%') + \
        (SELECT count(*) FROM audit_log WHERE audit_log::text LIKE '%TOKEN%')";
    assert_eq!(sql(&database, &everything.replace("TOKEN", token)), "0");
    host.run(&format!("! grep -rqF {token} /run/groundcrew-join /var/log /tmp"));
    let refused = "SELECT count(*) FROM audit_log WHERE action = 'callback.refused'";
    assert_eq!(sql(&database, refused), "1", "the second run's");

    // The job that the script was made of finds all in place.
    let key = format!("public_key={}", server["public_key"].as_str().expect("a key"));
    let run = site.fleet.ask_with("prepare", "edge-1", &["-p", &key]);
    assert_eq!(site.fleet.ends(&run, "completed")["changed"], 0);
}

#[test]
fn on_bookworm() {
    joins("bookworm");
}

#[test]
fn on_trixie() {
    joins("trixie");
}

/// Nothing is wanted: it has joined when a worker has logged in. Root was not let in before.
#[test]
fn lets_root_in_and_locks_nobody_out() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let site = Site::embedded(&lab);
    let line = site.add("edge-1", &host, &[]);
    // In one session, for root can't begin another one.
    let output = host.try_run(&format!(
        "printf '%s\\n' 'PermitRootLogin no' 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/01-no.conf
         systemctl reload ssh; {line}"
    ));
    assert!(output.status.success(), "{}", said(&output));
    site.stands("edge-1", "completed");
    host.run("sshd -T | grep -qx 'permitrootlogin without-password'");
    host.run("sshd -T | grep -qx 'passwordauthentication yes'");
}

/// A minimal server, with wget where others have curl. The base packages come with the script.
#[test]
fn with_wget_and_no_curl() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let site = Site::embedded(&lab);
    let words = ["server", "add", "edge-1", &host.address, "--join", "--json"];
    let added: serde_json::Value = serde_json::from_str(&site.fleet.ok(&words)).expect("JSON");
    let line = added["line"]["wget"].as_str().expect("a line");
    host.run(
        "export DEBIAN_FRONTEND=noninteractive SUDO_FORCE_REMOVE=yes
         apt-get -qq update && apt-get -qq install -y wget && apt-get -qq purge -y curl sudo
         ! command -v curl",
    );
    let said = goes_well(&host, line);
    assert!(said.contains("Installing base packages ..."), "{said}");
    site.stands("edge-1", "completed");
    host.run("command -v curl && command -v sudo");
    let shown = site.fleet.ok(&["server", "show", "edge-1"]);
    assert!(shown.contains("4  Checking connectivity   completed"), "{shown}");
}
