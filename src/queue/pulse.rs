//! When a worker of apalis looks into the queue: at each wake-up, and five times a
//! second all the same, since a wake-up can get lost.

use std::task::{Context, Poll};
use std::time::Duration;

use apalis::prelude::{PollSnapshot, PollStrategy};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// Between two looks without a wake-up.
const EVERY: Duration = Duration::from_millis(200);
/// A look that was under way when the wake-up came may have missed the hint: one more.
const AGAIN: Duration = Duration::from_millis(10);

/// Wakes the worker.
pub(super) struct Pulse {
    wakes: mpsc::Receiver<()>,
    tick: Interval,
}

impl Pulse {
    /// With what wakes it; sending into a full channel is no loss.
    pub(super) fn new() -> (mpsc::Sender<()>, Self) {
        let (wake, wakes) = mpsc::channel(1);
        let mut tick = interval_at(Instant::now() + EVERY, EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        (wake, Self { wakes, tick })
    }
}

impl PollStrategy for Pulse {
    /// apalis drops what this returns, and looks into the queue each time it is woken.
    /// So both sources are emptied here, which leaves us registered with them: a
    /// stream that was ready would not be, and the worker would sleep until its
    /// next heartbeat.
    fn poll_drive(&mut self, cx: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        while let Poll::Ready(Some(())) = self.wakes.poll_recv(cx) {
            self.tick.reset_after(AGAIN);
        }
        while self.tick.poll_tick(cx).is_ready() {}
        Poll::Pending
    }
}
