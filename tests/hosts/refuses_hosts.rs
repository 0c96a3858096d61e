//! A host that can't be used: exit 1, and one `run.failed` whose kind programs can
//! tell apart, with the cause and the next step. (Host keys: `host_keys`.)

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Apply, Done, Host, Lab};
use crate::job;

fn lab() -> Lab {
    let lab = Lab::up(1);
    lab.job("touch", &job::of(&[("one", "")]));
    lab
}

/// It fails with this kind, and says cause and next step; nothing else is said anywhere.
#[track_caller]
fn refuses(mut apply: Apply<'_>, kind: &str, texts: &[&str]) -> Done {
    apply.command.env("RUST_BACKTRACE", "1");
    let done = apply.json().failed(kind);
    assert_eq!(done.said, "", "{:#?}", done.events);
    let ends = ["run.failed", "run.completed", "run.cancelled"];
    assert_eq!(done.events.iter().filter(|e| ends.iter().any(|end| e["event"] == *end)).count(), 1);
    let error = done.last()["error"].as_str().expect("an error");
    for text in texts {
        assert!(error.contains(text), "{text:?} is missing: {error}");
    }
    for word in ["backtrace", "panicked", "src/", "Os {"] {
        assert!(!error.contains(word), "{word}: {error}");
    }
    done
}

/// `apply` as root to another address than the host's.
fn to<'l>(lab: &Lab, host: &Host<'l>, target: &str) -> Apply<'l> {
    let mut apply = host.apply_bare("touch", target);
    apply.command.args(["-i", &lab.key(), "--known-hosts"]).arg(lab.known_hosts());
    apply
}

#[test]
fn a_port_where_nobody_listens() {
    let lab = lab();
    let host = lab.host(1);
    let target = format!("root@{}:2", host.address);
    let texts = [&target, "refused the connection", "Is sshd running there, and on this port?"];
    refuses(to(&lab, &host, &target), "unreachable", &texts);
}

#[test]
fn a_name_that_does_not_resolve() {
    let lab = lab();
    let texts = ["no-such-host.invalid", "Could not resolve", "Check the spelling"];
    refuses(to(&lab, &lab.host(1), "root@no-such-host.invalid"), "unreachable", &texts);
}

/// What answers there is no sshd, or says nothing at all.
#[test]
fn a_port_where_something_else_answers() {
    let lab = lab();
    let host = lab.host(1);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let target = format!("root@{}", listener.local_addr().expect("its address"));
    let mute = listener.try_clone().expect("the port");
    let web = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .expect("answer");
    });
    refuses(to(&lab, &host, &target), "unreachable", &[&target, "by hand"]);
    web.join().expect("the web server");
    let start = Instant::now();
    refuses(to(&lab, &host, &target), "unreachable", &[&target, "timed out", "firewall"]);
    assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
    drop(mute);
}

/// It ends by itself, and soon: `apply` to many hosts must not wait for one.
#[test]
fn a_host_that_does_not_answer() {
    let lab = lab();
    let host = lab.host(1);
    host.lab("cut", &[]);
    let start = Instant::now();
    refuses(host.apply("touch"), "unreachable", &["did not answer", "Is the host up", "firewall"]);
    assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
}

#[test]
fn a_wrong_key() {
    let lab = lab();
    let host = lab.host(1);
    let (key, open) = (lab.folder.path().join("wrong"), lab.folder.path().join("open"));
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key);
    assert!(command.status().expect("ssh-keygen").success());
    let apply = |key: &Path| {
        let mut apply = host.apply_bare("touch", &format!("root@{}", host.address));
        apply.command.arg("-i").arg(key).arg("--known-hosts").arg(lab.known_hosts());
        apply
    };
    let texts = ["refused the login", "Permission denied", "-i", "ssh-agent"];
    refuses(apply(&key), "authentication_failed", &texts);
    // A key that is the right one, and that others may read.
    std::fs::copy(lab.key(), &open).expect("the key");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&open, mode).expect("its mode");
    let texts = ["may be read by others", "Permissions 0644 for", "chmod 600"];
    refuses(apply(&open), "authentication_failed", &texts);
}

