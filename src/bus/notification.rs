//! A notification as it goes over the wire: what Laravel's `redis` broadcaster
//! publishes for an event on a private channel, so that its gateways can pass ours on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::output::{OUTPUT_EVENT, RunOutput};
use crate::glob::escaped;
use crate::model::{Changed, Subject};

/// The event's name, as Laravel writes it: Echo listens to `ServerProvisionUpdated`.
pub const EVENT: &str = r"App\Events\ServerProvisionUpdated";
/// A channel's name is the prefix, this, the server's id, and [`AFTER`].
const BEFORE: &str = "private-servers.";
const AFTER: &str = ".provision";

/// The names of all channels of this bus.
#[derive(Debug, Clone)]
pub(super) struct Channels {
    prefix: String,
}

#[derive(Serialize)]
struct Broadcast<'a, D> {
    event: &'a str,
    data: D,
    socket: Option<&'a str>,
}

#[derive(Serialize)]
struct Data {
    server_id: i64,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
}

impl Channels {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// A server's channel.
    pub(super) fn of(&self, server_id: i64) -> String {
        self.named(&channel_of(server_id))
    }

    /// Any channel's whole name.
    pub(super) fn named(&self, channel: &str) -> String {
        format!("{}{channel}", self.prefix)
    }

    /// The part of a whole name that clients know.
    pub(super) fn without_prefix<'c>(&self, channel: &'c str) -> Option<&'c str> {
        channel.strip_prefix(&self.prefix)
    }

    /// The pattern of all servers' channels, for `PSUBSCRIBE`.
    pub(super) fn all(&self) -> String {
        format!("{}{BEFORE}*{AFTER}", escaped(&self.prefix))
    }

    /// The server whose channel this is, if it is one.
    pub(super) fn server(&self, channel: &str) -> Option<i64> {
        server_of(self.without_prefix(channel)?)
    }
}

/// The name that clients know a server's channel by.
pub fn channel_of(server_id: i64) -> String {
    format!("{BEFORE}{server_id}{AFTER}")
}

/// The server whose channel has this name, if it is one.
pub fn server_of(channel: &str) -> Option<i64> {
    let id = channel.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
    // Only as we write it: one server has one channel.
    id.parse().ok().filter(|server_id: &i64| server_id.to_string() == id)
}

/// What the channel of this name tells, if it is for owners only: a server's changes, or a run's
/// output, `private-runs.{id}.output`.
pub fn subject_of(channel: &str) -> Option<Subject> {
    if let Some(server_id) = server_of(channel) {
        return Some(Subject::Server(server_id));
    }
    let id = channel.strip_prefix("private-runs.")?.strip_suffix(".output")?;
    let is_id = Uuid::try_parse(id).is_ok_and(|uuid| uuid.to_string() == id);
    is_id.then(|| Subject::Run(id.to_owned()))
}

/// What a page is told when anything may have changed: as a notification, but no revision is known.
pub fn fetch(server_id: i64, at: Timestamp) -> String {
    let data = Data { server_id, timestamp: time(at), revision: None };
    serde_json::to_string(&data).expect("plain fields become JSON")
}

/// When what a notification's data tells of was committed, to the millisecond; None where
/// somebody else wrote it, and only to the second.
pub fn committed_at(data: &str) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Committed<'a> {
        timestamp: &'a str,
    }
    let Committed { timestamp } = serde_json::from_str(data).ok()?;
    timestamp.contains('.').then(|| timestamp.parse().ok())?
}

/// To the millisecond: gateways count how long a change was on its way.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string()
}

/// What is published when a server has changed.
pub(super) fn message(changed: &Changed) -> String {
    let Changed { server_id, revision, at } = *changed;
    let data = Data { server_id, timestamp: time(at), revision: Some(revision) };
    broadcast(EVENT, data)
}

/// What is published when a run has written something.
pub(super) fn output_message(output: &RunOutput) -> String {
    broadcast(OUTPUT_EVENT, output)
}

fn broadcast(event: &str, data: impl Serialize) -> String {
    serde_json::to_string(&Broadcast { event, data, socket: None })
        .expect("plain fields become JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_laravels_byte_for_byte() {
        let at = "2026-11-23T01:02:03.4567Z".parse().expect("a time");
        let changed = Changed { server_id: 7, revision: 42, at };
        assert_eq!(
            message(&changed),
            r#"{"event":"App\\Events\\ServerProvisionUpdated","data":{"server_id":7,"timestamp":"2026-11-23T01:02:03.456+00:00","revision":42},"socket":null}"#
        );
    }

    #[test]
    fn output_is_announced_with_its_data() {
        let output = RunOutput {
            run_id: "01900000-0000-7000-8000-000000000000".to_owned(),
            step: 3,
            offset: 12,
            step_offset: 2,
            length: 5,
            text: Some("ü \u{1b}\n".to_owned()),
        };
        assert_eq!(
            output_message(&output),
            r#"{"event":"App\\Events\\RunOutput","data":{"run_id":"01900000-0000-7000-8000-000000000000","step":3,"offset":12,"step_offset":2,"length":5,"text":"ü \u001b\n"},"socket":null}"#
        );
        assert_eq!(subject_of(&output.channel()), Some(Subject::Run(output.run_id)));
    }

    #[test]
    fn a_prefix_is_taken_literally() {
        let channels = Channels::new(r"a*[b]\?:");
        assert_eq!(channels.of(7), r"a*[b]\?:private-servers.7.provision");
        assert_eq!(channels.all(), r"a\*\[b\]\\\?:private-servers.*.provision");
        assert_eq!(channels.server(&channels.of(7)), Some(7));
        assert_eq!(channels.server("private-servers.7.provision"), None);
        assert_eq!(channels.server(r"a*[b]\?:private-servers.x.provision"), None);
    }
}
