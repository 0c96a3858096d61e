//! One channel to a host: gets a shell as root there, gives it `host/control.sh`,
//! and exchanges commands and answers with it, a line each.

use std::sync::Arc;
use std::time::Duration;

use openssh::{ChildStderr, ChildStdin, ChildStdout, Session, Stdio};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::failure::Failure;
use super::host::CONTROL;
use crate::model::FailureKind;

/// Every answer comes within this; the longest work is a cancel that must kill.
const ANSWER: Duration = Duration::from_secs(60);
/// The first word of the host comes within this: logins can be slow.
const GREETING: Duration = Duration::from_secs(30);
/// More than this is no greeting and no answer, in bytes.
const MOST: usize = 1 << 20;

/// A conversation with the control script.
#[derive(Debug)]
pub struct Channel {
    /// Before the streams: dropped first, it would cut them off with data inside.
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
    /// What came with the last line and is not read yet.
    pub(super) rest: Vec<u8>,
    child: openssh::Child<Arc<Session>>,
}

/// What a host says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Which boot it is in.
    pub boot: String,
    /// As `debian 12`: os-release's ID and VERSION_ID.
    pub system: String,
    /// Who executes a run there now.
    pub holder: Option<Holder>,
}

/// Who has a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Which installation of Groundcrew; `apply` for the command.
    pub installation: String,
    /// The run.
    pub run: String,
    /// Its attempt.
    pub attempt: u32,
    /// Digest of its plan.
    pub digest: String,
}

impl Holder {
    /// `INSTALLATION RUN ATTEMPT DIGEST`, as the host keeps it.
    pub fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let [installation, run, attempt, digest] = words[..] else { return None };
        if !is_id(run) {
            return None;
        }
        Some(Self {
            installation: installation.into(),
            run: run.into(),
            attempt: attempt.parse().ok()?,
            digest: digest.into(),
        })
    }
}

/// Whether this can be a run's id: it becomes part of commands and paths.
pub fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

