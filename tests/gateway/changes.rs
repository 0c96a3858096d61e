//! Changes of servers, made as a worker makes them: committed to the store, then announced.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use groundcrew::config::Settings;
use groundcrew::installation::{Installation, Role};
use groundcrew::model::{Changed, Claim};
use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Runtime;

use crate::harness::{new_run, new_server};
use crate::lab::wait_until;

/// Longer than a test.
const LEASE: Duration = Duration::from_secs(600);

/// Now, in ns, by the clock that Node's `process.hrtime` tells, too.
pub fn now() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

/// An installation, as one of its workers has opened it.
pub struct Changes {
    runtime: Runtime,
    installation: Installation,
    /// A claimed run of each server.
    claims: Vec<Claim>,
    /// When each server's last change was committed, if it was; by [`now`].
    last: Vec<i64>,
}

impl Changes {
    /// Where there are no servers yet; adds so many, whose ids are 1, 2, ….
    pub fn of(servers: usize, settings: Settings) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let (installation, claims) = runtime.block_on(async {
            let role = if settings.is_embedded() { Role::Command } else { Role::Apart };
            let (installation, _) = Installation::open(&settings, role).await.expect("it opens");
            let store = &installation.store;
            let mut claims = Vec::new();
            for number in 1..=servers {
                let new = new_server(&format!("edge-{number}"));
                let (server, _) = store.add_server(&new, |_| None).await.expect("added");
                assert_eq!(server.id, number as i64);
                let run = new_run(server.id);
                store.ask(&run).await.expect("asked");
                let claimed = store.claim(&run.id, "worker", LEASE).await.expect("an answer");
                // The worker of an `up` may be faster; of its servers nobody makes changes here.
                assert!(claimed.is_some() || role == Role::Command, "a claim");
                claims.extend(claimed.map(|claimed| claimed.claim));
            }
            (installation, claims)
        });
        let last = vec![0; servers];
        Self { runtime, installation, claims, last }
    }

    /// Commits a change of a server, and announces it if Redis can be reached.
    fn change(&mut self, server: usize) {
        let lease = &self.claims[server].lease;
        let noted = self.installation.store.note(lease, None, "a change");
        let changed = self.runtime.block_on(noted).expect("noted");
        self.last[server] = now();
        // Who was announced to, or not, must not slow the next change.
        let installation = self.installation.clone();
        self.runtime.spawn(async move { installation.announce(changed).await });
    }

    /// Waits until changes are announced again: after an outage that takes some seconds, in which
    /// the sweeper would do it, and there is none here.
    pub fn wait_for_the_bus(&self) {
        let wire = self.installation.wire.as_ref().expect("a role has a wire");
        let changed = Changed { server_id: 0, revision: 0, at: Timestamp::now() };
        wait_until("changes are announced again", || {
            self.runtime.block_on(wire.bus.announce(&changed)).is_ok()
        });
    }

    /// Ten changes a second, of one server after the other, for so long.
    pub fn go_on(&mut self, time: Duration) {
        let begin = Instant::now();
        for number in 0.. {
            let due = Duration::from_millis(100) * number;
            if due >= time {
                break;
            }
            thread::sleep(due.saturating_sub(begin.elapsed()));
            self.change(number as usize % self.claims.len());
        }
    }

    /// The run of the first server.
    pub fn a_run(&self) -> &str {
        &self.claims[0].run.id
    }

    /// What is kept of a run's output, of one step or of all.
    pub fn output(&self, run: &str, step: Option<i64>) -> Vec<u8> {
        let slice = self.installation.store.output_slice(run, step, 0, u64::MAX);
        self.runtime.block_on(slice).expect("output").bytes
    }

    /// When each server's last change was committed, by [`now`].
    pub fn last(&self) -> &[i64] {
        &self.last
    }
}

/// Of these addresses, and with this key.
pub fn settings(database: Option<&str>, redis: Option<&str>, data: &Path) -> Settings {
    Settings {
        database_url: database.map(ToOwned::to_owned),
        redis_url: redis.map(ToOwned::to_owned),
        redis_prefix: "groundcrew:".to_owned(),
        data: data.to_owned(),
        key: database.map(|_| STANDARD.encode(b"0123456789abcdef0123456789abcdef")),
        jobs: None,
        url: None,
        allow_local: true,
    }
}
