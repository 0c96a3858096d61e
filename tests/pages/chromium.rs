//! A Chromium that a test drives: `tests/clients/browser.js` does in it what Playwright is told.

use std::cell::RefCell;
use std::path::Path;

use serde_json::{Value, json};

use crate::node::Script;

pub struct Chromium(RefCell<Script>);

/// A tab in a window of its own.
pub struct Tab<'c> {
    chromium: &'c Chromium,
    name: &'static str,
    options: Value,
}

/// What phones have.
pub fn phone() -> Value {
    json!({ "viewport": { "width": 390, "height": 844 } })
}

impl Chromium {
    /// Keeps what it keeps in this folder.
    pub fn start(folder: &Path) -> Self {
        let environment = [("TMPDIR", folder.display().to_string())];
        Self(RefCell::new(Script::start("browser.js", &environment)))
    }

    /// A tab of this name, which opens with what it first does.
    pub fn tab(&self, name: &'static str, options: Value) -> Tab<'_> {
        Tab { chromium: self, name, options }
    }
}

impl Tab<'_> {
    /// Does this: the body of an asynchronous function of JavaScript, which has Playwright's `page`.
    /// Gives what it gives.
    #[track_caller]
    pub fn does(&self, what: &str) -> Value {
        let asked = json!({ "tab": self.name, "options": self.options, "do": what });
        let mut answer = self.chromium.0.borrow_mut().ask(&asked);
        let failed = &answer["failed"];
        assert!(
            failed.is_null(),
            "{}: {}\nat {}, which shows:\n{}",
            what.trim(),
            failed.as_str().unwrap_or_default(),
            answer["at"],
            answer["shown"].as_str().unwrap_or_default()
        );
        answer["is"].take()
    }

    /// Waits until this text is seen.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        self.does(&format!("await page.getByText({}).first().waitFor()", json!(text)));
    }

    /// Waits until the page is at this path.
    #[track_caller]
    pub fn is_at(&self, path: &str) {
        let path = json!(path);
        self.does(&format!("await page.waitForURL((url) => url.pathname === {path})"));
    }

    /// The browser has nothing to complain of: no error of a script, nothing that the policy refused.
    #[track_caller]
    pub fn nothing_is_wrong(&self) {
        assert_eq!(self.does("return tab.wrong"), json!([]));
    }

    /// Nobody is kept out, by axe's rules, in both themes.
    #[track_caller]
    pub fn is_accessible(&self) {
        for theme in ["light", "dark"] {
            let found = self.does(&format!(
                "await page.emulateMedia({{ colorScheme: '{theme}', reducedMotion: 'reduce' }});
                 return axe(page)"
            ));
            let address = self.does("return page.url()");
            assert_eq!(found, json!([]), "{address} ({theme})");
        }
    }
}
