//! One test's installation: Redis, a database with servers, gateways, and what clients must know
//! to find them.

use std::process::Output;

use crate::balancer::Balancer;
use crate::changes::{Changes, settings};
use crate::fleet::{Fleet, database};
use crate::node;
use crate::process::Process;
use crate::redis::{Redis, free_port};

/// Servers of user 1; a page of the tests shows number 7.
const SERVERS: usize = 10;

/// What Pusher's SDKs want of an application: for PyPI's the id must be a number.
const APP: [(&str, &str); 3] = [
    ("GROUNDCREW_APP_ID", "1001"),
    ("GROUNDCREW_APP_KEY", "key-of-the-tests"),
    ("GROUNDCREW_APP_SECRET", "secret-of-the-tests"),
];

pub struct World {
    // Before what they use.
    pub gateways: Vec<Gateway>,
    pub changes: Changes,
    pub redis: Redis,
    pub fleet: Fleet,
    balancer: Option<Balancer>,
    /// Whom the scripts trust besides.
    authority: Option<String>,
}

/// A gateway's process, and where it listens.
pub struct Gateway {
    pub process: Process,
    pub port: u16,
}

impl World {
    /// With so many gateways.
    pub fn with(gateways: usize) -> Self {
        Self::set(gateways, &[])
    }

    /// With so many gateways that have these settings.
    pub fn set(gateways: usize, more: &[(&'static str, &str)]) -> Self {
        let (redis, database) = (Redis::start(), database());
        let fleet = named(Fleet::apart(&database, &redis.url));
        let fleet = more.iter().fold(fleet, |fleet, (name, value)| fleet.with(name, value));
        let settings = settings(Some(&database), Some(&redis.url), fleet.folder.path());
        let changes = Changes::of(SERVERS, settings);
        let gateways = (0..gateways).map(|_| gateway(&fleet, free_port())).collect();
        Self { gateways, changes, redis, fleet, balancer: None, authority: None }
    }

    /// With one `up`, which has its database in a file, and its bus in memory.
    pub fn embedded() -> Self {
        let fleet = named(Fleet::embedded());
        let port = free_port();
        let mut process = fleet.start(&["up", "--listen", &format!("127.0.0.1:{port}")]);
        process.wait_for("the worker is ready");
        let changes = Changes::of(SERVERS, settings(None, None, &fleet.folder.path().join("data")));
        let gateways = vec![Gateway { process, port }];
        // Nobody uses it; the scripts only want to be told of one.
        Self { gateways, changes, redis: Redis::start(), fleet, balancer: None, authority: None }
    }

    /// Puts something before the gateways that clients can't tell from one gateway.
    pub fn balanced(mut self) -> Self {
        let ports: Vec<u16> = self.gateways.iter().map(|gateway| gateway.port).collect();
        self.balancer = Some(Balancer::before(&ports));
        self
    }

    /// Has the scripts trust this certificate.
    pub fn trusts(&mut self, certificate: &str) {
        self.authority = Some(certificate.to_owned());
    }

    /// Starts another gateway where this one listens, or listened.
    pub fn start_again(&self, gateway: usize) -> Gateway {
        self::gateway(&self.fleet, self.gateways[gateway].port)
    }

    /// What the scripts of tests/clients read.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let ports: Vec<String> = match &self.balancer {
            Some(balancer) => vec![balancer.port.to_string()],
            None => self.gateways.iter().map(|gateway| gateway.port.to_string()).collect(),
        };
        let servers: Vec<String> = (1..=SERVERS).map(|id| id.to_string()).collect();
        let mut environment = vec![
            ("GATEWAY_PORTS", ports.join(",")),
            ("REDIS_URL", self.redis.url.clone()),
            ("REDIS_PREFIX", "groundcrew:".to_owned()),
            ("SERVERS", servers.join(",")),
            // Of the first server.
            ("A_RUN", self.changes.a_run().to_owned()),
            // A browser's folders, among others.
            ("TMPDIR", self.fleet.folder.path().display().to_string()),
        ];
        environment.extend(self.authority.iter().map(|file| ("NODE_EXTRA_CA_CERTS", file.clone())));
        environment.extend(APP.map(|(name, value)| (name, value.to_owned())));
        environment
    }

    /// Runs the tests of one subject; all must pass.
    #[track_caller]
    pub fn passes(&self, subject: &str) {
        let script = format!("subjects/{subject}.js");
        let mut command = node::command(&["--test", &script], &self.environment());
        let Output { status, stdout, .. } = command.output().expect("node is installed");
        let said = String::from_utf8_lossy(&stdout);
        for gateway in &self.gateways {
            assert!(status.success(), "{said}\n{}", gateway.process.log());
        }
    }
}

fn named(fleet: Fleet) -> Fleet {
    APP.into_iter().fold(fleet, |fleet, (name, value)| fleet.with(name, value))
}

fn gateway(fleet: &Fleet, port: u16) -> Gateway {
    let mut process = fleet.start(&["gateway", "--listen", &format!("127.0.0.1:{port}")]);
    process.wait_for("listening");
    Gateway { process, port }
}
