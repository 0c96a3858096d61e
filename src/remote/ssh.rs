//! Connects to a host with OpenSSH (the `openssh` crate): a generated
//! configuration goes first, the person's own follows.
//!
//! Promise 9: checking a host's key is never switched off.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use openssh::{ControlPersist, KnownHosts, Session, SessionBuilder};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;
use tracing::Instrument;

use super::failure::Failure;
use super::target::Target;
use crate::metrics::Logins;
use crate::model::FailureKind;

/// How long one attempt to connect may take, with all its handshakes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// An ssh that nobody uses any more (we were killed) goes away after this.
const IDLE: usize = 15;
/// What a pinned host is called in its known-hosts file, whatever its address.
const ALIAS: &str = "server";
/// The folders of connections begin so; the process id follows.
const FOLDER: &str = "groundcrew-ssh-";

/// How to get to hosts: shared by all connections of one process.
#[derive(Debug)]
pub struct Ssh {
    /// Control sockets and the generated configuration; short, private, swept.
    folder: TempDir,
    config: PathBuf,
    identity: Option<PathBuf>,
    known_hosts: Option<PathBuf>,
    /// Whether there is one host with one key, whose owner is Groundcrew's store.
    pinned: bool,
    logins: Logins,
}

impl Ssh {
    /// Prepares connections with this private key (else ssh's own choice and the
    /// agent), this file instead of `~/.ssh/config`, and this one instead of
    /// `~/.ssh/known_hosts`.
    ///
    /// # Errors
    /// Fails if no private folder can be made.
    pub fn new(
        identity: Option<PathBuf>,
        own_config: Option<&Path>,
        known_hosts: Option<PathBuf>,
    ) -> std::io::Result<Self> {
        let folder = private_folder("/tmp")?;
        let own = match own_config {
            Some(path) => format!("Include \"{}\"\n", path.display()),
            None => "Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\n".to_owned(),
        };
        let own = known_hosts.as_deref().map(known_hosts_option).unwrap_or_default() + &own;
        let config = private_file(&folder, "config", &configuration(&own))?;
        let logins = Logins::default();
        Ok(Self { folder, config, identity, known_hosts, pinned: false, logins })
    }

    /// Prepares connections to the one host that has this key (`ssh-ed25519 AAAA…`). With
    /// a private key, nothing else is tried to log in; without one, ssh's own choice and
    /// the agent. No configuration of a person's is read.
    ///
    /// # Errors
    /// Fails if no private folder can be made in memory.
    pub fn pinned(host_key: &str, private_key: Option<&str>) -> std::io::Result<Self> {
        // In memory: a private key does not belong on a disk.
        let folder = private_folder("/dev/shm")?;
        let known_hosts = private_file(&folder, "known", &format!("{ALIAS} {host_key}\n"))?;
        let identity = private_key.map(|key| private_file(&folder, "key", key)).transpose()?;
        let mut own = format!("HostKeyAlias {ALIAS}\n{}", known_hosts_option(&known_hosts));
        if identity.is_some() {
            own.push_str("IdentitiesOnly yes\nIdentityAgent none\n");
        }
        let config = private_file(&folder, "config", &configuration(&own))?;
        let (known_hosts, logins) = (Some(known_hosts), Logins::default());
        Ok(Self { folder, config, identity, known_hosts, pinned: true, logins })
    }

    /// Prepares connections that can but learn a host's key.
    ///
    /// # Errors
    /// Fails if no private folder can be made.
    pub fn stranger() -> std::io::Result<Self> {
        Self::pinned("", None)
    }

    /// The file of known host keys that was asked for, if it is not ssh's own choice.
    pub fn known_hosts(&self) -> Option<&Path> {
        self.known_hosts.as_deref()
    }

    /// A private folder that goes away with this.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The same, with its logins counted here.
    #[must_use]
    pub fn counted(self, logins: &Logins) -> Self {
        Self { logins: logins.clone(), ..self }
    }

    /// Logs in.
    ///
    /// # Errors
    /// Says why not, with the next step. Nothing is tried twice.
    pub async fn connect(&self, target: &Target) -> Result<Session, Failure> {
        let span = tracing::info_span!("connect", host = %target);
        let connected = self.log_in(target).instrument(span).await;
        self.logins.tried(connected.as_ref().err().map(|failure| failure.kind));
        connected
    }

