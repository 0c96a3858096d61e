//! Host keys: learns the key of a host that is not known, without logging in,
//! and adds it to the known ones once somebody vouched for it.
//!
//! Promise 9: a host proves who it is; what was not accepted is not talked to.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::time::timeout;

use super::failure::Failure;
use super::ssh::Ssh;
use super::target::Target;
use crate::model::FailureKind;

/// A key that a host showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKey {
    /// Its line for a known-hosts file: name, type and key.
    line: String,
    /// As in `ED25519`.
    pub algorithm: String,
    /// As `ssh-keygen -l` prints it: `SHA256:` and base64 without padding.
    pub fingerprint: String,
}

impl HostKey {
    /// The key as it is pinned: `ssh-ed25519 AAAA…`, type and base64.
    pub fn key(&self) -> &str {
        self.line.split_once(' ').map_or("", |(_, key)| key)
    }
}

/// Why a text is no host key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0:?} is no host key; write type and base64, as `ssh-ed25519 AAAA…`: the host's console shows \
     them with `cat /etc/ssh/ssh_host_ed25519_key.pub`"
)]
pub struct HostKeyError(String);

/// Types of keys that are pinned.
const TYPES: [&str; 5] =
    ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"];

/// A host key that a person enters, as it is pinned: without the comment at its end.
///
/// # Errors
/// Fails if it is none.
pub fn read_host_key(text: &str) -> Result<String, HostKeyError> {
    let mut words = text.split_ascii_whitespace();
    let (kind, key) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // The key begins with its type's length and name (RFC 4253, 6.6).
    let begin = [&(kind.len() as u32).to_be_bytes()[..], kind.as_bytes()].concat();
    let fits = |bytes: Vec<u8>| bytes.len() > begin.len() + 8 && bytes.starts_with(&begin);
    if TYPES.contains(&kind) && STANDARD.decode(key).is_ok_and(fits) {
        return Ok(format!("{kind} {key}"));
    }
    Err(HostKeyError(text.chars().take(80).collect()))
}

/// Keys of these types are asked for, one after the other, until a wanted one is met.
const ALGORITHMS: [&str; 3] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521",
    "rsa-sha2-512,rsa-sha2-256",
];

/// Asks the host for its key, through jump hosts as well. No login is tried. Where
/// some fingerprints are wanted, a key with one of them is preferred.
///
/// # Errors
/// Fails if the host does not come as far as showing a key.
pub async fn learn(ssh: &Ssh, target: &Target, wanted: &[String]) -> Result<HostKey, Failure> {
    let mut first =
        Err(Failure::new(FailureKind::Unreachable, format!("{target} showed no host key")));
    for algorithms in ALGORITHMS {
        let shown = ask(ssh, target, algorithms).await;
        match &shown {
            Ok(key) if wanted.is_empty() || wanted.contains(&key.fingerprint) => return shown,
            _ if first.is_err() => first = shown,
            _ => {}
        }
    }
    first
}

async fn ask(ssh: &Ssh, target: &Target, algorithms: &str) -> Result<HostKey, Failure> {
    let file = tempfile::Builder::new()
        .prefix("key-")
        .tempfile_in(ssh.folder())
        .map_err(|error| Failure::internal("making a file for the host key", error))?;
    let mut command = ssh.command(target);
    command
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", file.path().display()))
        .arg("-o")
        .arg(format!("HostKeyAlgorithms={algorithms}"))
        // Into a file of nobody's, and with no way to log in: only the key comes of it.
        .args(["-o", "StrictHostKeyChecking=accept-new", "-o", "HashKnownHosts=no"])
        .args(["-o", "PreferredAuthentications=none", "-o", "PubkeyAuthentication=no"])
        .args([&target.host, "true"]);
    let said = match timeout(Duration::from_secs(20), command.output()).await {
        Ok(Ok(output)) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Ok(Err(error)) => return Err(Failure::internal("starting ssh", error)),
        Err(_) => "no answer within 20 s".to_owned(),
    };
    let line = fs::read_to_string(file.path()).unwrap_or_default();
    let words: Vec<&str> = line.lines().next().unwrap_or_default().split(' ').collect();
    let [_, kind, key] = words[..] else {
        return Err(Failure::new(
            FailureKind::HostKeyUnknown,
            format!(
                "{target} did not show its host key: {said}. If it is reached through another host, \
                 that one's key must be known first: log in there once with `ssh`"
            ),
        ));
    };
    let fingerprint = fingerprint(key).ok_or_else(|| {
        Failure::new(FailureKind::HostKeyUnknown, format!("{target} showed a broken host key"))
    })?;
    let algorithm = algorithm(kind);
    Ok(HostKey { line: line.lines().next().unwrap_or_default().to_owned(), algorithm, fingerprint })
}

