//! Shows what happens on the hosts while it happens: for people on a
//! terminal, as plain lines in a pipe, or as JSON for programs.
//!
//! [`choose`] picks the form; whoever drives the runs passes each [`Event`]
//! to it as it comes in, the events of many hosts through one another, and
//! calls [`Display::tick`] in between.

mod fleet;
mod json;
mod live;
mod output;
mod paint;
mod plain;
mod progress;
mod report;
mod sanitize;
mod terminal;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::io;
use std::time::Duration;

use console::Term;

use self::{fleet::Fleet, json::Json, live::Live, paint::Paint, plain::Plain, terminal::Terminal};
use crate::model::{Event, Plan};

pub(super) use sanitize::plain as printable;

/// How often [`Display::tick`] wants to be called.
pub const TICK: Duration = Duration::from_millis(100);

/// Shows events. An error means that they can't be shown any more; of the
/// kind [`io::ErrorKind::BrokenPipe`] it means that the reader has had enough
/// (`| head`), and is no reason to complain.
pub trait Display: Send {
    /// Shows what happened on one of the hosts.
    fn event(&mut self, event: &Event) -> io::Result<()>;

    /// Moves spinners and clocks on. To be called every [`TICK`] while events are awaited.
    fn tick(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Takes away what moves, so that a person can be asked something. A live
    /// display takes events in as before, and writes nothing until [`Display::show`].
    fn hide(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Goes on after [`Display::hide`].
    fn show(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Ends with a summary; nothing moves afterwards.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The display that fits: JSON where it is asked for, a live one where
/// standard output is a terminal that can move its cursor, else plain lines.
/// `plan_only` says that only the checks run (`--plan`).
pub fn choose(json: bool, hosts: &[String], plan: &Plan, plan_only: bool) -> Box<dyn Display> {
    if json {
        return Box::new(Json::new());
    }
    let paint = Paint::new(console::colors_enabled());
    let dumb = std::env::var("TERM").map_or(true, |term| term == "dumb");
    if !Term::stdout().is_term() || dumb {
        return Box::new(Plain::new(Box::new(io::stdout()), paint, hosts, plan, plan_only));
    }
    match hosts {
        [host] => Box::new(Terminal::new(Live::stdout(), paint, host, plan, plan_only)),
        _ => Box::new(Fleet::new(Live::stdout(), paint, hosts, plan, plan_only)),
    }
}
