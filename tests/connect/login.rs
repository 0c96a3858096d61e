//! "I can already log in": a worker shows which key the server has, a person confirms it, and a
//! worker does the rest (issue 6; promises 8 and 9).

use serde_json::{Value, json};

use crate::joining::{Key, World, host_key, statuses};
use crate::lab::{Lab, wait_until};

#[test]
fn added_confirmed_prepared_and_installed() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let world = World::embedded();
    let (id, key) = world.add_by_login(&host, "root", &json!({ "jobs": ["nginx"] }));
    let shown = world.provisioning(id);
    assert_eq!(shown["steps"].as_array().map(Vec::len), Some(5), "{shown:#}");
    assert_eq!(shown["steps"][4]["name"], "Install Nginx web server");
    assert_eq!(shown["connection"], "pending");

    wait_until("a key is offered", || !world.live(id)["host_key_offered"].is_null());
    assert_eq!(
        statuses(&world.provisioning(id)),
        ["installing", "pending", "pending", "pending", "pending"]
    );
    // Nobody has logged in, and nobody does until a person has compared the key.
    let path = format!("/servers/{id}/confirm");
    let wrong = json!({ "fingerprint": format!("SHA256:{}", "a".repeat(43)) });
    world.client.post(&path, wrong).is_problem(409, &["fingerprint", "ED25519"]);
    let asked = json!({ "jobs": ["nginx"] });
    world.client.post(&format!("/servers/{id}/runs"), asked).is_problem(409, &["host key"]);
    assert_eq!(key.logins(&host), 0);
    world.confirm(id, &host);

    let shown = world.reaches(id, "completed");
    assert_eq!(statuses(&shown), ["completed"; 5], "{shown:#}");
    for (field, value) in [
        ("connection", json!("connected")),
        ("os_name", json!("Debian")),
        ("os_version", json!("12")),
        ("os_codename", json!("bookworm")),
        ("public_ip", json!(host.address)),
        ("provision_status_label", json!("Completed")),
        ("provision_status_color", json!("green")),
    ] {
        assert_eq!(shown[field], value, "{field}: {shown:#}");
    }
    for step in shown["steps"].as_array().expect("steps") {
        let time =
            |name: &str| step[name].as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok());
        let (started, finished) = (time("started_at"), time("finished_at"));
        assert!(started.is_some() && finished.is_some() && step["error"].is_null(), "{step:#}");
    }
    host.run("systemctl is-active nginx && id deploy && [ -f /etc/sudoers.d/groundcrew ]");
    let server = world.client.get(&format!("/servers/{id}")).is(200);
    assert_eq!(server["host_key"], host_key(&host));
    // The server has a key pair of its own now; the person's key is forgotten.
    assert_eq!(server["ssh_user"], "root");
    assert!(server["public_key"].is_string(), "{server:#}");
    let kept =
        world.store(async |store| store.provision(id).await.expect("asked").expect("a server"));
    let run = kept.prepare_run.expect("a run");
    assert_eq!(world.fleet.run(&run)["status"], "completed");
    world.client.tell(&format!("/servers/{id}/retry")).is_problem(409, &["has joined"]);
    // Confirmed once more, nothing happens.
    let pinned = world.live(id)["host_key"].clone();
    let again = world.client.post(&path, json!({ "fingerprint": pinned["fingerprint"] })).is(200);
    assert_eq!(again["revision"], shown["revision"]);

    let logins = key.logins(&host);
    assert!(logins > 0, "it was the person's key that prepared the server");

    // With the server's own key, the whole changes nothing a second time.
    let run =
        world.client.post(&format!("/servers/{id}/runs"), json!({ "jobs": ["nginx"] })).is(201);
    let run = world.fleet.ends(run["id"].as_str().expect("an id"), "completed");
    assert_eq!(run["changed"], 0, "{run:#}");
    assert_eq!(key.logins(&host), logins, "it is forgotten");
}