/// Why a key that nobody vouched for is not accepted; `wanted` are those that were named,
/// `otherwise` is what else could be done about an unknown one.
pub fn refused(target: &Target, key: &HostKey, wanted: &[String], otherwise: &str) -> Failure {
    let HostKey { algorithm, fingerprint, .. } = key;
    let compare = "Compare it with what the host's console shows (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`)";
    let message = if wanted.is_empty() {
        format!(
            "the host key of {target} is not known: {algorithm} {fingerprint}. {compare}, then name it \
             with --fingerprint{otherwise}"
        )
    } else {
        format!(
            "{target} shows the host key {algorithm} {fingerprint}, which is none of those given with \
             --fingerprint. Either that is another host, or somebody stands in between. {compare}; \
             nothing was sent there"
        )
    };
    Failure::new(FailureKind::HostKeyUnknown, message)
}

/// Algorithm and fingerprint of a pinned key, as people compare them.
pub fn describe(key: &str) -> String {
    let (kind, base64) = key.split_once(' ').unwrap_or((key, ""));
    let fingerprint = fingerprint(base64).unwrap_or_else(|| "a broken key".to_owned());
    format!("{} {fingerprint}", algorithm(kind))
}

/// `SHA256:…` of a pinned key; None if it is broken.
pub fn fingerprint_of(key: &str) -> Option<String> {
    fingerprint(key.split_once(' ')?.1)
}

fn algorithm(kind: &str) -> String {
    kind.trim_start_matches("ssh-").trim_start_matches("ecdsa-sha2-").to_uppercase()
}

/// `SHA256:…` of a key in base64.
fn fingerprint(base64: &str) -> Option<String> {
    let digest = Sha256::digest(STANDARD.decode(base64).ok()?);
    Some(format!("SHA256:{}", STANDARD_NO_PAD.encode(digest)))
}

/// Adds an accepted key to the known ones, as ssh itself would.
///
/// # Errors
/// Fails if the file can't be written.
pub async fn accept(ssh: &Ssh, target: &Target, key: &HostKey) -> io::Result<()> {
    let path = match ssh.known_hosts() {
        Some(path) => path.to_owned(),
        None => own_known_hosts(ssh, target).await?,
    };
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty() && !f.exists()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let ends_open = fs::read(&path).is_ok_and(|text| !text.is_empty() && !text.ends_with(b"\n"));
    let line = format!("{}{}\n", if ends_open { "\n" } else { "" }, key.line);
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)?.write_all(line.as_bytes())
}

/// Where ssh would write the key: the first of its files.
async fn own_known_hosts(ssh: &Ssh, target: &Target) -> io::Result<PathBuf> {
    let mut command = ssh.command(target);
    let output =
        command.stdout(std::process::Stdio::piped()).args(["-G", &target.host]).output().await?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let files = text.lines().find_map(|line| line.strip_prefix("userknownhostsfile "));
    let first =
        files.and_then(|files| files.split(' ').next()).filter(|file| file.starts_with('/'));
    first.map(PathBuf::from).ok_or_else(|| {
        io::Error::other("ssh names no known-hosts file; give one with --known-hosts")
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn fingerprints_as_ssh_keygen_does() {
        let key = "AAAAC3NzaC1lZDI1NTE5AAAAIEq4HmRnT9m0MSq+mmEgBrIFRUGhqjBjpHE9GlyD2u7k";
        let fingerprint = super::fingerprint(key).expect("base64");
        assert!(fingerprint.starts_with("SHA256:") && fingerprint.len() == 50, "{fingerprint}");
    }

    #[test]
    fn reads_what_a_person_enters() {
        let key =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEq4HmRnT9m0MSq+mmEgBrIFRUGhqjBjpHE9GlyD2u7k";
        assert_eq!(super::read_host_key(&format!(" {key} root@edge\n")).as_deref(), Ok(key));
        for wrong in [
            "",
            "ssh-ed25519",
            "ssh-ed25519 AAAA",
            &key["ssh-ed25519 ".len()..],
            &key.replace("ssh-ed25519", "ssh-rsa"),
            &key.replace("ssh-ed25519", "ssh-dss"),
            &key.replace("AAAAC3", "*AAAC3"),
        ] {
            assert!(super::read_host_key(wrong).is_err(), "{wrong}");
        }
    }
}
