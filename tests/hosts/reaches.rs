//! One line provisions a host, whatever its logins are like; twice changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use crate::harness::{Apply, Host, Lab};
use crate::job;

/// Ten steps completed, the page served; and again: every step in place, nothing changed.
fn provisions_twice<'l>(host: &Host<'_>, apply: impl Fn() -> Apply<'l>) {
    let first = apply().json().completed();
    assert_eq!(first.all("step.completed").len(), 10, "{:#?}", first.events);
    assert!(first.count(true) > 0);
    assert!(!first.output().contains("LOUD"), "a greeting is no output: {}", first.output());
    assert!(host.page().contains(" is ready"), "{}", host.page());
    let second = apply().json().completed();
    assert_eq!((second.count(false), second.count(true)), (10, 0), "{:#?}", second.events);
    assert_eq!(second.last()["changed"], 0);
    // An empty error stream: nothing had to be said of a cut, or of a greeting.
    assert_eq!((first.said.as_str(), second.said.as_str()), ("", ""));
}

#[test]
fn provisions_bookworm() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    provisions_twice(&host, || host.apply("nginx"));
}

#[test]
fn provisions_trixie() {
    let lab = Lab::with(1, &["--suite", "trixie"]);
    let host = lab.host(1);
    provisions_twice(&host, || host.apply("nginx"));
}

/// Prints a lot, on both streams, also what reads like an answer of ours and ends inside a line.
const LOUD: &str = r#"
for i in $(seq 300); do echo "LOUD welcome $i, an hour of reading"; echo "LOUD warning $i" >&2; done
echo 'facts yes 1.2 - LOUD,1'
echo 'holder LOUD 0192-run 1 0000'
echo 'state 1 completed'
echo 'groundcrew-00000000000000000000000000000000 0'
printf 'error LOUD \001 \377 without an end'
printf 'LOUD without an end' >&2
"#;

/// Issue 2, point 2: a long motd, a banner, an sshrc and a .bashrc that print.
#[test]
fn provisions_a_host_that_greets_loudly() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    host.run(&format!(
        "seq 5000 >/etc/motd; seq 2000 >/etc/issue.net
         echo 'Banner /etc/issue.net' >>/etc/ssh/sshd_config; systemctl reload ssh
         cat >/root/.bashrc <<'END'{LOUD}END
         cp /root/.bashrc /etc/ssh/sshrc"
    ));
    let heard = host.try_run("true");
    assert!(heard.stdout.starts_with(b"LOUD") && heard.stdout.len() > 10_000, "it is loud");
    assert!(String::from_utf8_lossy(&heard.stderr).contains("LOUD warning 300"), "on both streams");
    provisions_twice(&host, || host.apply("nginx"));
}

/// Issue 2, point 2: no shell but `sh` is spoken to.
#[test]
fn provisions_a_host_whose_root_has_fish() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    host.run(
        "apt-get -qq update && apt-get -qq install -y --no-install-recommends fish >/dev/null 2>&1
         mkdir -p /root/.config/fish
         echo 'echo LOUD fish; echo LOUD fish >&2' >/root/.config/fish/config.fish
         usermod --shell /usr/bin/fish root",
    );
    assert!(host.run("echo $FISH_VERSION").contains("3."), "fish answers");
    provisions_twice(&host, || host.apply("nginx"));
}

/// Issue 2, point 2: two sessions a connection are enough.
#[test]
fn provisions_a_host_that_allows_two_sessions() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    host.run("echo 'MaxSessions 2' >>/etc/ssh/sshd_config && systemctl reload ssh");
    assert_eq!(host.run("sshd -T | grep -i maxsessions"), "maxsessions 2");
    provisions_twice(&host, || host.apply("nginx"));
}

