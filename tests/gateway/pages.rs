//! A hundred pages, which pusher-js keeps open: each fetches whenever it is told that its server
//! changed. So what counts is when each was told first after its server's last change.

use serde_json::json;

use crate::changes::now;
use crate::node::Script;

/// So many pages are open.
pub const PAGES: usize = 100;

pub struct Pages(Script);

impl Pages {
    /// All are subscribed, and were told to fetch once. They come through this port.
    pub fn open(environment: &[(&str, String)]) -> Self {
        let environment = [environment, &[("PAGES", PAGES.to_string())]].concat();
        Self(Script::start("pages.js", &environment))
    }

    /// Waits until each was told after its server's last change; gives when the last was, and how
    /// often all were told so far.
    #[track_caller]
    pub fn all_know(&mut self, last_changes: &[i64]) -> (i64, u64) {
        // As texts: they are larger than what JavaScript counts to.
        let since: Vec<_> = last_changes.iter().map(ToString::to_string).collect();
        let answer = self.0.ask(&json!({ "since": since }));
        let at = answer["at"].as_str().unwrap_or_else(|| panic!("not all know: {answer}"));
        let at = at.parse().expect("a time");
        assert!(at <= now());
        (at, answer["told"].as_u64().expect("a number"))
    }
}
