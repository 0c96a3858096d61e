//! Secrets that must be nowhere but where they belong (promise 8).

use std::process::Command;

/// Each with what it is.
#[derive(Default)]
pub struct Canaries(Vec<(&'static str, String)>);

impl Canaries {
    pub fn add(&mut self, what: &'static str, secret: &str) {
        assert!(secret.len() >= 12, "{what}: {secret:?} may be anywhere by chance");
        self.0.push((what, secret.to_owned()));
    }

    /// A private key: a line of its middle, for the first ones are the same for all keys.
    pub fn add_key(&mut self, what: &'static str, key: &str) {
        self.add(what, key.lines().nth(3).expect("a line of its middle"));
    }

    /// None is in it, nor as hexadecimal, which is how Postgres dumps bytes.
    #[track_caller]
    pub fn are_not_in(&self, place: &str, bytes: &[u8]) {
        assert!(!bytes.is_empty(), "{place} has been looked at");
        for (what, secret) in &self.0 {
            for text in [secret, &hex::encode(secret)] {
                let found = memchr::memmem::find(bytes, text.as_bytes());
                assert!(found.is_none(), "the {what} is in {place}");
            }
        }
    }

    /// Shell text that prints the names of the files there that hold one.
    pub fn found_in(&self, folders: &str) -> String {
        let patterns: String = self.0.iter().map(|(_, secret)| format!(" -e '{secret}'")).collect();
        format!("grep -rlF {patterns} {folders} 2>/dev/null")
    }
}

/// All that a database has, as text.
pub fn dump(database: &str) -> Vec<u8> {
    let dump = Command::new("pg_dump").arg(database).output().expect("pg_dump");
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    dump.stdout
}
