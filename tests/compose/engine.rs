//! A real Docker engine and the real Compose, beside a lab's hosts.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::lab::{Host, Lab, wait_until};
use crate::process::{Process, command};
use crate::watchdog::Watchdog;

/// Gone, with its containers, when it is dropped or this process ends.
pub struct Engine {
    _process: Process,
    folder: PathBuf,
    /// What its network is called.
    network: String,
    /// Its address on the lab's network.
    pub address: String,
    _watchdog: Watchdog,
}

impl Engine {
    /// One that a lab's hosts can reach.
    pub fn start(lab: &Lab) -> Self {
        let is_root = rustix::process::geteuid().is_root();
        assert!(
            is_root,
            "a Docker engine of our own needs root, and not only sudo: run this test as root"
        );
        let gateway = lab.verb(&["address", "gateway"]);
        let net = gateway.strip_suffix(".1").expect("an address");
        let number = net.rsplit('.').next().expect("a number").to_owned();
        let network = format!("gclab-{number}-engine");
        let folder = TempDir::new().expect("a folder").keep();
        let shown = folder.display();
        // Its control groups stay when it is killed, and are in use until the last process is gone.
        let groups = format!("find /sys/fs/cgroup -depth -type d -path '*/{network}*'");
        let clean = format!(
            "rm -rf {shown}; for try in $(seq 50); do [ -n \"$({groups})\" ] || break; \
             {groups} -exec rmdir {{}} + 2>/dev/null; sleep 0.1; done"
        );
        let watchdog = Watchdog::new("true", &clean);
        let resolver = lab.host(1).run("cat /etc/resolv.conf");
        let servers = resolver.lines().filter_map(|line| line.strip_prefix("nameserver "));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/compose/engine");
        let folder_name = shown.to_string();
        let words = [&[script, &number, &folder_name], &servers.collect::<Vec<_>>()[..]].concat();
        let process = Process::start(&mut command(&words), &folder.join("log"));
        let address = format!("{net}.200");
        let engine = Self { _process: process, folder, network, address, _watchdog: watchdog };
        wait_until("the engine answers", || {
            let asked = engine.command(&["docker", "version"]).output();
            asked.is_ok_and(|output| output.status.success())
        });
        engine
    }

    /// A command beside it: `docker` and `docker compose` are for this engine, and what its
    /// containers publish is on this loopback.
    pub fn command(&self, words: &[&str]) -> Command {
        let network = format!("--net=/run/netns/{}", self.network);
        let mut command = command(&[&["nsenter", &network], words].concat());
        let tools = concat!(env!("CARGO_MANIFEST_DIR"), "/target/compose");
        command.env("DOCKER_HOST", format!("unix://{}/socket", self.folder.display()));
        command.env("DOCKER_CONFIG", format!("{tools}/docker"));
        command
    }

    /// Makes an image of all that a host has on its disk.
    #[track_caller]
    pub fn import(&self, host: &Host<'_>, name: &str) {
        // Proxies are the machine's, not an image's; but nothing else reaches a mirror.
        let proxies = host.run("cat /etc/environment");
        let changes = proxies.lines().map(|line| format!("--change=ENV {line}"));
        let mut tar = host.command("tar --create --one-file-system --directory=/ .");
        let mut tar = tar.stdout(std::process::Stdio::piped()).spawn().expect("lab ssh");
        let mut import = self.command(&["docker", "import"]);
        import.args(changes).args(["-", name]);
        import.stdin(tar.stdout.take().expect("a pipe"));
        said(import.output(), &["docker", "import"]);
        assert!(tar.wait().expect("its end").success(), "the host's disk was read");
    }
}

/// What a command printed; it must have gone well.
#[track_caller]
pub fn said(output: io::Result<Output>, words: &[&str]) -> String {
    let output = output.expect("it starts");
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{words:?}: {}\n{out}\n{err}", output.status);
    out.into_owned()
}
