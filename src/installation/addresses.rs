//! Which addresses a server may not have: those where nothing of a person's can be, but much
//! of ours. Who may add servers must not reach with us what only this machine, its network's
//! devices or the installation itself can reach.
//!
//! Names are looked up when a server is added, and again by the worker that first goes there.

use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;

use thiserror::Error;
use tokio::net::lookup_host;

use crate::config::Settings;

/// What is refused. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// Hosts of the database and of Redis, as their addresses have them; None where the operator
    /// allows every address.
    services: Option<Arc<[String]>>,
}

/// Why a server can't be there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0} is {1}, where no server can be added. Give the address at which the server is reached \
     from outside; the operator can allow it with GROUNDCREW_ALLOW_LOCAL=true"
)]
pub struct AddressError(String, &'static str);

impl Addresses {
    /// What these settings refuse.
    pub fn of(settings: &Settings) -> Self {
        let urls = [Some(settings.database()), settings.redis_url.clone()];
        let hosts = urls.into_iter().flatten().filter_map(|url| host_of(&url));
        Self { services: (!settings.allow_local).then(|| hosts.collect()) }
    }

    /// Whether a server may be at this name or address. A name that can't be looked up is let
    /// through: nobody can be reached there.
    ///
    /// # Errors
    /// Says what it is.
    pub async fn check(&self, host: &str) -> Result<(), AddressError> {
        let Some(services) = &self.services else { return Ok(()) };
        let own = |what| Err(AddressError(host.to_owned(), what));
        if services.iter().any(|service| service.eq_ignore_ascii_case(host)) {
            return own(SERVICE);
        }
        let found = look_up(host).await;
        if let Some(what) = found.iter().find_map(|address| is_local(*address)) {
            return own(what);
        }
        for service in services.iter() {
            if look_up(service).await.iter().any(|address| found.contains(address)) {
                return own(SERVICE);
            }
        }
        Ok(())
    }
}

const SERVICE: &str = "a service of this installation";

async fn look_up(host: &str) -> Vec<IpAddr> {
    let found = lookup_host((host, 22)).await;
    found.map(|found| found.map(|at| at.ip().to_canonical()).collect()).unwrap_or_default()
}

/// What the address is, if nobody outside can have it.
fn is_local(address: IpAddr) -> Option<&'static str> {
    let special = match address {
        _ if address.is_loopback() => Some("an address of this machine"),
        _ if address.is_unspecified() => Some("no machine's address"),
        _ if address.is_multicast() => Some("an address of many machines"),
        IpAddr::V4(v4) if v4.octets()[0] == 0 || v4.is_broadcast() => Some("no machine's address"),
        // With 169.254.169.254, where clouds keep secrets for their machines.
        IpAddr::V4(v4) if v4.is_link_local() => Some("a link-local address"),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Some("a link-local address"),
        // The same for IPv6.
        IpAddr::V6(v6) if v6.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => {
            Some("a link-local address")
        }
        _ => None,
    };
    // Only an address of this machine can be bound.
    special.or_else(|| UdpSocket::bind((address, 0)).ok().map(|_| "an address of this machine"))
}

/// The host in `SCHEME://USER:PASSWORD@HOST:PORT/…`; None for a file or a socket.
fn host_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(host, _)| host),
    };
    (!host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusing(urls: &[&str]) -> Addresses {
        Addresses { services: Some(urls.iter().filter_map(|url| host_of(url)).collect()) }
    }

    #[tokio::test]
    async fn refuses_what_only_we_can_reach() {
        let addresses =
            refusing(&["postgres://u:p@203.0.113.5:5432/x?y=z", "redis://[2001:db8::5]"]);
        for host in [
            "localhost",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0.0.0.0",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
            "224.0.0.1",
            "255.255.255.255",
            "203.0.113.5",
            "2001:db8::5",
            "2001:DB8::5",
        ] {
            let error = addresses.check(host).await.expect_err(host).to_string();
            assert!(error.contains("GROUNDCREW_ALLOW_LOCAL"), "{error}");
        }
        for host in ["203.0.113.6", "10.255.255.1", "2001:db8::6", "no-such-name.invalid"] {
            assert_eq!(addresses.check(host).await, Ok(()), "{host}");
        }
        assert_eq!(Addresses { services: None }.check("127.0.0.1").await, Ok(()));
    }

    #[test]
    fn finds_the_host_in_an_address() {
        for (url, host) in [
            ("postgres://user:p@ss@db-1:5432/name", Some("db-1")),
            ("postgres://db-1/name", Some("db-1")),
            ("rediss://:secret@[::1]:6380", Some("::1")),
            ("redis://cache", Some("cache")),
            ("postgres:///name?host=/run/postgresql", None),
            ("sqlite:data/groundcrew.db", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }
}
