//! How far a server's provisioning is, for pages and the API alike: the four steps before its
//! first run, and then one for each job of that run. Two answers with one revision are the same,
//! so that a revision tells whether there is anything new.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Connection, FailureKind, PROVISION_STEPS, Provision, RunResource, Status, job_steps};

/// A server as its provisioning page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServerProvisioningResource {
    /// The server's id.
    pub id: i64,
    /// Unique among its owner's servers.
    pub name: String,
    /// Whose machine it is, as a person entered it.
    pub provider: Option<String>,
    /// The address that others reach it at.
    pub public_ip: Option<String>,
    /// Its address among its neighbours.
    pub private_ip: Option<String>,
    /// The port of its sshd.
    pub ssh_port: u16,
    /// Whether a worker has logged in there.
    pub connection: Connection,
    /// Where the whole stands; never `cancelled`.
    pub provision_status: Status,
    /// The same for people, as `Installing`.
    pub provision_status_label: &'static str,
    /// `gray`, `amber`, `green` or `red`.
    pub provision_status_color: &'static str,
    /// Its system, as `Debian`.
    pub os_name: Option<String>,
    /// As `12`.
    pub os_version: Option<String>,
    /// As `bookworm`.
    pub os_codename: Option<String>,
    /// One up with every change of this.
    pub revision: i64,
    /// When the server was added.
    pub created_at: Timestamp,
    /// When anything of it last changed.
    pub updated_at: Timestamp,
    /// From 1 to 4 the server joins; from 5 on there is one for each job. A server that was added
    /// with its host key has no steps 1 to 4.
    pub steps: Vec<StepResource>,
}

/// A step of a server's provisioning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StepResource {
    /// Which one.
    pub step: i64,
    /// As `Install Nginx`.
    pub name: String,
    /// What it does, in a sentence.
    pub description: String,
    /// Where it stands.
    pub status: StepStatus,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<StepError>,
    /// The steps of its job; steps 1 to 4 have none.
    pub steps: Vec<JobStepResource>,
}

/// Where a step stands: one of them is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepStatus {
    /// Not begun.
    pub is_pending: bool,
    /// At work.
    pub is_installing: bool,
    /// In place.
    pub is_completed: bool,
    /// It did not work out.
    pub is_failed: bool,
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StepError {
    /// The cause, as a word that programs can tell apart; `cancelled` where a person wanted it.
    pub kind: String,
    /// The cause.
    pub message: String,
    /// What to do.
    pub advice: &'static str,
}

/// A step of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobStepResource {
    /// Its number in the run, as `?step=` of the run's output takes it.
    pub number: i64,
    /// Its name within the job.
    pub name: String,
    /// What people read.
    pub title: String,
    /// Where it stands; never `cancelled`.
    pub status: Status,
    /// Whether it changed something, once it is completed.
    pub changed: Option<bool>,
    /// When the host started it, by the host's clock.
    pub started_at: Option<Timestamp>,
    /// When the host was done with it, by the host's clock.
    pub finished_at: Option<Timestamp>,
}

/// What people read of a job.
#[derive(Debug, Clone)]
pub struct JobText {
    /// As `Nginx web server`.
    pub title: String,
    /// A longer explanation.
    pub description: Option<String>,
}

/// The resource of a server whose joining stands like this, with its run, if there is one;
/// `text` gives what people read of a job, if there is such a job.
pub fn provisioning(
    provision: &Provision,
    run: Option<&RunResource>,
    text: impl Fn(&str) -> Option<JobText>,
) -> ServerProvisioningResource {
    let server = provision.server.clone();
    let (label, color) = match server.provision_status {
        Status::Pending => ("Pending", "gray"),
        Status::Installing => ("Installing", "amber"),
        Status::Completed => ("Completed", "green"),
        Status::Failed | Status::Cancelled => ("Failed", "red"),
    };
    let outline = provision.wants.as_ref().map(|wants| &wants.run.outline);
    let jobs = match (run, outline) {
        (Some(run), _) => job_steps::of_run(run),
        (None, Some(outline)) => job_steps::to_come(outline),
        (None, None) => Vec::new(),
    };
    let jobs = (5..).zip(jobs).map(|(number, (job, step))| {
        let known = text(&job);
        let title = known.as_ref().map_or(job.as_str(), |job| job.title.as_str());
        let name = format!("Install {title}");
        let description = known.as_ref().and_then(|job| job.description.clone());
        let description = description.unwrap_or_else(|| format!("{name} on the server"));
        StepResource { step: number, name, description, ..step }
    });
    ServerProvisioningResource {
        id: server.id,
        name: server.name,
        provider: server.provider,
        public_ip: server.public_ip,
        private_ip: server.private_ip,
        ssh_port: server.ssh_port,
        connection: server.connection,
        provision_status: server.provision_status,
        provision_status_label: label,
        provision_status_color: color,
        os_name: server.os_name,
        os_version: server.os_version,
        os_codename: server.os_codename,
        revision: server.revision,
        created_at: server.created_at,
        updated_at: server.updated_at,
        steps: joining(provision).chain(jobs).collect(),
    }
}

