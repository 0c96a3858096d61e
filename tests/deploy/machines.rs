//! The machines of the page: lab hosts, with what a lab has not by itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::lab::{Host, Lab};
use crate::place::Place;

/// For names that end so, Caddy is its own authority; nobody can ask a public one here.
const NAME: &str = "groundcrew.local";

/// A machine for the installation, a second one for a worker, the first server, and a machine that
/// takes the first one's place.
pub struct Machines {
    lab: Lab,
}

impl Machines {
    pub fn up() -> Self {
        let suite = suite();
        let lab = Lab::with(4, &["--disk", "3g", "--suite", &suite]);
        let machines = Self { lab };
        let panel = machines.panel().address;
        for host in machines.all() {
            host.run(&format!("echo '{panel} {NAME}' >>/etc/hosts"));
        }
        machines.wrap("ssh");
        machines.wrap("scp");
        machines
    }

    pub fn panel(&self) -> Host<'_> {
        self.lab.host(1)
    }

    pub fn second(&self) -> Host<'_> {
        self.lab.host(2)
    }

    pub fn edge(&self) -> Host<'_> {
        self.lab.host(3)
    }

    pub fn successor(&self) -> Host<'_> {
        self.lab.host(4)
    }

    fn all(&self) -> [Host<'_>; 4] {
        [self.panel(), self.second(), self.edge(), self.successor()]
    }

    /// What is written in the page, and what it is here.
    pub fn words(&self) -> [(&'static str, String); 7] {
        let panel = self.panel().address;
        let (network, _) = panel.rsplit_once('.').expect("an address");
        let network = format!("{network}.0/24");
        [
            ("10.0.0.0/24", network),
            ("10.0.0.1", panel),
            ("10.0.0.2", self.second().address),
            ("10.0.0.4", self.successor().address),
            ("203.0.113.24", self.edge().address),
            ("groundcrew.example.com", NAME.to_owned()),
            // The same package, of the program that is tested.
            ("target/debian/", "target/debian-dev/".to_owned()),
        ]
    }

    /// `ssh` and `scp` that know the lab's names and keys, as a person's know their own.
    fn wrap(&self, program: &str) {
        let folder = self.lab.folder.path();
        let config = folder.join("ssh_config");
        let (key, known) = (self.lab.key(), self.lab.known_hosts());
        let panel = self.panel().address;
        let text = format!(
            "Host {NAME}\n    HostName {panel}\n    HostKeyAlias {panel}\nHost *\n    IdentityFile {key}\n    \
             IdentitiesOnly yes\n    UserKnownHostsFile {}\n    StrictHostKeyChecking yes\n    BatchMode yes\n",
            known.display()
        );
        fs::write(&config, text).expect("ssh's configuration");
        let path = folder.join(program);
        let config = config.display();
        let text = format!("#!/bin/sh\nexec /usr/bin/{program} -F '{config}' \"$@\"\n");
        fs::write(&path, text).expect("a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its rights");
    }

    /// Runs the commands there, and gives what they print.
    pub fn follow(&self, place: &Place, commands: &str) -> String {
        let text = format!("set -eo pipefail\n{commands}");
        let output = match place {
            Place::Clone => {
                let path = std::env::var("PATH").unwrap_or_default();
                let mut shell = Command::new("bash");
                shell.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
                shell.env("PROFILE", "dev");
                shell.env("PATH", format!("{}:{path}", self.lab.folder.path().display()));
                shell.args(["-c", &text]).output()
            }
            Place::On(name) => {
                let host = match name {
                    name if name.starts_with(NAME) => self.panel(),
                    name if *name == self.second().address => self.second(),
                    name if *name == self.successor().address => self.successor(),
                    name => panic!("no machine has the name {name}"),
                };
                host.command(&text).output()
            }
        };
        let output = output.expect("a shell");
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, error) = (said(&output.stdout), said(&output.stderr));
        assert!(output.status.success(), "{commands}\n{out}{error}");
        out
    }

    /// Has all machines trust Caddy's own authority, as they trust public ones.
    pub fn trust_caddy(&self) {
        let root = "/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt";
        self.panel().wait_for(&format!("curl -sS --cacert {root} https://{NAME} -o /dev/null"));
        self.trust(&self.panel().run(&format!("cat {root}")));
    }

    /// Puts a certificate where certbot would, of an authority that all machines trust.
    pub fn be_certbot(&self) {
        let folder = format!("/etc/letsencrypt/live/{NAME}");
        let panel = self.panel();
        panel.run(&format!(
            "mkdir -p {folder} && openssl req -x509 -newkey ed25519 -nodes -days 1 -subj /CN={NAME} \
             -addext subjectAltName=DNS:{NAME} -addext basicConstraints=critical,CA:FALSE \
             -keyout {folder}/privkey.pem -out {folder}/fullchain.pem 2>&1"
        ));
        self.trust(&panel.run(&format!("cat {folder}/fullchain.pem")));
    }

    fn trust(&self, certificate: &str) {
        for host in self.all() {
            host.run(&format!(
                "mkdir -p /usr/local/share/ca-certificates && \
                 echo '{certificate}' >\"/usr/local/share/ca-certificates/$(date +%s%N).crt\" && \
                 {{ command -v update-ca-certificates >/dev/null || {{ apt-get -qq update && apt-get -qq install -y ca-certificates; }} >/dev/null; }} && \
                 update-ca-certificates >/dev/null"
            ));
        }
    }
}

/// The Debian of this machine: a package is good for the release that it was built on, and later.
fn suite() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    name.unwrap_or("bookworm").to_owned()
}