/// The first login is another user's, who may become root; from then on it is root's. At the
/// command line, with nothing to install.
#[test]
fn by_a_user_with_sudo() {
    let lab = Lab::with(1, &["--suite", "trixie"]);
    let host = lab.host(1);
    let world = World::embedded();
    host.run(
        "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y sudo >/dev/null
         useradd --create-home --shell /bin/bash admin
         echo 'admin ALL=(root) NOPASSWD: ALL' >/etc/sudoers.d/admin",
    );
    let before = host.run("cat /root/.ssh/authorized_keys");
    let key = Key::of(&world.fleet);
    key.let_in(&host, "admin");
    let target = format!("admin@{}", host.address);
    let said = world.fleet.ok(&["server", "add", "edge-1", &target, "--login", "-i", key.path()]);
    assert!(said.contains("server confirm edge-1"), "{said}");
    world.fleet.refused(1, &["server", "confirm", "edge-1"], &["SHA256:", "--fingerprint"]);
    let shown = world.live(1)["host_key_offered"].clone();
    let fingerprint = shown["fingerprint"].as_str().expect("a fingerprint");
    world.fleet.ok(&["server", "confirm", "edge-1", "--fingerprint", fingerprint]);
    let shown = world.reaches(1, "completed");
    assert_eq!(statuses(&shown), ["completed"; 4], "{shown:#}");
    assert_eq!(shown["os_codename"], "trixie");
    let server = world.fleet.server("edge-1");
    assert_eq!(server["ssh_user"], "root");
    // Root has the server's own key, and nobody else's was touched.
    let keys = host.run("cat /root/.ssh/authorized_keys");
    let own = server["public_key"].as_str().expect("a key");
    assert_eq!(keys, format!("{before}\n{own}"));
}

/// A server that can't be prepared: the cause is shown in step 2, and a retry goes on with it.
#[test]
fn a_failure_is_shown_and_tried_again() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let world = World::embedded();
    // sudo refuses what it is given, so that the step fails.
    host.run("apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y sudo >/dev/null");
    host.run("mv /usr/sbin/visudo /usr/sbin/visudo.good && ln -s /bin/false /usr/sbin/visudo");
    let (id, _) = world.add_by_login(&host, "root", &Value::Null);
    world.confirm(id, &host);
    let shown = world.reaches(id, "failed");
    assert_eq!(statuses(&shown), ["completed", "failed", "pending", "pending"], "{shown:#}");
    let error = &shown["steps"][1]["error"];
    assert_eq!(error["kind"], "step_failed", "{shown:#}");
    for field in ["message", "advice"] {
        assert!(error[field].as_str().is_some_and(|text| text.contains("ause")), "{error}");
    }
    host.run("mv -f /usr/sbin/visudo.good /usr/sbin/visudo");
    world.client.tell(&format!("/servers/{id}/retry")).is(200);
    let again = world.reaches(id, "completed");
    assert_eq!(again["steps"][0]["finished_at"], shown["steps"][0]["finished_at"]);
}

/// An sshd of its own, with a new key, so that the lab's logins stay as they are. Prints the
/// key's fingerprint.
const NEW_SSHD: &str = "
    [ ! -e /run/sshd-2222.pid ] || kill $(cat /run/sshd-2222.pid)
    rm -f /root/hostkey /root/hostkey.pub
    ssh-keygen -q -t ed25519 -N '' -f /root/hostkey
    until /usr/sbin/sshd -p 2222 -h /root/hostkey -o PidFile=/run/sshd-2222.pid 2>/dev/null; do sleep 0.1; done
    ssh-keygen -lf /root/hostkey.pub | cut -d ' ' -f 2";

/// The key that it shows is not the one that was expected: asked anew, after the machine at the
/// address was exchanged.
#[test]
fn a_key_that_nobody_confirms_is_asked_for_anew() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let world = World::embedded();
    let shows = |key: &str| {
        wait_until("the key is offered", || {
            world.live(1)["host_key_offered"]["fingerprint"] == key
        });
    };
    let first = host.run(NEW_SSHD);
    let wanted = json!({
        "name": "edge-1", "host": host.address, "ssh_port": 2222, "joins_by": "login",
    });
    world.client.post("/servers", wanted).is(201);
    shows(&first);
    let second = host.run(NEW_SSHD);
    world.client.tell("/servers/1/retry").is(200);
    shows(&second);
    let path = "/servers/1/confirm";
    world.client.post(path, json!({ "fingerprint": first })).is_problem(409, &[&second]);
}
