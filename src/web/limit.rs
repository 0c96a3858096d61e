//! How often one token or session may ask, one address without a good one, and how often
//! somebody may try to sign in. Each process counts for itself.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::model::Proof;

/// So often in a second, and so often at once.
struct Often(u32, u32);

/// A token or a session may ask.
const CALLER: Often = Often(100, 1000);
/// An address may show no token, or a bad one.
const STRANGER: Often = Often(5, 100);

/// One more try to sign in every so often, and so many at once: from an address, ...
const TRIES_OF_ADDRESS: (Duration, u32) = (Duration::from_secs(6), 20);
/// ... for an account, ...
const TRIES_OF_ACCOUNT: (Duration, u32) = (Duration::from_secs(30), 10);
/// ... and of what one caller is refused, so much is written down.
const REFUSALS: (Duration, u32) = (Duration::from_secs(10), 20);

/// From so many keys on, those that have not asked lately are forgotten.
const MANY: usize = 10_000;

/// What is counted.
#[derive(Debug)]
pub struct Limits {
    callers: DefaultKeyedRateLimiter<Proof>,
    strangers: DefaultKeyedRateLimiter<IpAddr>,
    tries_of_address: DefaultKeyedRateLimiter<IpAddr>,
    tries_of_account: DefaultKeyedRateLimiter<String>,
    refusals: DefaultKeyedRateLimiter<Proof>,
}

impl Limits {
    /// Nobody has asked yet.
    pub fn new() -> Self {
        Self {
            callers: RateLimiter::keyed(a_second(CALLER)),
            strangers: RateLimiter::keyed(a_second(STRANGER)),
            tries_of_address: RateLimiter::keyed(every(TRIES_OF_ADDRESS)),
            tries_of_account: RateLimiter::keyed(every(TRIES_OF_ACCOUNT)),
            refusals: RateLimiter::keyed(every(REFUSALS)),
        }
    }

    /// A token or a session asks.
    ///
    /// # Errors
    /// Too often: gives how many seconds to wait.
    pub fn caller(&self, proof: Proof) -> Result<(), u64> {
        check(&self.callers, &proof)
    }

    /// Somebody without a good token asks. Who has one is not held up by neighbours behind
    /// the same address: only failures count here.
    ///
    /// # Errors
    /// Too often: gives how many seconds to wait.
    pub fn stranger(&self, address: IpAddr) -> Result<(), u64> {
        check(&self.strangers, &network(address))
    }

    /// Somebody tries a password, or a link. Good tries count, too: whether one is good must
    /// not be learned by who has too many.
    ///
    /// # Errors
    /// Too often: gives how many seconds to wait.
    pub fn sign_in(&self, address: IpAddr, account: &str) -> Result<(), u64> {
        check(&self.tries_of_address, &network(address))?;
        // Longer than any name: not worth to be remembered.
        let account = account.trim().to_lowercase().chars().take(64).collect();
        check(&self.tries_of_account, &account)
    }

    /// Whether one more refusal is written down: who is refused a thousand times a second must
    /// not fill the audit log.
    pub fn is_worth_a_note(&self, proof: Proof) -> bool {
        check(&self.refusals, &proof).is_ok()
    }
}

fn a_second(Often(often, burst): Often) -> Quota {
    Quota::per_second(number(often)).allow_burst(number(burst))
}

fn every((period, burst): (Duration, u32)) -> Quota {
    Quota::with_period(period).expect("not 0").allow_burst(number(burst))
}

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("not 0")
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

    fn refused(ask: &dyn Fn() -> Result<(), u64>) -> Option<u64> {
        (0..2000).filter_map(|_| ask().err()).max()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn each_token_and_each_network_has_its_own() {
        let limits = Limits::new();
        assert_eq!(refused(&|| limits.caller(Proof::Token(1))), Some(1));
        assert_eq!(limits.caller(Proof::Token(2)), Ok(()));
        assert_eq!(limits.caller(Proof::Session(1)), Ok(()));
        assert!(refused(&|| limits.stranger(address("2001:db8::1"))).is_some());
        assert!(limits.stranger(address("2001:db8::2")).is_err(), "the same network");
        assert_eq!(limits.stranger(address("2001:db8:0:1::1")), Ok(()));
        assert!(refused(&|| limits.stranger(address("203.0.113.1"))).is_some());
        assert!(limits.stranger(address("::ffff:203.0.113.1")).is_err(), "the same address");
    }

    #[test]
    fn tries_count_for_the_address_and_for_the_account() {
        let limits = Limits::new();
        let here = address("203.0.113.1");
        assert!((0..10).all(|_| limits.sign_in(here, "ann").is_ok()));
        assert!(matches!(limits.sign_in(here, " ANN"), Err(wait) if (1..=31).contains(&wait)));
        assert!(limits.sign_in(address("203.0.113.2"), "ann").is_err(), "from wherever");
        let tries = (0..20).filter(|n| limits.sign_in(here, &format!("user-{n}")).is_ok());
        assert_eq!(tries.count(), 9, "the others from this address");
        assert_eq!(limits.sign_in(address("203.0.113.2"), "bob"), Ok(()));
    }
}
