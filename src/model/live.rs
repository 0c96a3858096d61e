//! What a provisioning page shows besides the resource: what changes without a revision, as
//! times do and places in the line, and what is not for everybody who has the resource.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{JoinsBy, Provision, RunResource, Status};

/// How it goes on with a server's provisioning, now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProvisioningLive {
    /// A name or an address, as it was entered.
    pub host: String,
    /// The user that workers log in as.
    pub ssh_user: String,
    /// The run that does steps 5 and on, once it was asked for.
    pub run: Option<LiveRun>,
    /// How it stands with the one line, until the server has run it.
    pub join: Option<LiveLine>,
    /// A key that the server showed and that a person is to confirm.
    pub host_key_offered: Option<ShownKey>,
    /// The pinned key.
    pub host_key: Option<ShownKey>,
    /// Since when it can't be reached, and why not.
    pub unreachable: Option<Unreachable>,
    /// Why nothing goes on, in a sentence.
    pub waiting: Option<String>,
    /// Which worker drives the run.
    pub worker: Option<String>,
}

/// What of the run matters here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LiveRun {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub status: Status,
    /// How many runs of the server come before it, while it waits.
    pub place: Option<i64>,
    /// When a person asked that it be cancelled.
    pub cancel_requested_at: Option<Timestamp>,
    /// Bytes of output that arrived.
    pub output_bytes: i64,
}

/// The one line that a person runs on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LiveLine {
    /// Always null: it is shown once, when it is made, and kept as a hash.
    pub line: Option<String>,
    /// Until when a host may enroll with it.
    pub expires_at: Timestamp,
}

/// A host's key, as a person compares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShownKey {
    /// As `ssh-ed25519`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
}

/// A server that can't be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unreachable {
    /// Since when.
    pub since: Timestamp,
    /// Why not.
    pub error: String,
}

/// How it goes on with a server whose joining stands like this, with its run, if there is one;
/// `fingerprint` gives that of a key.
pub fn live(
    provision: &Provision,
    run: Option<&RunResource>,
    fingerprint: impl Fn(&str) -> Option<String>,
) -> ProvisioningLive {
    let server = &provision.server;
    let shown = |key: &Option<String>| {
        let key = key.as_deref()?;
        let (kind, _) = key.split_once(' ')?;
        Some(ShownKey { kind: kind.to_owned(), fingerprint: fingerprint(key)? })
    };
    let status = |number| provision.steps.iter().find(|step| step.number == number);
    let called = status(1).is_none_or(|step| step.status == Status::Completed);
    let away = provision.steps.iter().find_map(|step| {
        let (since, error) = (step.unreachable_since?, step.unreachable.clone()?);
        Some(Unreachable { since, error })
    });
    let run_away = || {
        let run = &run?.run;
        Some(Unreachable { since: run.unreachable_since?, error: run.unreachable.clone()? })
    };
    ProvisioningLive {
        host: server.host.clone(),
        ssh_user: server.ssh_user.clone(),
        run: run.map(|resource| LiveRun {
            id: resource.run.id.clone(),
            status: resource.run.status,
            place: resource.place,
            cancel_requested_at: resource.run.cancel_requested_at,
            output_bytes: resource.run.output_bytes,
        }),
        join: provision
            .line
            .as_ref()
            .filter(|_| !called)
            .map(|line| LiveLine { line: None, expires_at: line.expires_at }),
        host_key_offered: shown(&server.host_key_offered),
        host_key: shown(&server.host_key),
        unreachable: away.or_else(run_away),
        waiting: waiting(provision, run),
        worker: run.and_then(|resource| resource.run.worker.clone()),
    }
}

/// Why nothing goes on.
fn waiting(provision: &Provision, run: Option<&RunResource>) -> Option<String> {
    let server = &provision.server;
    if server.host_key_offered.is_some() {
        return Some("Compare the host key with the server's console, and confirm it".to_owned());
    }
    if let (None, Some(JoinsBy::Script), Some(line)) =
        (&server.host_key, server.joins_by, &provision.line)
    {
        return Some(match line.expired {
            true => "The line has expired; retry gives a fresh one".to_owned(),
            false => "Run the line as root on the server".to_owned(),
        });
    }
    let run = run?;
    match (&run.run.waiting, run.place) {
        (Some(waiting), _) => Some(waiting.clone()),
        (None, Some(1)) => Some("A run of this server comes before it".to_owned()),
        (None, Some(before @ 2..)) => Some(format!("{before} runs of this server come before it")),
        _ => None,
    }
}