/// A user who may run `sh` without arguments as root, and nothing else.
fn provisions_as_a_sudo_user(lab: &Lab) {
    let host = lab.host(1);
    host.run(
        r#"useradd --create-home --shell /bin/bash admin
        install -d -o admin -g admin -m 0700 /home/admin/.ssh
        install -o admin -g admin -m 0600 /root/.ssh/authorized_keys /home/admin/.ssh/
        echo 'admin ALL=(root) NOPASSWD: /usr/bin/sh ""' >/etc/sudoers.d/admin
        chmod 0440 /etc/sudoers.d/admin
        visudo --check --quiet"#,
    );
    let refused = host.try_run("runuser -u admin -- sudo -n sh -c true");
    assert!(!refused.status.success(), "nothing but `sh` alone goes through sudo");
    provisions_twice(&host, || host.apply_as("admin", "nginx"));
}

#[test]
fn provisions_as_a_sudo_user_on_bookworm() {
    provisions_as_a_sudo_user(&Lab::up(1));
}

/// There sudo makes a terminal of its own by default.
#[test]
fn provisions_as_a_sudo_user_on_trixie() {
    let lab = Lab::with(1, &["--suite", "trixie"]);
    let settings = lab.host(1).run("sudo -V");
    assert!(settings.contains("pseudo-tty"), "use_pty is set: {settings}");
    provisions_as_a_sudo_user(&lab);
}

/// Issue 2, point 2: alias, user, port, key and jump host come from an ssh configuration.
#[test]
fn provisions_through_a_jump_host() {
    let lab = Lab::up(2);
    let (hop, host) = (lab.host(1), lab.host(2));
    host.run(
        "sed -i 's/^#*Port .*//' /etc/ssh/sshd_config
         echo 'Port 2222' >>/etc/ssh/sshd_config && systemctl restart ssh",
    );
    let key = lab.key();
    let config = lab.folder.path().join("config");
    let text = format!(
        "Host edge\n HostName {}\n User root\n Port 2222\n IdentityFile {key}\n ProxyJump hop\n\
         Host hop\n HostName {}\n User root\n IdentityFile {key}\n",
        host.address, hop.address
    );
    fs::write(&config, text).expect("a configuration");
    // On another port, a host is known under another name.
    let known = fs::read_to_string(lab.known_hosts()).expect("known hosts");
    let moved = known.replace(&host.address, &format!("[{}]:2222", host.address));
    fs::write(lab.known_hosts(), moved).expect("known hosts");
    let apply = || {
        let mut apply = host.apply_bare("nginx", "edge").arg("-F").arg(&config);
        apply.command.arg("--known-hosts").arg(lab.known_hosts());
        apply
    };
    let first = apply().json().completed();
    assert_eq!((first.all("step.completed").len(), first.said.as_str()), (10, ""));
    assert_eq!(first.last()["host"], "edge");
    let second = apply().json().completed();
    assert_eq!((second.count(false), second.count(true)), (10, 0));
    host.page();
}

/// An `ssh-agent` with the lab's key.
struct Agent(Child);

impl Agent {
    fn with_key_of(lab: &Lab, socket: &std::path::Path) -> Self {
        let mut command = Command::new("ssh-agent");
        command.arg("-D").arg("-a").arg(socket).stdout(Stdio::null());
        let agent = Self(command.spawn().expect("ssh-agent"));
        // ssh-add refuses a key that others may read.
        let key = lab.folder.path().join("key");
        fs::copy(lab.key(), &key).expect("the key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("the key");
        crate::harness::wait_until("the agent takes a key", || {
            let mut add = Command::new("ssh-add");
            add.arg("-q").arg(&key).env("SSH_AUTH_SOCK", socket).stderr(Stdio::null());
            add.status().expect("ssh-add").success()
        });
        agent
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Without -i, the key comes from the agent.
#[test]
fn logs_in_with_an_agent() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.job("touch", &job::of(&[("one", "")]));
    let socket = lab.folder.path().join("agent");
    let _agent = Agent::with_key_of(&lab, &socket);
    let apply = || {
        let mut apply = host.apply_bare("touch", &format!("root@{}", host.address));
        apply.command.arg("--known-hosts").arg(lab.known_hosts());
        apply
    };
    apply().json().failed("authentication_failed");
    let mut with_agent = apply();
    with_agent.command.env("SSH_AUTH_SOCK", &socket);
    with_agent.json().completed();
}
