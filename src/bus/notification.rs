//! A notification as it goes over the wire: what Laravel's `redis` broadcaster
//! publishes for an event on a private channel, so that its gateways can pass ours on.

use jiff::Timestamp;
use serde::Serialize;

use crate::glob::escaped;
use crate::model::Changed;

/// The event's name.
const EVENT: &str = r"App\Events\ServerProvisionUpdated";
/// A channel's name is the prefix, this, the server's id, and [`AFTER`].
const BEFORE: &str = "private-servers.";
const AFTER: &str = ".provision";

/// The names of all channels of this bus.
#[derive(Debug, Clone)]
pub(super) struct Channels {
    prefix: String,
}

#[derive(Serialize)]
struct Notification<'a> {
    event: &'a str,
    data: Data,
    socket: Option<&'a str>,
}

#[derive(Serialize)]
struct Data {
    server_id: i64,
    timestamp: String,
    revision: i64,
}

impl Channels {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// A server's channel.
    pub(super) fn of(&self, server_id: i64) -> String {
        format!("{}{BEFORE}{server_id}{AFTER}", self.prefix)
    }

    /// The pattern of all servers' channels, for `PSUBSCRIBE`.
    pub(super) fn all(&self) -> String {
        format!("{}{BEFORE}*{AFTER}", escaped(&self.prefix))
    }

    /// The server whose channel this is, if it is one.
    pub(super) fn server(&self, channel: &str) -> Option<i64> {
        let id = channel.strip_prefix(&self.prefix)?.strip_prefix(BEFORE)?;
        id.strip_suffix(AFTER)?.parse().ok()
    }
}

/// What is published when a server has changed at this time.
pub(super) fn message(changed: &Changed, at: Timestamp) -> String {
    let timestamp = at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let Changed { server_id, revision } = *changed;
    let data = Data { server_id, timestamp, revision };
    serde_json::to_string(&Notification { event: EVENT, data, socket: None })
        .expect("plain fields become JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_laravels_byte_for_byte() {
        let changed = Changed { server_id: 7, revision: 42 };
        let at = "2026-11-23T01:02:03.999Z".parse().expect("a time");
        assert_eq!(
            message(&changed, at),
            r#"{"event":"App\\Events\\ServerProvisionUpdated","data":{"server_id":7,"timestamp":"2026-11-23T01:02:03+00:00","revision":42},"socket":null}"#
        );
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
