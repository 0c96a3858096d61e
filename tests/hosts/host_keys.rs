//! Promise 9: a host proves who it is. A key that is not known is accepted only
//! where somebody vouches for it, one that changed never.

use std::fs;
use std::process::Command;

use crate::harness::{Apply, Done, Host, Lab};
use crate::job;
use crate::pty::Terminal;

/// A user of its own, so that the tests' own logins can't be taken for theirs.
const VISITOR: &str = "useradd --create-home --shell /bin/sh visitor
    install -d -o visitor -g visitor -m 0700 /home/visitor/.ssh
    install -o visitor -g visitor -m 0600 /root/.ssh/authorized_keys /home/visitor/.ssh/
    echo 'visitor ALL=(root) NOPASSWD: /usr/bin/sh \"\"' >/etc/sudoers.d/visitor
    for type in ecdsa rsa; do
        ssh-keygen -q -t $type -N '' -f /etc/ssh/ssh_host_${type}_key
    done
    systemctl restart ssh";

/// A host with keys of three types, and a job for it.
fn lab() -> Lab {
    let lab = Lab::up(1);
    lab.job("touch", &job::of(&[("one", "")]));
    lab.host(1).run(VISITOR);
    lab
}

/// `apply` with this text as its known hosts.
fn knowing<'l>(lab: &'l Lab, host: &Host<'l>, known: &str) -> Apply<'l> {
    fs::write(lab.known_hosts(), known).expect("known hosts");
    host.apply_as("visitor", "touch")
}

/// The fingerprint of the host's key of this type.
fn fingerprint(host: &Host<'_>, kind: &str) -> String {
    let line = host.run(&format!("ssh-keygen -lf /etc/ssh/ssh_host_{kind}_key.pub"));
    line.split(' ').nth(1).expect("a fingerprint").to_owned()
}

/// Nobody logged in, and nothing of a run is there.
#[track_caller]
fn nothing_was_sent(host: &Host<'_>) {
    host.run("! journalctl -b -u ssh | grep -F 'Accepted publickey for visitor'");
    host.run("[ ! -e /var/lib/groundcrew ]");
}

fn known(lab: &Lab) -> String {
    fs::read_to_string(lab.known_hosts()).expect("known hosts")
}

#[track_caller]
fn says(done: &Done, texts: &[&str]) {
    let error = done.last()["error"].as_str().expect("an error");
    for text in texts {
        assert!(error.contains(text), "{text:?} is missing: {error}");
    }
}

/// A line for known hosts with a key that is not this host's.
fn another_key(lab: &Lab, host: &Host<'_>, kind: &str) -> String {
    let file = lab.folder.path().join(format!("another_{kind}"));
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", kind, "-N", "", "-f"]).arg(&file);
    assert!(command.status().expect("ssh-keygen").success());
    let key = fs::read_to_string(file.with_extension("pub")).expect("a key");
    format!("{} {key}", host.address)
}

#[test]
fn an_unknown_key_is_refused_without_a_terminal() {
    let lab = lab();
    let host = lab.host(1);
    let done = knowing(&lab, &host, "").json().failed("host_key_unknown");
    assert_eq!(done.events.len(), 1);
    let shown = fingerprint(&host, "ed25519");
    says(&done, &[&shown, "is not known", "Compare", "--fingerprint", "--accept-new"]);
    assert_eq!(known(&lab), "", "nothing was remembered");
    nothing_was_sent(&host);
}

/// Whichever of its keys is named, by the file that the person compared.
#[test]
fn a_named_fingerprint_is_accepted_and_remembered() {
    let lab = lab();
    let host = lab.host(1);
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let named = ["--fingerprint", &fingerprint(&host, kind)];
        knowing(&lab, &host, "").args(&named).json().completed();
        assert_eq!(known(&lab).lines().count(), 1, "{kind}: {}", known(&lab));
        // From now on it is known, and that very key is asked for.
        host.apply_as("visitor", "touch").json().completed();
    }
}

#[test]
fn another_fingerprint_is_refused() {
    let lab = lab();
    let host = lab.host(1);
    let wrong = format!("SHA256:{}", "A".repeat(43));
    for more in [&["--fingerprint", &wrong][..], &["--fingerprint", &wrong, "--accept-new"]] {
        let done = knowing(&lab, &host, "").args(more).json().failed("host_key_unknown");
        says(&done, &[&fingerprint(&host, "ed25519"), "none of those given with --fingerprint"]);
        assert_eq!(known(&lab), "", "nothing was remembered");
    }
    // Neither is it asked about on a terminal: the person has said which it must be.
    let apply = knowing(&lab, &host, "").args(&["--fingerprint", &wrong]);
    let ended = Terminal::start(apply).finish();
    assert_eq!(ended.code, 1);
    assert!(ended.screen.contains("none of those given with --fingerprint"), "{}", ended.screen);
    nothing_was_sent(&host);
}

#[test]
fn accept_new_accepts_and_remembers() {
    let lab = lab();
    let host = lab.host(1);
    // A file without a newline at its end, as people leave them.
    knowing(&lab, &host, "# mine").arg("--accept-new").json().completed();
    assert!(known(&lab).starts_with(&format!("# mine\n{} ssh-ed25519 ", host.address)));
    host.apply_as("visitor", "touch").json().completed();
    assert_eq!(known(&lab).lines().count(), 2, "it is remembered once");
}

