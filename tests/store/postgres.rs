//! A Postgres of our own, in a temporary folder, reached through a socket there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::watchdog::Watchdog;

pub struct Cluster {
    folder: PathBuf,
    _watchdog: Watchdog,
}

/// Who connects as `locked` needs a password.
const HBA: &str = "local all locked scram-sha-256\nlocal all all trust\n";

impl Cluster {
    /// Without fsync: no test here cuts the power.
    pub fn start() -> Self {
        Self::start_with("fsync = off")
    }

    /// With lines of its configuration file.
    pub fn start_with(settings: &str) -> Self {
        let folder = TempDir::new().expect("a folder").keep();
        let shown = folder.display();
        if rustix::process::geteuid().is_root() {
            run(Command::new("chown").arg("postgres").arg(&folder));
        }
        let data = folder.join("data");
        let mut initdb = program("initdb");
        initdb.args(["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D"]);
        run(initdb.arg(&data));
        fs::write(data.join("pg_hba.conf"), HBA).expect("who may connect");
        let settings = format!(
            "listen_addresses = ''\nunix_socket_directories = '{shown}'\n\
             max_connections = 300\n{settings}\n"
        );
        fs::write(data.join("postgresql.auto.conf"), settings).expect("the settings");
        let stop = control(&folder, "stop -m immediate");
        // One that a test has stopped would not hear that it shall end.
        let wake = format!("kill -CONT $(head -n 1 '{shown}/data/postmaster.pid')");
        let clean = format!("{{ {wake}; {stop}; }} > /dev/null 2>&1; rm -rf '{shown}'");
        let _watchdog = Watchdog::new("true", &clean);
        let cluster = Self { folder, _watchdog };
        cluster.up();
        cluster
    }

    /// Starts it, and waits until it answers.
    pub fn up(&self) {
        let log = self.folder.join("log");
        shell(&control(&self.folder, &format!("start -w -t 60 -l {}", log.display())));
    }

    /// Every process of it dies at once.
    pub fn down(&self) {
        shell(&control(&self.folder, "stop -m immediate"));
    }

    /// Sends all processes of it a signal.
    pub fn signal(&self, signal: &str) {
        let pid = self.folder.join("data/postmaster.pid");
        let pid = fs::read_to_string(pid).expect("it runs");
        let pid = pid.lines().next().expect("its process id");
        shell(&format!("kill -{signal} {pid} $(ps -o pid= --ppid {pid})"));
    }

    pub fn url(&self, user: &str) -> String {
        format!("postgres://{user}@localhost/postgres?host={}", self.folder.display())
    }
}

fn shell(command: &str) {
    run(Command::new("sh").args(["-c", command]));
}

fn run(command: &mut Command) {
    let done = command.stdin(Stdio::null()).stdout(Stdio::null()).status().expect("a program");
    assert!(done.success(), "{command:?} failed");
}

fn control(folder: &Path, what: &str) -> String {
    let words = std::iter::once(program("pg_ctl")).flat_map(|command| {
        let words = std::iter::once(command.get_program().to_owned());
        words.chain(command.get_args().map(ToOwned::to_owned)).collect::<Vec<_>>()
    });
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    format!("{} -s -D '{}' {what}", words.join(" "), folder.join("data").display())
}

/// One of Postgres' programs; they refuse to run as root.
fn program(name: &str) -> Command {
    let mut versions: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .expect("Debian's postgresql is installed")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    versions.sort();
    let path = versions.pop().expect("a version of Postgres").join("bin").join(name);
    if !rustix::process::geteuid().is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]).arg(path);
    command.current_dir("/");
    command
}