/// A user without sudo's rights, with other rights than those, and a host without sudo.
#[test]
fn a_user_who_may_not_become_root() {
    let lab = lab();
    let host = lab.host(1);
    host.run(
        "useradd --create-home --shell /bin/sh plain
         install -d -o plain -g plain -m 0700 /home/plain/.ssh
         install -o plain -g plain -m 0600 /root/.ssh/authorized_keys /home/plain/.ssh/",
    );
    let next = "`USER ALL=(root) NOPASSWD: /usr/bin/sh`";
    for (script, said) in [
        ("true", "a password is required"),
        (
            "echo 'plain ALL=(root) NOPASSWD: /usr/bin/id' >/etc/sudoers.d/plain",
            "a password is required",
        ),
        ("echo 'plain ALL=(root) /usr/bin/sh' >/etc/sudoers.d/plain", "a password is required"),
        ("chmod -x /usr/bin/sudo", "Permission denied"),
        ("rm /usr/bin/sudo", "sudo: not found"),
    ] {
        host.run(script);
        let texts = ["may not become root", said, "Log in as root", next];
        // Again and again: which of the two streams ends first is chance.
        for _ in 0..3 {
            refuses(host.apply_as("plain", "touch"), "no_root", &texts);
        }
    }
}

/// Logins that give no shell, or one that leaves at once.
#[test]
fn a_user_without_a_shell() {
    let lab = lab();
    let host = lab.host(1);
    host.run(
        "useradd --create-home --shell /usr/sbin/nologin plain
         install -d -o plain -g plain -m 0700 /home/plain/.ssh
         install -o plain -g plain -m 0600 /root/.ssh/authorized_keys /home/plain/.ssh/",
    );
    let texts = ["closed the channel before `sh` said a word", "have a shell"];
    for shell in ["/usr/sbin/nologin", "/bin/false"] {
        host.run(&format!("usermod --shell {shell} plain"));
        for _ in 0..3 {
            refuses(host.apply_as("plain", "touch"), "unsupported_host", &texts);
        }
    }
}

#[test]
fn a_host_without_systemd() {
    let lab = lab();
    let host = lab.host(1);
    host.run("mv /run/systemd/system /run/systemd/system.away");
    let texts = ["does not run systemd", "Use a host that was started by systemd"];
    refuses(host.apply("touch"), "unsupported_host", &texts);
    host.run("mv /run/systemd/system.away /run/systemd/system");
    host.run("mv /usr/bin/flock /usr/bin/flock.away");
    let texts = ["lacks commands that a run needs: flock", "Install them"];
    refuses(host.apply("touch"), "unsupported_host", &texts);
    host.run("mv /usr/bin/flock.away /usr/bin/flock; [ ! -e /var/lib/groundcrew ]");
    host.apply("touch").json().completed();
}

/// Refused with what it was tested on; with `--untested-system` it is tried.
#[test]
fn a_system_that_the_job_was_not_tested_on() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.job("touch", &job::with("systems = [\"debian 12\"]", &[("one", "")]));
    host.run("printf 'ID=debian\\nVERSION_ID=\"11\"\\n' >/etc/os-release");
    let texts = ["runs debian 11", "touch was tested on debian 12 only", "--untested-system"];
    refuses(host.apply("touch"), "untested_system", &texts);
    refuses(host.apply("touch").arg("--plan"), "untested_system", &texts);
    // Debian's testing has no version; some have no such file.
    host.run("echo ID=debian >/etc/os-release");
    refuses(host.apply("touch"), "untested_system", &["runs debian, and"]);
    host.run("rm /etc/os-release");
    refuses(host.apply("touch"), "untested_system", &["runs an unknown system, and"]);
    host.run("[ ! -e /var/lib/groundcrew ]");
    host.apply("touch").arg("--untested-system").json().completed();
}