/// Whatever is said on the command line, or could be answered on a terminal.
#[test]
fn a_changed_key_is_refused_always() {
    let lab = lab();
    let host = lab.host(1);
    let right = fingerprint(&host, "ed25519");
    let another = another_key(&lab, &host, "ed25519");
    let allow: [&[&str]; 3] = [&[], &["--accept-new"], &["--fingerprint", &right]];
    for more in allow {
        let done = knowing(&lab, &host, &another).args(more).json().failed("host_key_changed");
        says(&done, &["another host key than the one that is known", "ssh-keygen -R"]);
        assert_eq!(known(&lab), another, "nothing was remembered");
    }
    let ended = Terminal::start(knowing(&lab, &host, &another)).finish();
    assert_eq!(ended.code, 1);
    assert!(!ended.screen.contains("Your answer"), "nothing is asked: {}", ended.screen);
    nothing_was_sent(&host);
}

/// A known key of a type that the host does not show is a changed key, too: whoever
/// stands in between could as well leave that type out.
#[test]
fn a_key_of_another_type_than_the_known_one_is_a_changed_key() {
    let lab = lab();
    let host = lab.host(1);
    host.run("rm /etc/ssh/ssh_host_rsa_key* /etc/ssh/ssh_host_ecdsa_key*; systemctl restart ssh");
    let another = another_key(&lab, &host, "ecdsa");
    let hashed = {
        fs::write(lab.known_hosts(), &another).expect("known hosts");
        let mut command = Command::new("ssh-keygen");
        command.arg("-H").arg("-f").arg(lab.known_hosts());
        assert!(command.output().expect("ssh-keygen").status.success());
        known(&lab)
    };
    assert!(!hashed.contains(&host.address), "{hashed}");
    for text in [&another, &hashed] {
        let apply = knowing(&lab, &host, text).arg("--accept-new");
        says(&apply.json().failed("host_key_changed"), &["another host key than the one"]);
        assert_eq!(&known(&lab), text, "nothing was remembered");
    }
    nothing_was_sent(&host);
}

/// A key that its owner revoked is refused, and can't be accepted.
#[test]
fn a_revoked_key_is_refused() {
    let lab = lab();
    let host = lab.host(1);
    let key = host.run("cat /etc/ssh/ssh_host_ed25519_key.pub");
    let revoked = format!("@revoked * {key}\n{} {key}\n", host.address);
    let done = knowing(&lab, &host, &revoked).arg("--accept-new").json();
    says(&done.failed("host_key_changed"), &["revoked"]);
    assert_eq!(known(&lab), revoked);
    nothing_was_sent(&host);
}

/// On a terminal, the person is shown the fingerprint and asked.
#[test]
fn an_unknown_key_is_asked_about_on_a_terminal() {
    let lab = lab();
    let host = lab.host(1);
    let shown = fingerprint(&host, "ed25519");

    // No, also by Enter, Ctrl-C and a key that means nothing before it.
    for keys in ["n", "\r", "\x03", "zn"] {
        let mut terminal = Terminal::start(knowing(&lab, &host, ""));
        terminal.wait_for("Your answer [y/n]:");
        assert!(terminal.screen().contains(&shown), "{}", terminal.screen());
        terminal.press(keys);
        let ended = terminal.finish();
        assert_eq!(ended.code, 1, "{keys:?}: {}", ended.screen);
        assert!(ended.screen.contains("is not known"), "{}", ended.screen);
        assert_eq!(known(&lab), "", "nothing was remembered");
    }
    nothing_was_sent(&host);

    let mut terminal = Terminal::start(knowing(&lab, &host, ""));
    terminal.wait_for("Your answer [y/n]:");
    terminal.press("y");
    let ended = terminal.finish();
    assert_eq!(ended.code, 0, "{}", ended.screen);
    assert!(ended.screen.contains("1 changed, 0 in place"), "{}", ended.screen);

    // Remembered: nobody is asked again.
    let ended = Terminal::start(host.apply_as("visitor", "touch")).finish();
    assert_eq!((ended.code, ended.screen.contains("Your answer")), (0, false), "{}", ended.screen);
}

/// Behind a jump host, it is the last host's key that is asked about, once the jump
/// host's is known; and that one is never accepted on the way.
#[test]
fn a_key_behind_a_jump_host_is_learned() {
    let lab = Lab::up(2);
    lab.job("touch", &job::of(&[("one", "")]));
    let (hop, host) = (lab.host(1), lab.host(2));
    let config = lab.folder.path().join("config");
    let jump = format!("Host {}\n ProxyJump root@{}\n", host.address, hop.address);
    let identity = format!("Host *\n IdentityFile {}\n", lab.key());
    fs::write(&config, jump + &identity).expect("a configuration");
    let all = known(&lab);
    let only_hop: String =
        all.lines().filter(|l| l.starts_with(&hop.address)).map(|l| format!("{l}\n")).collect();
    let apply = |text: &str| {
        fs::write(lab.known_hosts(), text).expect("known hosts");
        host.apply("touch").arg("-F").arg(&config).arg("--accept-new")
    };

    let done = apply("").json().failed("host_key_unknown");
    says(&done, &["reached through another host", "log in there once with `ssh`"]);
    assert_eq!(known(&lab), "", "nothing was remembered");

    apply(&only_hop).json().completed();
    assert!(known(&lab).contains(&format!("\n{} ssh-ed25519 ", host.address)), "{}", known(&lab));
}
