//! Live output: tells who listens what a run wrote, once it is stored. Nothing waits for that: what
//! can't be said as fast as it comes is said shorter, without its text, and pages fetch it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::Instrument;

use crate::bus::{Bus, MOST_TEXT, RunOutput};
use crate::model::OutputEnds;

/// Between two messages of a run: ten a second.
const MOMENT: Duration = Duration::from_millis(100);
/// Where the bus is away, it is tried again so often.
const AGAIN: Duration = Duration::from_secs(1);

/// Tells of the output of one run. What waits when it is dropped is still said, if it can be.
#[derive(Debug)]
pub(super) struct Live(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    unsaid: Mutex<Unsaid>,
    /// Something waits, or it is over.
    wake: Notify,
}

/// What is to be said, at most one message a step: so little is kept, however long the bus is away.
#[derive(Debug)]
struct Unsaid {
    run: String,
    ends: OutputEnds,
    messages: VecDeque<RunOutput>,
    over: bool,
}

impl Live {
    /// Of a run whose output ends here so far. That is said, too: who had the run before may have
    /// stored something and died before it was said.
    pub(super) fn of(run: &str, ends: OutputEnds, bus: Bus) -> Self {
        let live = Self(Arc::new(Shared {
            unsaid: Mutex::new(Unsaid::after(run, ends)),
            wake: Notify::new(),
        }));
        tokio::spawn(say(live.0.clone(), bus).in_current_span());
        live
    }

    /// The step wrote this, and it is stored. Never waits.
    pub(super) fn stored(&self, step: i64, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.0.unsaid().add(step, bytes);
            self.0.wake.notify_one();
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.unsaid().over = true;
        self.0.wake.notify_one();
    }
}

impl Shared {
    fn unsaid(&self) -> MutexGuard<'_, Unsaid> {
        self.unsaid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next to be said, and whether nothing comes after what waits.
    fn next(&self) -> (Option<RunOutput>, bool) {
        let mut unsaid = self.unsaid();
        (unsaid.messages.pop_front(), unsaid.over)
    }
}

async fn say(shared: Arc<Shared>, bus: Bus) {
    loop {
        let (message, over) = shared.next();
        let Some(message) = message else {
            if over {
                return;
            }
            shared.wake.notified().await;
            continue;
        };
        let begun = Instant::now();
        match bus.tell_output(&message).await {
            Ok(()) => sleep_until(begun + MOMENT).await,
            // The end of the run is announced, and pages fetch.
            Err(_) if over => return,
            Err(error) => {
                let error = anyhow::Error::new(error);
                tracing::debug!("output is not told yet: {error:#}");
                shared.unsaid().keep(message);
                sleep(AGAIN).await;
            }
        }
    }
}

impl Unsaid {
    fn after(run: &str, ends: OutputEnds) -> Self {
        let messages = RunOutput::ends(run, &ends).into();
        Self { run: run.to_owned(), ends, messages, over: false }
    }

    fn add(&mut self, step: i64, bytes: &[u8]) {
        let message = RunOutput {
            run_id: self.run.clone(),
            step,
            offset: self.ends.whole(),
            step_offset: self.ends.of(step),
            length: bytes.len() as u64,
            text: text(bytes),
        };
        self.ends.grow(step, message.length);
        match self.messages.iter_mut().find(|waiting| waiting.step == step) {
            Some(waiting) if waiting.end() == message.offset => join(waiting, message),
            // Another step wrote in between. The offsets show the gap.
            Some(waiting) => *waiting = message,
            None => self.messages.push_back(message),
        }
    }

    /// It could not be said, and its text is not kept until it can be.
    fn keep(&mut self, mut message: RunOutput) {
        message.text = None;
        match self.messages.iter_mut().find(|waiting| waiting.step == message.step) {
            Some(waiting) if waiting.offset == message.end() => {
                message.length += waiting.length;
                *waiting = message;
            }
            Some(_) => {}
            None => self.messages.push_front(message),
        }
    }
}

