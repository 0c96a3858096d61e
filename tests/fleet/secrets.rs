//! Promise 8: no secret leaks. A secret parameter and a server's private key are kept
//! encrypted, and appear in no log, message, process list or output.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::fleet::{Fleet, database};
use crate::job;
use crate::lab::{Host, Lab};
use crate::redis::Redis;

const MASKED: &str = "first ****************\nlast ****************\n";

/// What must be nowhere.
struct Secrets {
    /// The value of the secret parameter.
    token: String,
    /// The private key's text.
    key: String,
}

impl Secrets {
    fn new(fleet: &Fleet, lab: &Lab) -> Self {
        let random = fs::read_to_string("/proc/sys/kernel/random/uuid").expect("a uuid");
        let token = random.replace('-', "")[..16].to_owned();
        fs::write(fleet.folder.path().join("token"), format!("{token}\n")).expect("a file");
        let prints = format!("echo first $TOKEN\n{}\necho last $TOKEN", job::WAIT);
        let head = "[params.token]\ntype = \"secret\"";
        fleet.job("secret", &job::with(head, &[("prints", &prints)]));
        let key = fs::read_to_string(lab.key()).expect("the key");
        // Its first line is the same for all keys, and so is much of the second.
        Self { token, key: key.lines().nth(3).expect("a line of its middle").to_owned() }
    }

    /// None of them is in it, nor as hexadecimal, which is how Postgres dumps bytes.
    #[track_caller]
    fn are_not_in(&self, what: &str, bytes: &[u8]) {
        for secret in [&self.token, &self.key] {
            let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            for text in [secret, &hex] {
                let found = memchr::memmem::find(bytes, text.as_bytes());
                assert!(found.is_none(), "a secret is in {what}");
            }
        }
    }
}

/// Asks for the run, lets it go when all command lines were read, and reads all that people see.
fn run_it(fleet: &Fleet, host: &Host<'_>, secrets: &Secrets) {
    fleet.add("edge-1", host);
    let id = fleet.ask_with("secret", "edge-1", &["-P", "token=token"]);
    host.wait_for(job::WAITS);
    for process in fs::read_dir("/proc").expect("/proc").flatten() {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        secrets.are_not_in("a command line", &line);
    }
    host.run(job::GO);
    fleet.ends(&id, "completed");
    assert_eq!(fleet.ok(&["runs", "output", &id]), MASKED);
    for words in [
        &["runs", "show", &id][..],
        &["runs", "show", &id, "--json"],
        &["runs", "list", "--json"],
        &["server", "show", "edge-1", "--json"],
    ] {
        secrets.are_not_in(words[1], fleet.ok(words).as_bytes());
    }
}

#[track_caller]
fn are_not_in_files(secrets: &Secrets, folder: &Path) {
    let files = fs::read_dir(folder).expect("a folder").flatten();
    let files: Vec<_> = files.map(|file| file.path()).filter(|file| file.is_file()).collect();
    assert!(!files.is_empty());
    for file in files.iter().filter(|file| !file.ends_with("token")) {
        secrets.are_not_in(&file.display().to_string(), &fs::read(file).expect("a file"));
    }
}

#[test]
fn with_up_on_sqlite() {
    let lab = Lab::up(1);
    let fleet = Fleet::embedded().with("GROUNDCREW_LOG", "trace");
    let secrets = Secrets::new(&fleet, &lab);
    let mut up = fleet.up();
    run_it(&fleet, &lab.host(1), &secrets);
    // The log of what is not yet in the database, too.
    assert!(fleet.folder.path().join("data/groundcrew.db-wal").exists());
    are_not_in_files(&secrets, &fleet.folder.path().join("data"));
    up.terminate();
    are_not_in_files(&secrets, &fleet.folder.path().join("data"));
    are_not_in_files(&secrets, fleet.folder.path());
}

#[test]
fn with_a_worker_on_postgres_and_redis() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let fleet = Fleet::apart(&database, &redis.url).with("GROUNDCREW_LOG", "trace");
    let secrets = Secrets::new(&fleet, &lab);
    let monitor = redis.monitor();
    let mut worker = fleet.worker();
    run_it(&fleet, &lab.host(1), &secrets);
    worker.terminate();
    let asked = monitor.log();
    assert!(asked.contains("PUBLISH") || asked.contains("publish"), "{asked}");
    secrets.are_not_in("Redis", asked.as_bytes());
    let dump = Command::new("pg_dump").arg(&database).output().expect("pg_dump");
    assert!(dump.status.success() && dump.stdout.len() > 10_000);
    secrets.are_not_in("Postgres", &dump.stdout);
    are_not_in_files(&secrets, fleet.folder.path());
}

/// A job file that changed is no reason to show what does not fit it any more.
#[test]
fn that_does_not_fit_the_job_any_more() {
    let lab = Lab::up(1);
    let fleet = Fleet::embedded();
    let secrets = Secrets::new(&fleet, &lab);
    fleet.up().terminate();
    fleet.add("edge-1", &lab.host(1));
    let id = fleet.ask_with("secret", "edge-1", &["-P", "token=token"]);
    let file = fleet.job_file("secret");
    let job = fs::read_to_string(&file).expect("the job");
    fleet.job("secret", &job.replace("\"secret\"", "\"boolean\""));
    let mut up = fleet.up();
    let run = fleet.ends(&id, "failed");
    assert_eq!(run["error_kind"], "job_changed", "{run:#}");
    secrets.are_not_in("the run", fleet.ok(&["runs", "show", &id]).as_bytes());
    up.terminate();
    are_not_in_files(&secrets, &fleet.folder.path().join("data"));
    are_not_in_files(&secrets, fleet.folder.path());
}
