//! What one client, one address, or all of them may do to us.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::app::App;
use super::client::Client;
use super::pusher::Code;

/// Signatures that are wrong: so many at once from one address, and one more every so often.
const FAILURES: (u32, Duration) = (60, Duration::from_secs(1));
/// So many addresses are remembered for their failures.
const ADDRESSES: usize = 10_000;

/// So many at once, and so many a second.
pub(super) struct Bucket {
    left: f32,
    most: f32,
    a_second: f32,
    at: Instant,
}

impl Bucket {
    pub(super) fn new(most: u16, a_second: u16) -> Self {
        let most = f32::from(most);
        Self { left: most, most, a_second: f32::from(a_second), at: Instant::now() }
    }

    /// Takes one, if there is one.
    pub(super) fn take(&mut self) -> bool {
        let now = Instant::now();
        let more = now.duration_since(self.at).as_secs_f32() * self.a_second;
        self.left = (self.left + more).min(self.most);
        self.at = now;
        let has = self.left >= 1.0;
        self.left -= f32::from(u8::from(has));
        has
    }
}

/// The limits of all connections together.
pub(super) struct Limits {
    most: usize,
    most_of_address: usize,
    /// Told to clients: who hears nothing for so many seconds should ask.
    pub(super) activity_timeout: u32,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    of_address: HashMap<IpAddr, usize>,
    of_app: HashMap<String, usize>,
    failures: HashMap<IpAddr, (u32, Instant)>,
}

impl Limits {
    pub(super) fn new(most: usize, most_of_address: usize, activity_timeout: u32) -> Self {
        Self { most, most_of_address, activity_timeout, counts: Mutex::default() }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more connection of this address to this application, or why not.
    pub(super) fn admit(&self, address: IpAddr, app: &App) -> Result<(), &'static str> {
        let mut counts = self.counts();
        if counts.all >= self.most {
            return Err("this gateway has all the connections that it may have");
        }
        let of_address = counts.of_address.get(&address).copied().unwrap_or(0);
        if of_address >= self.most_of_address {
            return Err("this address has all the connections that it may have");
        }
        let of_app = counts.of_app.get(&app.id).copied().unwrap_or(0);
        if app.max_connections.is_some_and(|most| of_app >= most) {
            return Err("this application has all the connections that it may have");
        }
        counts.of_address.insert(address, of_address + 1);
        counts.of_app.insert(app.id.clone(), of_app + 1);
        counts.all += 1;
        Ok(())
    }

    /// One connection less.
    pub(super) fn release(&self, address: IpAddr, app: &App) {
        let mut counts = self.counts();
        counts.all -= 1;
        if let Some(of_app) = counts.of_app.get_mut(&app.id) {
            *of_app -= 1;
        }
        if let Some(of_address) = counts.of_address.get_mut(&address) {
            *of_address -= 1;
            if *of_address == 0 {
                counts.of_address.remove(&address);
            }
        }
    }

    /// A signature of the client was wrong. Who guesses waits.
    pub(super) fn failed(&self, client: &Client) {
        if self.is_guessing(client.address) {
            client.end(Code::OverCapacity, "too many wrong signatures; come back in a while");
        }
    }

    /// Counts a wrong signature, and says whether there were too many of late.
    pub(super) fn is_guessing(&self, address: IpAddr) -> bool {
        let mut counts = self.counts();
        let now = Instant::now();
        if counts.failures.len() >= ADDRESSES {
            let recently = FAILURES.1 * FAILURES.0;
            counts.failures.retain(|_, (_, at)| now.duration_since(*at) < recently);
        }
        let (failures, at) = counts.failures.entry(address).or_insert((0, now));
        let forgiven = now.duration_since(*at).as_secs() / FAILURES.1.as_secs();
        *failures = failures.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX)) + 1;
        *at = now;
        *failures > FAILURES.0
    }
}
