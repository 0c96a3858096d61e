//! A first visit to a server: shows that the logins work that runs and sites will need, and
//! reads which system it is. It changes nothing there, and no parameter is sent.
//!
//! Promise 9: whoever does not have the pinned key is not talked to. Why a host can't be
//! reached is told coarsely, so that adding servers is no way to scan ports.

use std::net::IpAddr;
use std::time::Duration;

use tokio::time::timeout;

use super::channel::{Channel, cut};
use super::failure::Failure;
use super::host_key::{HostKey, learn};
use super::ssh::{Ssh, no_answer};
use super::target::Target;
use crate::model::{APP_USER, Facts, FailureKind};

/// A command as the app user comes back within this.
const ANSWER: Duration = Duration::from_secs(30);

/// Logs in as the target's user, becomes root, and logs in as the app user.
///
/// # Errors
/// Says which login does not work, and what to do.
pub async fn visit(ssh: &Ssh, target: &Target) -> Result<Facts, Failure> {
    let session = ssh.connect(target).await.map_err(|failure| another_key(target, failure))?;
    let (mut channel, _) = Channel::open(session).await?;
    let answer = channel.ask("system", &[]).await?;
    channel.close().await;
    let facts = read_facts(&answer, &target.host).ok_or_else(|| {
        let said = "the host answered what its script never says";
        Failure::new(FailureKind::UnsupportedHost, format!("{said}: {answer:?}"))
    })?;
    let as_app_user = Target { user: Some(APP_USER.to_owned()), ..target.clone() };
    greet(ssh, &as_app_user).await.map_err(|failure| match failure.kind {
        FailureKind::AuthenticationFailed => Failure::new(
            FailureKind::AuthenticationFailed,
            format!(
                "{target} lets us in, and {as_app_user} does not. Look there at \
                 ~{APP_USER}/.ssh/authorized_keys, its owner and mode, and at AllowUsers in sshd's \
                 configuration; then retry: it goes on with this step"
            ),
        ),
        _ => failure,
    })?;
    Ok(facts)
}

/// The key that the host shows now; no login is tried.
///
/// # Errors
/// `Unreachable`: it shows none.
pub async fn offered_key(target: &Target) -> Result<HostKey, Failure> {
    let ssh = Ssh::stranger()
        .map_err(|error| Failure::internal("making a private folder for the connection", error))?;
    learn(&ssh, target, &[]).await.map_err(|failure| match failure.kind {
        FailureKind::Internal => failure,
        _ => {
            tracing::info!(host = %target, "no host key: {failure}");
            Failure::new(FailureKind::Unreachable, no_answer(target))
        }
    })
}

/// Whoever answers may be anybody: the address is wrong, or the line was run elsewhere.
fn another_key(target: &Target, failure: Failure) -> Failure {
    if failure.kind != FailureKind::HostKeyChanged {
        return failure;
    }
    Failure::new(
        FailureKind::HostKeyChanged,
        format!(
            "{target} shows another host key than the server that was prepared: the address is \
             another machine's, or another machine was prepared, or somebody stands in between. \
             Nothing was sent there. Find out which; if the machine at the address is the right \
             one, accept its key with `groundcrew server rekey`, or start afresh there"
        ),
    )
}

/// Does nothing, as this user.
async fn greet(ssh: &Ssh, target: &Target) -> Result<(), Failure> {
    let session = ssh.connect(target).await?;
    let mut command = session.raw_command("id -un");
    let output = timeout(ANSWER, command.output()).await;
    let output = output
        .map_err(|_| cut("a command did not come back"))?
        .map_err(|error| cut(&error.to_string()))?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let _ = timeout(ANSWER, session.close()).await;
    // A greeting may come first.
    if output.status.success() && said.lines().last() == target.user.as_deref() {
        return Ok(());
    }
    Err(Failure::new(
        FailureKind::UnsupportedHost,
        format!(
            "{target} lets us in, and runs no command. Give the user a shell there (`chsh`), then \
             retry: it goes on with this step"
        ),
    ))
}

/// `system`, and a tab before each: name, version, codename, addresses.
fn read_facts(answer: &str, entered: &str) -> Option<Facts> {
    let fields: Vec<&str> = answer.split('\t').map(str::trim).collect();
    let ["system", name, version, codename, addresses] = fields[..] else { return None };
    // The address at which it is reached comes before those that it knows of itself.
    let addresses: Vec<IpAddr> = std::iter::once(entered)
        .chain(addresses.split(' '))
        .filter_map(|text| text.parse().ok())
        .filter(|address| !is_local(address))
        .collect();
    let first = |private: bool| {
        addresses.iter().find(|address| is_private(address) == private).map(ToString::to_string)
    };
    // As people call it; the rest is for who collects systems.
    let name = name.trim_end_matches(" GNU/Linux");
    let known = |text: &str| (!text.is_empty()).then(|| text.chars().take(100).collect());
    Some(Facts {
        os_name: known(name),
        os_version: known(version),
        os_codename: known(codename),
        public_ip: first(false),
        private_ip: first(true),
    })
}

/// Of nobody outside: loopback and link-local.
fn is_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unicast_link_local(),
    }
}

fn is_private(address: &IpAddr) -> bool {
    match address {
        // 100.64.0.0/10 is shared by a provider's customers (RFC 6598).
        IpAddr::V4(v4) => v4.is_private() || v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64,
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_host_says_of_itself() {
        let answer = "system\tDebian GNU/Linux\t12\tbookworm\t10.0.0.5 203.0.113.9 fe80::1 ";
        let facts = read_facts(answer, "edge-1").expect("facts");
        let some = |text: &str| Some(text.to_owned());
        assert_eq!((facts.os_name, facts.os_version), (some("Debian"), some("12")));
        assert_eq!(facts.os_codename, some("bookworm"));
        assert_eq!((facts.public_ip, facts.private_ip), (some("203.0.113.9"), some("10.0.0.5")));

        let facts =
            read_facts("system\t\t\t\t127.0.0.1 100.64.0.1", "203.0.113.24").expect("facts");
        assert_eq!((facts.os_name, facts.os_version, facts.os_codename), (None, None, None));
        assert_eq!((facts.public_ip, facts.private_ip), (some("203.0.113.24"), some("100.64.0.1")));
        assert!(read_facts("error unknown command", "edge-1").is_none());
    }
}