    async fn log_in(&self, target: &Target) -> Result<Session, Failure> {
        let control = self.folder.path().join("c");
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&control)
            .map_err(|error| Failure::internal("making a folder for the connection", error))?;
        tracing::debug!(host = %target, "connecting");
        let mut builder = SessionBuilder::default();
        builder
            .known_hosts_check(KnownHosts::Strict)
            .connect_timeout(CONNECT_TIMEOUT / 2)
            .server_alive_interval(Duration::from_secs(5))
            .control_persist(ControlPersist::IdleFor(IDLE.try_into().expect("not 0")))
            .control_directory(&control)
            .config_file(&self.config);
        if let Some(key) = &self.identity {
            builder.keyfile(key);
        }
        if let Some(user) = &target.user {
            builder.user(user.clone());
        }
        if let Some(port) = target.port {
            builder.port(port);
        }
        let error = match timeout(CONNECT_TIMEOUT, builder.connect_mux(&target.host)).await {
            Ok(Ok(session)) => {
                tracing::debug!(host = %target, "connected");
                return Ok(session);
            }
            Ok(Err(openssh::Error::Connect(error))) => {
                if error.kind() == std::io::ErrorKind::NotFound {
                    return Err(Failure::new(
                        FailureKind::Internal,
                        "the `ssh` command is missing on this machine; install OpenSSH's client",
                    ));
                }
                error.to_string()
            }
            Ok(Err(error)) => return Err(Failure::internal("starting ssh", error)),
            Err(_) => format!("no answer within {} s: timed out", CONNECT_TIMEOUT.as_secs()),
        };
        // What a jump host's ssh had to say went to nobody; ask once more, listening.
        if error.contains("UNKNOWN port 65535") || error.contains("banner exchange") {
            let said = self.said_by_ssh(target).await;
            return Err(explain(target, &format!("{error}\n{said}"), self.pinned));
        }
        Err(explain(target, &error, self.pinned))
    }

    /// A plain `ssh` to the target that uses this configuration, without a terminal.
    pub fn command(&self, target: &Target) -> Command {
        let mut command = Command::new("ssh");
        command
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .args(["-o", "BatchMode=yes", "-o", "ControlPath=none", "-o", "ConnectTimeout=10"])
            .arg("-F")
            .arg(&self.config);
        if let Some(user) = &target.user {
            command.arg("-l").arg(user);
        }
        if let Some(port) = target.port {
            command.arg("-p").arg(port.to_string());
        }
        command
    }

    async fn said_by_ssh(&self, target: &Target) -> String {
        let mut command = self.command(target);
        if let Some(key) = &self.identity {
            command.arg("-i").arg(key);
        }
        command.args(["-o", "StrictHostKeyChecking=yes", &target.host, "true"]);
        match timeout(CONNECT_TIMEOUT, command.output()).await {
            Ok(Ok(output)) => String::from_utf8_lossy(&output.stderr).into_owned(),
            _ => String::new(),
        }
    }
}

/// What counts before all else, and then `own`.
fn configuration(own: &str) -> String {
    format!(
        "# Made by groundcrew; the first value of an option counts.\n\
         Host *\n\
         ForwardAgent no\n\
         ForwardX11 no\n\
         ClearAllForwardings yes\n\
         PermitLocalCommand no\n\
         RemoteCommand none\n\
         RequestTTY no\n\
         GlobalKnownHostsFile none\n\
         ServerAliveCountMax 3\n\
         {own}"
    )
}

fn known_hosts_option(path: &Path) -> String {
    format!("UserKnownHostsFile \"{}\"\n", path.display())
}

/// A folder of this process's own, where the user's runtime files are, or else in `base`.
fn private_folder(base: &str) -> std::io::Result<TempDir> {
    // A socket's path is at most 108 bytes long, and ssh appends to it.
    let base = std::env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|path| path.is_dir() && path.as_os_str().len() < 40)
        .unwrap_or_else(|| PathBuf::from(base));
    sweep(&base);
    tempfile::Builder::new()
        .prefix(&format!("{FOLDER}{}-", std::process::id()))
        .rand_bytes(4)
        .tempdir_in(&base)
}

fn private_file(folder: &TempDir, name: &str, content: &str) -> std::io::Result<PathBuf> {
    let path = folder.path().join(name);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(content.as_bytes())?;
    Ok(path)
}

