//! A page for each server, which hears its changes; and how old each is when it comes.

use std::time::{Duration, Instant};

use anyhow::Result;
use jiff::Timestamp;
use memchr::memmem;

use crate::contender::{self, Contender};
use crate::crowd::Crowd;

pub struct Ear {
    crowd: Crowd,
    /// In ms: from the change's own time, which is the database's clock just before its commit.
    pub delays: Vec<f64>,
}

/// So many pages of the gateway.
pub fn listen(gateway: &Contender, servers: usize) -> Result<Ear> {
    let mut crowd = Crowd::new()?;
    let (ids, _) = crowd.connect(servers, gateway.address, contender::KEY)?;
    let channel = |page: usize| format!("private-servers.{}.provision", page + 1);
    crowd.subscribe(|page| gateway.ask(&ids[page], &channel(page)))?;
    Ok(Ear { crowd, delays: Vec::new() })
}

impl Ear {
    /// Hears for so long.
    pub fn hear(&mut self, time: Duration) -> Result<()> {
        let Self { crowd, delays } = self;
        let begin = Instant::now();
        while begin.elapsed() < time {
            crowd.hear(Duration::from_millis(50), |_, text| {
                if let Some(made) = made(text) {
                    let age = Timestamp::now().as_microsecond() - made.as_microsecond();
                    delays.push(age as f64 / 1000.0);
                }
            })?;
        }
        Ok(())
    }
}

/// When the change was made that a frame tells of.
fn made(text: &[u8]) -> Option<Timestamp> {
    memmem::find(text, b"ServerProvisionUpdated")?;
    let frame: serde_json::Value = serde_json::from_slice(text).ok()?;
    let data: serde_json::Value = serde_json::from_str(frame["data"].as_str()?).ok()?;
    data["timestamp"].as_str()?.parse().ok()
}