impl Channel {
    /// Opens a channel on the session, which it then owns, becomes root, and reads the facts.
    ///
    /// # Errors
    /// Says why the host can't be used, with the next step.
    pub async fn open(session: Session) -> Result<(Self, Facts), Failure> {
        // Whatever root's shell is, it is asked for a `sh` and nothing else.
        let mut command = Session::to_raw_command(Arc::new(session), "sh");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = timeout(GREETING, command.spawn())
            .await
            .map_err(|_| cut("it did not open a channel"))?
            .map_err(|error| cut(&format!("it did not open a channel: {error}")))?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin().take(), child.stdout().take(), child.stderr().take())
        else {
            return Err(cut("the channel has no streams"));
        };
        let mut channel = Self { stdin, stdout, stderr, rest: Vec::new(), child };
        channel.become_root().await?;
        channel.send(CONTROL.as_bytes()).await?;
        let facts = channel.facts().await?;
        Ok((channel, facts))
    }

    async fn become_root(&mut self) -> Result<(), Failure> {
        let mark = mark();
        // One line, so that the shell has read nothing beyond it when sudo takes over.
        let line = format!(
            "gc_uid=$(id -u); printf '\\n%s %s\\n' {mark} \"$gc_uid\"; printf '\\n%s\\n' {mark} >&2; \
             [ \"$gc_uid\" = 0 ] || exec sudo -n sh\n"
        );
        self.send(line.as_bytes()).await?;
        // What a greeting prints before the mark is dropped, on both streams.
        let uid = self.skip_to(&mark, GREETING).await?;
        let uid = uid.ok_or_else(|| {
            Failure::new(
                FailureKind::UnsupportedHost,
                "the host closed the channel before `sh` said a word; does the user have a shell, and may it run `sh`?",
            )
        })?;
        if uid.trim() == "0" {
            return self.skip_error_to(&mark).await;
        }
        self.skip_error_to(&mark).await?;
        // Where sudo has refused, nobody is there to take it: what it said is told below.
        let _ = self.send(format!("printf '\\n%s %s\\n' {mark} \"$(id -u)\"\n").as_bytes()).await;
        match self.skip_to(&mark, GREETING).await? {
            Some(uid) if uid.trim() == "0" => Ok(()),
            _ => {
                let said = self.error_text().await;
                Err(Failure::new(
                    FailureKind::NoRoot,
                    format!(
                        "the user is not root and may not become root without a password ({said}). \
                         Log in as root, or allow it: a line like `USER ALL=(root) NOPASSWD: /usr/bin/sh` in a file of /etc/sudoers.d"
                    ),
                ))
            }
        }
    }

    async fn facts(&mut self) -> Result<Facts, Failure> {
        let unsupported = |message: String| Failure::new(FailureKind::UnsupportedHost, message);
        let line = self.line(ANSWER).await?;
        let words: Vec<&str> = line.splitn(5, ' ').collect();
        let ["facts", systemd, boot, missing, system] = words[..] else {
            return Err(unsupported(format!(
                "the host answered what its script never says: {line:?}"
            )));
        };
        if systemd != "yes" {
            return Err(unsupported(
                "the host does not run systemd, which a run needs to go on without us. \
                 Use a host that was started by systemd"
                    .into(),
            ));
        }
        if missing != "-" {
            let missing = missing.trim_start_matches(',').replace(',', ", ");
            return Err(unsupported(format!(
                "the host lacks commands that a run needs: {missing}. Install them there"
            )));
        }
        let (boot, system) = (boot.to_owned(), system.replace(',', " ").trim().to_owned());
        let holder = self.line(ANSWER).await?;
        let holder = holder.strip_prefix("holder").unwrap_or_default().trim();
        Ok(Facts { boot, system, holder: Holder::parse(holder) })
    }

    /// Sends a command, and data with it, and gives the answer, a line of words.
    ///
    /// # Errors
    /// Fails if the line is cut; an answer of `error` is one, too.
    pub async fn ask(&mut self, command: &str, data: &[u8]) -> Result<String, Failure> {
        debug_assert!(!command.contains('\n'));
        let mut bytes = format!("{command}\n").into_bytes();
        bytes.extend_from_slice(data);
        self.send(&bytes).await?;
        let answer = self.line(ANSWER).await?;
        tracing::debug!(command, answer, bytes = data.len(), "asked the host");
        match answer.strip_prefix("error ") {
            Some(error) => Err(Failure::new(
                FailureKind::Internal,
                format!("the host could not do it: {error}"),
            )),
            None => Ok(answer),
        }
    }

    /// Exactly so many bytes of the answer's body.
    ///
    /// # Errors
    /// Fails if the line is cut, or if it is more than a megabyte.
    pub async fn body(&mut self, length: usize) -> Result<Vec<u8>, Failure> {
        if length > MOST {
            return Err(cut("an answer of more than a megabyte was announced"));
        }
        while self.rest.len() < length {
            self.read(ANSWER).await?;
        }
        Ok(self.rest.drain(..length).collect())
    }

    /// Ends the conversation in good order, in a moment or not at all.
    pub async fn close(self) {
        let Self { stdin, child, stdout, stderr, .. } = self;
        drop(stdin);
        let _ = timeout(Duration::from_secs(2), child.wait()).await;
        drop((stdout, stderr));
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match timeout(ANSWER, self.stdin.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(cut(&error.to_string())),
            Err(_) => Err(cut("it took nothing for a minute")),
        }
    }

    /// A line of the answer, without its newline.
    async fn line(&mut self, limit: Duration) -> Result<String, Failure> {
        loop {
            if let Some(end) = self.rest.iter().position(|&b| b == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            self.read(limit).await?;
        }
    }

    async fn read(&mut self, limit: Duration) -> Result<(), Failure> {
        if self.read_or_end(limit).await? { Ok(()) } else { Err(cut(&self.error_text().await)) }
    }

    /// Reads on; false where the stream ends. What the error stream says then is not read.
    async fn read_or_end(&mut self, limit: Duration) -> Result<bool, Failure> {
        let mut buffer = [0; 4096];
        match timeout(limit, self.stdout.read(&mut buffer)).await {
            Ok(Ok(n)) => {
                self.rest.extend_from_slice(&buffer[..n]);
                if self.rest.len() > MOST { Err(cut("it talks and talks")) } else { Ok(n > 0) }
            }
            Ok(Err(error)) => Err(cut(&error.to_string())),
            Err(_) => Err(cut(&format!("no answer within {} s", limit.as_secs()))),
        }
    }

    /// Reads standard output up to the line that begins with the mark, and gives
    /// the rest of that line; None where the stream ends first.
    async fn skip_to(&mut self, mark: &str, limit: Duration) -> Result<Option<String>, Failure> {
        let needle = format!("\n{mark} ").into_bytes();
        loop {
            if let Some(at) = memchr::memmem::find(&self.rest, &needle)
                && self.rest[at + 1..].contains(&b'\n')
            {
                self.rest.drain(..at + needle.len());
                return self.line(limit).await.map(Some);
            }
            if !self.read_or_end(limit).await? {
                return Ok(None);
            }
        }
    }

    /// Reads standard error up to and with the line that is the mark.
    pub(super) async fn skip_error_to(&mut self, mark: &str) -> Result<(), Failure> {
        let needle = format!("{mark}\n").into_bytes();
        let (mut seen, mut byte) = (Vec::new(), [0; 1]);
        // Byte by byte: what comes after it is somebody else's.
        while !seen.ends_with(&needle) && seen.len() < MOST {
            match timeout(GREETING, self.stderr.read(&mut byte)).await {
                Ok(Ok(1)) => seen.push(byte[0]),
                _ => return Err(cut("its error stream ended early")),
            }
        }
        Ok(())
    }

    /// What came on standard error, on one line, to explain an end.
    async fn error_text(&mut self) -> String {
        let mut buffer = vec![0; 2000];
        let text = match timeout(Duration::from_millis(500), self.stderr.read(&mut buffer)).await {
            Ok(Ok(n)) => String::from_utf8_lossy(&buffer[..n]).trim().replace('\n', "; "),
            _ => String::new(),
        };
        if text.is_empty() { "the connection was closed".into() } else { text }
    }
}

/// A word that no greeting prints by chance.
pub fn mark() -> String {
    format!("groundcrew-{}", uuid::Uuid::new_v4().simple())
}

/// The line is cut, or as good as cut.
pub fn cut(cause: &str) -> Failure {
    Failure::new(FailureKind::Unreachable, format!("the line to the host is cut: {cause}"))
}