/// Steps 1 to 4.
fn joining(provision: &Provision) -> impl Iterator<Item = StepResource> {
    provision.steps.iter().map(|step| {
        let about = PROVISION_STEPS.iter().find(|(number, ..)| *number == step.number);
        let (name, description) = about.map_or(("", ""), |(_, name, about)| (*name, *about));
        let error = step.error_kind.map(|kind| {
            let message = step.error.clone().unwrap_or_default();
            StepError { kind: word(kind), message, advice: advice(kind) }
        });
        StepResource {
            step: step.number,
            name: name.to_owned(),
            description: description.to_owned(),
            status: step.status.into(),
            started_at: step.started_at,
            finished_at: step.finished_at,
            error,
            steps: Vec::new(),
        }
    })
}

impl From<Status> for StepStatus {
    fn from(status: Status) -> Self {
        Self {
            is_pending: status == Status::Pending,
            is_installing: status == Status::Installing,
            is_completed: status == Status::Completed,
            is_failed: matches!(status, Status::Failed | Status::Cancelled),
        }
    }
}

/// The kind as programs read it.
pub(super) fn word(kind: FailureKind) -> String {
    let word = serde_json::to_value(kind).ok();
    word.as_ref().and_then(|word| word.as_str()).unwrap_or("internal").to_owned()
}

/// What to do about a failure of this kind, on the page that shows it.
pub(super) fn advice(kind: FailureKind) -> &'static str {
    use FailureKind as Kind;
    match kind {
        Kind::Unreachable => {
            "See that the server is up, that the address and the port are right, and that no \
             firewall is in the way. Then retry: it goes on with this step."
        }
        Kind::AddressRefused => "Remove the server, and add it with another address.",
        Kind::AuthenticationFailed | Kind::NoRoot => {
            "Let the key in on the server, as the cause says. Then retry: it goes on with this step."
        }
        Kind::HostKeyUnknown | Kind::HostKeyChanged => {
            "Compare the key with what the server's console shows. Was the line run on another \
             machine, retry with a new line, and run it on the right one."
        }
        Kind::UnsupportedHost | Kind::UntestedSystem => {
            "Take a server with Debian 12 or 13 that systemd has started."
        }
        Kind::DiskFull => {
            "Make room on the server (`df -h`). Then retry: it goes on with this step."
        }
        Kind::HostBusy | Kind::StartRefused | Kind::Left => {
            "Wait until the other run has ended. Then retry."
        }
        Kind::Superseded => {
            "Whoever runs this installation has to say which of two is the right one \
             (`groundcrew doctor`)."
        }
        Kind::Restored => "Ask for it anew, to be sure: what is in place stays.",
        Kind::JobChanged => "Ask for it anew: the job files are others now.",
        Kind::KeyLost => "Bring the right GROUNDCREW_KEY back. Then retry.",
        Kind::Abandoned => "Retry, if the server is there: it goes on with this step.",
        Kind::Silent => {
            "See what the script says on the server. A retry gives a fresh line to run."
        }
        Kind::Poisoned | Kind::Internal | Kind::IllegalJournal => {
            "See the logs of the workers, and report it if it comes again. Then retry."
        }
        _ => "Mend the cause; the output says more. Then retry: what is in place stays.",
    }
}

impl StepResource {
    /// A step without its number and its texts.
    pub(super) fn bare(status: Status) -> Self {
        Self {
            step: 0,
            name: String::new(),
            description: String::new(),
            status: status.into(),
            started_at: None,
            finished_at: None,
            error: None,
            steps: Vec::new(),
        }
    }
}
