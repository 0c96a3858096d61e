//! How often one token may ask, and one address without a good one. Each process counts for
//! itself.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// A token may ask so often a second, ...
const TOKEN: NonZeroU32 = NonZeroU32::new(100).expect("not 0");
/// ... and so often at once.
const TOKEN_BURST: NonZeroU32 = NonZeroU32::new(1000).expect("not 0");
/// An address may show no token, or a bad one, so often a second, ...
const ADDRESS: NonZeroU32 = NonZeroU32::new(5).expect("not 0");
/// ... and so often at once.
const ADDRESS_BURST: NonZeroU32 = NonZeroU32::new(100).expect("not 0");
/// From so many keys on, those that have not asked lately are forgotten.
const MANY: usize = 10_000;

/// What is counted.
#[derive(Debug)]
pub struct Limits {
    tokens: DefaultKeyedRateLimiter<i64>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
}

impl Limits {
    /// Nobody has asked yet.
    pub fn new() -> Self {
        let per_second = |often, burst| Quota::per_second(often).allow_burst(burst);
        Self {
            tokens: RateLimiter::keyed(per_second(TOKEN, TOKEN_BURST)),
            addresses: RateLimiter::keyed(per_second(ADDRESS, ADDRESS_BURST)),
        }
    }

    /// A token asks.
    ///
    /// # Errors
    /// Too often: gives how many seconds to wait.
    pub fn token(&self, id: i64) -> Result<(), u64> {
        check(&self.tokens, &id)
    }

    /// Somebody without a good token asks. Who has one is not held up by neighbours behind
    /// the same address: only failures count here.
    ///
    /// # Errors
    /// Too often: gives how many seconds to wait.
    pub fn stranger(&self, address: IpAddr) -> Result<(), u64> {
        check(&self.addresses, &network(address))
    }
}

fn check<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), u64> {
    if limiter.len() > MANY {
        limiter.retain_recent();
    }
    limiter.check_key(key).map_err(|early| {
        let wait = early.wait_time_from(DefaultClock::default().now());
        wait.as_secs() + 1
    })
}

/// One who has an IPv6 address has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_and_each_network_has_its_own() {
        let limits = Limits::new();
        let refused =
            |ask: &dyn Fn() -> Result<(), u64>| (0..2000).filter_map(|_| ask().err()).max();
        assert_eq!(refused(&|| limits.token(1)), Some(1));
        assert_eq!(limits.token(2), Ok(()));
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert!(refused(&|| limits.stranger(address("2001:db8::1"))).is_some());
        assert!(limits.stranger(address("2001:db8::2")).is_err(), "the same network");
        assert_eq!(limits.stranger(address("2001:db8:0:1::1")), Ok(()));
        assert!(refused(&|| limits.stranger(address("203.0.113.1"))).is_some());
        assert!(limits.stranger(address("::ffff:203.0.113.1")).is_err(), "the same address");
    }
}
