//! What is measured of a server with a crowd that listens: how much it delivers a second, and
//! how long a message takes from its publisher to those who hear it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use memchr::memmem;
use rustix::time::{ClockId, clock_gettime};

use crate::contender::Contender;
use crate::crowd::{BROKEN, Crowd};
use crate::publisher::Publisher;

/// Publishers go on for so long.
const FOR: Duration = Duration::from_secs(5);
/// What a message says: as long as a notification of ours.
const TEXT: &str =
    "{\"server_id\":1234,\"timestamp\":\"2026-11-23T01:02:03+00:00\",\"revision\":5678}";
/// Between two messages where time is measured.
const PAUSE: Duration = Duration::from_millis(10);
/// The same with all listening.
const LONG_PAUSE: Duration = Duration::from_millis(250);

/// Messages on the way at once, by how many hear each: so many that the server always has some to
/// do, and none is so far behind that it would be dropped.
#[derive(Clone, Copy)]
pub struct Flood {
    pub publishers: usize,
    pub heard_by: u64,
    pub under_way: u64,
}

/// How it went.
pub struct Flooded {
    /// Messages delivered a second.
    pub rate: f64,
    /// How busy the thread that hears was, and the server: 1 is a whole processor.
    pub crowd: f64,
    pub server: f64,
}

/// Delivers as much as it can. `publish` sends the next message of a publisher, and says how many
/// will be heard.
pub fn flood(
    contender: &Contender,
    crowd: &mut Crowd,
    flood: Flood,
    publish: impl Fn(usize, u64, &mut Publisher, &str) -> Result<u64> + Sync,
) -> Result<Flooded> {
    let (published, delivered) = (AtomicU64::new(0), AtomicU64::new(0));
    let over = AtomicBool::new(false);
    let (begin, cpu, server) = (Instant::now(), thread_time(), contender.busy()?);
    let publish = |number: usize| -> Result<()> {
        let mut publisher = Publisher::connect(contender.address)?;
        for round in 0.. {
            if begin.elapsed() >= FOR || over.load(Ordering::Relaxed) {
                break;
            }
            let under_way = || {
                let published = published.load(Ordering::Relaxed);
                published.saturating_sub(delivered.load(Ordering::Relaxed))
            };
            while under_way() >= flood.under_way * flood.heard_by && !over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_micros(50));
            }
            published.fetch_add(publish(number, round, &mut publisher, TEXT)?, Ordering::Relaxed);
        }
        Ok(())
    };
    let publish = &publish;
    let last = thread::scope(|scope| -> Result<Instant> {
        let publishers: Vec<_> =
            (0..flood.publishers).map(|number| scope.spawn(move || publish(number))).collect();
        let heard = (|| -> Result<Instant> {
            let mut last = begin;
            loop {
                let before = delivered.load(Ordering::Relaxed);
                let mut ticks = 0;
                crowd
                    .hear(Duration::from_millis(20), |_, text| ticks += u64::from(is_tick(text)))?;
                delivered.store(before + ticks, Ordering::Relaxed);
                if ticks > 0 {
                    last = Instant::now();
                }
                let all_said = publishers.iter().all(|publisher| publisher.is_finished());
                if all_said && before + ticks >= published.load(Ordering::Relaxed) {
                    return Ok(last);
                }
                ensure!(last.elapsed() < BROKEN, "messages were lost");
            }
        })();
        // Also where hearing has failed: nobody is to wait for it.
        over.store(true, Ordering::Relaxed);
        for publisher in publishers {
            publisher.join().expect("no panic")?;
        }
        heard
    })?;
    let (delivered, published) = (delivered.into_inner(), published.into_inner());
    ensure!(delivered == published, "{published} were to be delivered, {delivered} were");
    let took = (last - begin).as_secs_f64();
    Ok(Flooded {
        rate: delivered as f64 / took,
        crowd: (thread_time() - cpu).as_secs_f64() / took,
        server: (contender.busy()? - server).as_secs_f64() / took,
    })
}

/// From a publisher that begins to ask until it is heard, in ms: of each that hears it. `channel`
/// names the next message's, and `heard_by` says by how many it is heard.
pub fn delays(
    contender: &Contender,
    crowd: &mut Crowd,
    count: usize,
    heard_by: usize,
    channel: impl Fn(usize) -> String + Sync,
) -> Result<Vec<f64>> {
    let pause = if heard_by == 1 { PAUSE } else { LONG_PAUSE };
    let mut times = Vec::with_capacity(count * heard_by);
    thread::scope(|scope| {
        let publisher = scope.spawn(|| -> Result<()> {
            let mut publisher = Publisher::connect(contender.address)?;
            for number in 0..count {
                let channel = channel(number);
                thread::sleep(pause);
                publisher.event(&channel, &now().to_string())?;
            }
            Ok(())
        });
        let begin = Instant::now();
        while times.len() < count * heard_by {
            crowd.hear(Duration::from_millis(20), |_, text| {
                if is_tick(text)
                    && let Some(sent) = number_in(text)
                {
                    times.push((now() - sent) as f64 / 1e6);
                }
            })?;
            ensure!(begin.elapsed() < BROKEN, "messages were lost, or not sent");
        }
        publisher.join().expect("no panic").context("publishing")
    })?;
    Ok(times)
}

/// Now in ns, by a clock that is the same in all threads.
pub fn now() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

/// How long this thread was busy.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn is_tick(text: &[u8]) -> bool {
    memmem::find(text, b"\"tick\"").is_some()
}

/// The data, where it is a number in a text.
fn number_in(text: &[u8]) -> Option<i64> {
    const BEFORE: &[u8] = b"\"data\":\"";
    let data = &text[memmem::find(text, BEFORE)? + BEFORE.len()..];
    let end = data.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&data[..end]).ok()?.parse().ok()
}