/// What is sent along of these bytes.
fn text(bytes: &[u8]) -> Option<String> {
    let short = Some(bytes).filter(|bytes| bytes.len() <= MOST_TEXT)?;
    std::str::from_utf8(short).ok().map(str::to_owned)
}

fn join(message: &mut RunOutput, next: RunOutput) {
    message.length += next.length;
    let whole = message.text.take().zip(next.text);
    message.text = whole
        .filter(|(text, next)| text.len() + next.len() <= MOST_TEXT)
        .map(|(text, next)| text + &next);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsaid(ends: &[(i64, u64)]) -> Unsaid {
        Unsaid::after("run", OutputEnds(ends.iter().copied().collect()))
    }

    /// Step, offsets, length and text of what waits.
    fn waiting(unsaid: &Unsaid) -> Vec<(i64, u64, u64, u64, Option<&str>)> {
        let messages = unsaid.messages.iter();
        let shown = messages
            .map(|one| (one.step, one.offset, one.step_offset, one.length, one.text.as_deref()));
        shown.collect()
    }

    #[test]
    fn what_comes_together_is_one_message_a_step() {
        let mut unsaid = unsaid(&[]);
        unsaid.add(1, "aé".as_bytes());
        unsaid.add(1, b"b\n");
        unsaid.add(2, b"c");
        assert_eq!(waiting(&unsaid), [(1, 0, 0, 5, Some("aéb\n")), (2, 5, 0, 1, Some("c"))]);
    }

    #[test]
    fn what_is_too_much_or_no_text_is_said_without() {
        let mut unsaid = unsaid(&[(1, 7)]);
        unsaid.add(1, &[b'x'; MOST_TEXT]);
        assert_eq!(waiting(&unsaid)[0].4.map(str::len), Some(MOST_TEXT));
        unsaid.add(1, b"y");
        unsaid.add(2, b"\xff");
        let all = MOST_TEXT as u64 + 1;
        assert_eq!(waiting(&unsaid), [(1, 7, 7, all, None), (2, 7 + all, 0, 1, None)]);
    }

    #[test]
    fn who_takes_over_says_where_it_stands() {
        let mut unsaid = unsaid(&[(1, 3), (2, 4)]);
        assert_eq!(waiting(&unsaid), [(1, 7, 3, 0, Some("")), (2, 7, 4, 0, Some(""))]);
        unsaid.add(2, b"more");
        assert_eq!(waiting(&unsaid)[1], (2, 7, 4, 4, Some("more")));
    }

    /// Promise 7: what is lost shows as a gap, and something comes after it.
    #[test]
    fn what_could_not_be_said_is_said_later_without_its_text() {
        let mut unsaid = unsaid(&[]);
        let first = |unsaid: &mut Unsaid| unsaid.messages.pop_front().expect("one waits");
        unsaid.add(1, b"one");
        let lost = first(&mut unsaid);
        unsaid.keep(lost);
        assert_eq!(waiting(&unsaid), [(1, 0, 0, 3, None)]);
        let lost = first(&mut unsaid);
        unsaid.add(1, b"two");
        unsaid.keep(lost);
        assert_eq!(waiting(&unsaid), [(1, 0, 0, 6, None)]);
        let lost = first(&mut unsaid);
        unsaid.add(2, b"other");
        unsaid.add(1, b"three");
        unsaid.keep(lost);
        assert_eq!(waiting(&unsaid), [(2, 6, 0, 5, Some("other")), (1, 11, 6, 5, Some("three"))]);
    }

    #[test]
    fn little_is_kept() {
        let mut unsaid = unsaid(&[]);
        for step in 0..1000 {
            unsaid.add(step % 3, &[b'x'; 5000]);
        }
        assert_eq!(unsaid.messages.len(), 3);
    }
}
