//! How a server joins: the steps before its first run, who may do them, and what is known of
//! a system once somebody was there.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Changed, FailureKind, NewRun, Server, Status};

/// The user that sites belong to and that a worker must be able to log in as, beside root.
pub const APP_USER: &str = "deploy";

/// The steps before the first run: number, title, and what is done.
pub const PROVISION_STEPS: [(i64, &str, &str); 4] = [
    (1, "Waiting for connection", "The script starts on the server and calls back"),
    (2, "Preparing server", "Base packages, users, keys, sudo, sshd"),
    (3, "Checking status", "The server's own sshd answers with the key that is pinned"),
    (4, "Checking connectivity", "A worker logs in as root and as the app user"),
];

/// Which way a server joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JoinsBy {
    /// A person runs the one line on it.
    Script,
    /// A worker can log in already.
    Login,
}

/// Whether a worker has logged in, as root and as the app user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// Not yet.
    Pending,
    /// Yes.
    Connected,
    /// It did not work out.
    Failed,
}

/// What a system says of itself. What is None is left as it was known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// As `Debian`.
    pub os_name: Option<String>,
    /// As `12`.
    pub os_version: Option<String>,
    /// As `bookworm`.
    pub os_codename: Option<String>,
    /// Its own address, where that is a private one.
    pub private_ip: Option<String>,
    /// The address that others reach it at. Not for the system to say, which may not know it.
    #[serde(skip)]
    pub public_ip: Option<String>,
}

/// A server that is about to be added, and has to join first.
#[derive(Debug, Clone)]
pub struct NewJoin {
    /// Which way.
    pub by: JoinsBy,
    /// The one line, where it joins by the script.
    pub line: Option<NewLine>,
    /// The public half of its private key, where we made the pair.
    pub public_key: Option<String>,
    /// The private key that a person gave for the first login, encrypted.
    pub first_key: Option<Vec<u8>>,
    /// The run to ask for once it has joined. Its `server_id` is not looked at.
    pub wants: Option<NewRun>,
}

/// The address under which the script is served, as it is kept.
#[derive(Debug, Clone)]
pub struct NewLine {
    /// SHA-256 of the token in it.
    pub token_hash: Vec<u8>,
    /// It is good for so long, in ms.
    pub lasts: i64,
}

/// A step before the first run, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvisionStep {
    /// Counts from 1 to 4.
    pub number: i64,
    /// Where it stands.
    pub status: Status,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Why it failed, as a word.
    pub error_kind: Option<FailureKind>,
    /// Why it failed, and what to do.
    pub error: Option<String>,
    /// Of step 4: since when the host can't be reached, ...
    pub unreachable_since: Option<Timestamp>,
    /// ... and why not.
    pub unreachable: Option<String>,
}

/// What a server joins with, and how far it is.
#[derive(Debug, Clone)]
pub struct Provision {
    /// The server.
    pub server: Server,
    /// The four steps; none of a server that did not have to join.
    pub steps: Vec<ProvisionStep>,
    /// The run that does steps 1 to 3, where a worker can log in already.
    pub prepare_run: Option<String>,
    /// What is to be installed, or was.
    pub wants: Option<Wants>,
    /// The one line, where it joins by the script.
    pub line: Option<Line>,
}

/// The run that is asked for once a server has joined.
#[derive(Debug, Clone)]
pub struct Wants {
    /// The run, as it will be asked for; secrets are gone once it was.
    pub run: NewRun,
    /// When it was asked for: from then on there is a run with this id.
    pub asked_at: Option<Timestamp>,
}

/// How it stands with the one line. Its token is not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Until when a host may enroll with it.
    pub expires_at: Timestamp,
    /// Whether that is over, by the database's clock.
    pub expired: bool,
    /// From where a host has enrolled.
    pub enrolled_from: Option<String>,
    /// When it did.
    pub enrolled_at: Option<Timestamp>,
    /// When the script last called back.
    pub heard_at: Option<Timestamp>,
}

/// What the bootstrap script calls back.
#[derive(Debug, Clone)]
pub struct Callback {
    /// The server's id, from the path.
    pub server_id: i64,
    /// The go of the script, as it calls itself.
    pub provision: String,
    /// Counts from 1 within the go.
    pub sequence: i64,
    /// SHA-256 of the body, in hex.
    pub body_digest: String,
    /// The host key that has signed it, as `ssh-ed25519 AAAA…`.
    pub signed_by: String,
    /// SHA-256 of the token that it shows: step 1 has one.
    pub token_hash: Option<Vec<u8>>,
    /// From where it comes.
    pub from: String,
    /// Which step: 1 to 3.
    pub step: i64,
    /// None: it is completed. Else why it failed, and what to do.
    pub failed: Option<(FailureKind, String)>,
    /// What the system says of itself.
    pub facts: Facts,
}

/// What becomes of a callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Called {
    /// It was taken.
    Taken {
        /// To be announced.
        changed: Changed,
        /// Where the server stands now.
        provision_status: Status,
    },
    /// It was taken before, and answered like this.
    Stored {
        /// Where the server stood then.
        provision_status: Status,
    },
    /// It comes from nobody who may call back.
    Stranger(&'static str),
    /// As things stand, it can't be.
    Conflict {
        /// What does not fit.
        problem: &'static str,
        /// Where the server stands.
        provision_status: Status,
    },
}

/// A worker's right to do step 4 of a server. Every write to the step carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectivityLease {
    /// The server's id.
    pub server_id: i64,
    /// The step's epoch while this lease holds.
    pub epoch: i64,
}

/// Step 4 of a server, claimed.
#[derive(Debug, Clone)]
pub struct ConnectivityClaim {
    /// The right to do it.
    pub lease: ConnectivityLease,
    /// The server.
    pub server: Server,
    /// The server's private key, encrypted.
    pub private_key: Option<Vec<u8>>,
    /// Since when it can't be reached, ...
    pub unreachable_since: Option<Timestamp>,
    /// ... and for how long that is, in ms, by the database's clock.
    pub unreachable_for: Option<i64>,
}

/// A server that joins by login, whose host key is to be learned.
#[derive(Debug, Clone)]
pub struct Stranger {
    /// The server.
    pub server: Server,
    /// For how long it can't be reached, in ms, by the database's clock.
    pub unreachable_for: Option<i64>,
}

macro_rules! words {
    ($kind:ty: $($variant:ident = $word:literal),+) => {
        impl $kind {
            /// The word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $kind {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("{text:?} is no {}", stringify!($kind))),
                }
            }
        }
    };
}

words!(JoinsBy: Script = "script", Login = "login");
words!(Connection: Pending = "pending", Connected = "connected", Failed = "failed");
