//! A machine with the package on it, and Postgres and Redis from Debian, that all tests here take
//! turns with; and four servers beside it.

use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::Value;

use crate::lab::{Host, Lab};
use crate::package;

/// Host 1 is the machine, the others are servers, called `edge-2` …
pub const SERVERS: std::ops::RangeInclusive<usize> = 2..=5;

/// Packages of Debian's, and ours; nothing of ours runs then.
const INSTALL: &str = "apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql redis-server ./groundcrew.deb >install.log 2>&1 ||
        { cat install.log >&2; exit 1; }
    cp -a /etc/groundcrew/groundcrew.env /root/
    runuser -u postgres -- createuser groundcrew";

/// As after the installation: no unit runs, none was changed, and the database is empty.
const BEGIN: &str = "systemctl stop groundcrew.target 'groundcrew-*.service' 'groundcrew-*.socket'
    rm -rf /etc/systemd/system/groundcrew-*.d /etc/groundcrew/jobs/*
    systemctl daemon-reload
    cp -a /root/groundcrew.env /etc/groundcrew/
    redis-cli flushall >/dev/null
    cd /
    runuser -u postgres -- dropdb --if-exists --force groundcrew
    runuser -u postgres -- createdb --owner groundcrew groundcrew";

pub struct Panel {
    lab: Arc<Lab>,
    _turn: MutexGuard<'static, ()>,
}

impl Panel {
    /// The machine, for one test at a time; as the installation has left it.
    pub fn take() -> Self {
        static LAB: Mutex<Weak<Lab>> = Mutex::new(Weak::new());
        static TURN: Mutex<()> = Mutex::new(());
        let lab = {
            let mut known = LAB.lock().unwrap_or_else(PoisonError::into_inner);
            known.upgrade().unwrap_or_else(|| {
                let lab = Lab::with(*SERVERS.end(), &["--disk", "2g"]);
                package::bring(&lab.host(1));
                lab.host(1).run(INSTALL);
                let lab = Arc::new(lab);
                *known = Arc::downgrade(&lab);
                lab
            })
        };
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let panel = Self { lab, _turn: turn };
        panel.host().run(BEGIN);
        panel
    }

    /// The machine itself.
    pub fn host(&self) -> Host<'_> {
        self.lab.host(1)
    }

    /// One of the servers.
    pub fn server(&self, number: usize) -> Host<'_> {
        self.lab.host(number)
    }

    /// `groundcrew` with these words, as people call it; it must go well.
    #[track_caller]
    pub fn groundcrew(&self, words: &str) -> String {
        self.host().run(&format!("cd / && sudo -u groundcrew groundcrew {words}"))
    }

    /// Some of them, one after the other; all must go well.
    #[track_caller]
    pub fn all(&self, words: impl Iterator<Item = String>) -> String {
        let lines = words.map(|words| format!("sudo -u groundcrew groundcrew {words}\n"));
        self.host().run(&format!("set -e; cd /\n{}", lines.collect::<String>()))
    }

    /// What one of them answers in JSON.
    #[track_caller]
    pub fn ask(&self, words: &str) -> Value {
        let text = self.groundcrew(&format!("{words} --json"));
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{words}: not JSON: {text}"))
    }

    /// Brings up the schema, and starts these units.
    #[track_caller]
    pub fn start(&self, units: &str) {
        self.groundcrew("migrate");
        self.host().run(&format!("systemctl start {units}"));
    }

    /// Adds a setting.
    pub fn set(&self, setting: &str) {
        self.host().run(&format!("echo '{setting}' >>/etc/groundcrew/groundcrew.env"));
    }

    /// Writes a file of its jobs.
    pub fn job(&self, name: &str, text: &str) {
        self.host().run(&format!(
            "cat >/etc/groundcrew/jobs/{name}.toml <<'END OF JOB'\n{text}\nEND OF JOB"
        ));
    }

    /// Changes a unit, as `systemctl edit` does.
    pub fn edit(&self, unit: &str, text: &str) {
        self.host().run(&format!(
            "mkdir -p /etc/systemd/system/{unit}.d
             printf '%s\\n' '{text}' >/etc/systemd/system/{unit}.d/test.conf
             systemctl daemon-reload"
        ));
    }

    /// Adds the lab's servers, each with the lab's key.
    #[track_caller]
    pub fn add_servers(&self) {
        let host = self.host();
        package::send(&host, Path::new(&self.lab.key()), "/var/lib/groundcrew/lab");
        host.run("chown groundcrew: /var/lib/groundcrew/lab");
        self.all(SERVERS.map(|number| {
            let server = self.server(number);
            let shown = server.run("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
            let fingerprint = shown.split(' ').nth(1).expect("a fingerprint");
            let target = format!("root@{}", server.address);
            format!("server add edge-{number} {target} -i /var/lib/groundcrew/lab --fingerprint {fingerprint}")
        }));
    }

    /// The process that systemd takes for the unit.
    pub fn main_pid(&self, unit: &str) -> String {
        self.host().run(&format!("systemctl show --property=MainPID --value {unit}"))
    }

    /// What systemd and the units have said.
    pub fn journal(&self) -> String {
        self.host().run("journalctl --no-pager --output=short-precise --unit='groundcrew-*'")
    }
}

impl Deref for Panel {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        &self.lab
    }
}