/// Removes what processes that are gone have left behind.
fn sweep(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid =
            name.to_str().and_then(|n| n.strip_prefix(FOLDER)).and_then(|n| n.split('-').next());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            // Another user's folder stays: removing it fails.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// What a person is told of a server that can't be reached, whatever the cause is.
pub fn no_answer(target: &Target) -> String {
    format!(
        "no SSH server answers at {target}. Is the address right, is the host up, and does a \
         firewall let SSH through? The worker's log says more"
    )
}

/// Turns what ssh said into a kind, a cause and a next step.
fn explain(target: &Target, said: &str, pinned: bool) -> Failure {
    use FailureKind::{AuthenticationFailed, HostKeyChanged, HostKeyUnknown, Unreachable};
    let has = |text: &str| said.contains(text);
    let mut lines = said.lines().map(|line| line.trim().trim_end_matches('.'));
    let last = lines.clone().rfind(|line| !line.is_empty()).unwrap_or("ssh said nothing");
    let (kind, message) = if pinned
        && (has("HOST IDENTIFICATION HAS CHANGED")
            || has("host key is known")
            || has("Host key verification failed"))
    {
        (
            HostKeyChanged,
            format!(
                "{target} shows another host key than the one that is pinned. Either the host was \
                 reinstalled, or somebody stands in between. If you know why it changed, accept it with \
                 `groundcrew server rekey`; otherwise find out first. Nothing was sent there"
            ),
        )
    } else if pinned && has("Permission denied") {
        (
            AuthenticationFailed,
            format!(
                "{target} refused the login: {last}. Give the server another key with \
                 `groundcrew server rekey -i KEY`, or put its public key into authorized_keys there"
            ),
        )
    } else if has("REVOKED HOST KEY") {
        (
            HostKeyChanged,
            format!(
                "{target} shows a host key that is marked as revoked in the known hosts, so whoever \
             answers there is not believed. Give the host new keys, or find out who it is"
            ),
        )
    } else if has("HOST IDENTIFICATION HAS CHANGED") || has("host key for") && has("has changed") {
        (
            HostKeyChanged,
            format!(
                "{target} shows another host key than the one that is known. Either the host was \
             reinstalled, or somebody stands in between. If you know why it changed, remove the \
             old key (`ssh-keygen -R`) and try again; otherwise find out first"
            ),
        )
    } else if has("host key is known") || has("Host key verification failed") {
        (
            HostKeyUnknown,
            format!(
                "the host key of {target}, or of a host on the way to it, is not known. Log in there \
             once with `ssh` and compare its fingerprint, then try again"
            ),
        )
    } else if has("UNPROTECTED PRIVATE KEY") {
        let which = lines.find(|line| line.starts_with("Permissions ")).unwrap_or(last);
        (
            AuthenticationFailed,
            format!(
                "the key may be read by others, so ssh does not use it: {which}. \
             Take the others' rights away with `chmod 600 KEY`"
            ),
        )
    } else if has("Permission denied") || has("Too many authentication failures") {
        (
            AuthenticationFailed,
            format!(
                "{target} refused the login: {last}. Give the right key with -i, or add it to your \
             ssh-agent (a key with a passphrase must be there); check the user's name"
            ),
        )
    } else if pinned && !has("onfiguration") && !has("Bad owner") {
        // One text for all causes: with more, who may add servers could scan ports with us.
        tracing::info!(host = %target, "no connection: {last}");
        (Unreachable, no_answer(target))
    } else if has("Could not resolve hostname") {
        (Unreachable, format!("{target}: {last}. Check the spelling, or give the address"))
    } else if has("Connection refused") {
        (
            Unreachable,
            format!(
                "{target} refused the connection: {last}. Is sshd running there, and on this port?"
            ),
        )
    } else if has("timed out") {
        (
            Unreachable,
            format!(
                "{target} did not answer: {last}. Is the host up, and does a firewall let SSH through?"
            ),
        )
    } else if has("Bad configuration option")
        || has("Bad owner or permissions")
        || has("configuration")
    {
        (
            FailureKind::Internal,
            format!("ssh does not accept its configuration: {last}. Mend that file"),
        )
    } else {
        (
            Unreachable,
            format!("no connection to {target}: {last}. Try `ssh {}` by hand", target.host),
        )
    };
    Failure::new(kind, message)
}
