//! What follows a form: another page, or the same, and what is said there once.
//!
//! What is said travels in a cookie, encrypted for the session, for the half second between two
//! requests: so it needs no place in the database, and any process may answer the second one. A part
//! of a page does not take it, since a notification may have asked for that.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::vault::Place;
use crate::web::api::Problem;
use crate::web::{Site, session};

const COOKIE: &str = "groundcrew_said";
/// Somebody whose answer took longer than this is not told.
const LASTS: u64 = 60;
/// Browsers keep no longer cookie than 4096 bytes.
const LONGEST: usize = 3500;

/// What is said once, on the next page.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Said {
    /// For people; the flash of Inertia's page.
    #[serde(flatten)]
    pub flash: Flash,
    /// What is wrong with the form's fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, String>,
}

/// What a page shows once.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Flash {
    /// What was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
    /// Why something was not done, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// A token that was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<MadeToken>,
}

#[derive(Clone, Serialize, Deserialize)]
struct MadeToken {
    name: String,
    token: String,
}

/// A form was taken. [`super::present`] makes the answer of it.
#[derive(Clone)]
pub struct Sent {
    /// Where to go on; None: where the form was.
    pub to: Option<String>,
    /// What is said there.
    pub said: Option<Said>,
    /// What the browser is to keep besides.
    pub cookies: Vec<HeaderValue>,
}

impl Sent {
    /// To another page.
    pub fn to(path: impl Into<String>) -> Self {
        Self { to: Some(path.into()), said: None, cookies: Vec::new() }
    }

    /// To the page that the form was on.
    pub fn back() -> Self {
        Self { to: None, said: None, cookies: Vec::new() }
    }

    /// Says what was done.
    pub fn notice(self, text: impl Into<String>) -> Self {
        let flash = Flash { notice: Some(text.into()), ..Flash::default() };
        Self { said: Some(Said { flash, ..Said::default() }), ..self }
    }

    /// Shows a token that was just made.
    pub fn token(self, name: &str, token: &str) -> Self {
        let made = MadeToken { name: name.to_owned(), token: token.to_owned() };
        let flash = Flash { token: Some(made), ..Flash::default() };
        Self { said: Some(Said { flash, ..Said::default() }), ..self }
    }

    /// Has the browser keep something.
    pub fn keep(mut self, cookie: HeaderValue) -> Self {
        self.cookies.push(cookie);
        self
    }
}

impl IntoResponse for Sent {
    fn into_response(self) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl Said {
    /// Why a form was not taken: at its fields, where one is to blame.
    pub fn of(problem: &Problem) -> Self {
        let mut said = Self::default();
        for (field, detail) in problem.fields() {
            said.errors.insert(field.to_owned(), detail.to_owned());
        }
        if said.errors.is_empty() {
            said.flash.problem = Some(sentence(problem.detail()));
        }
        said
    }

    /// What this session's browser was to be told, if it was to be told anything.
    pub fn take(site: &Site, session: Option<i64>, headers: &HeaderMap) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(session::cookie(headers, COOKIE)?).ok()?;
        let text = site.installation.vault.open(place(&row(session)), &sealed).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// The cookie that says it.
    pub fn cookie(&self, site: &Site, session: Option<i64>) -> HeaderValue {
        let seal = |said: &Self| {
            let text = zeroize::Zeroizing::new(serde_json::to_vec(said).expect("texts are JSON"));
            URL_SAFE_NO_PAD.encode(site.installation.vault.seal(place(&row(session)), &text))
        };
        let mut sealed = seal(self);
        if sealed.len() > LONGEST {
            let cut = |text: &String| text.chars().take(300).collect();
            let first = self.errors.iter().next().map(|(_, text)| text);
            let problem = self.flash.problem.as_ref().or(first).map(cut);
            let flash = Flash { problem, ..Flash::default() };
            sealed = seal(&Self { flash, ..Self::default() });
        }
        session::set(site, COOKIE, &sealed, LASTS, "; HttpOnly")
    }

    /// Has the browser forget it.
    pub fn no_cookie(site: &Site) -> HeaderValue {
        session::set(site, COOKIE, "", 0, "; HttpOnly")
    }
}

/// As people read it: problems begin small, for they follow on a name.
pub fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let first: String = rest.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", rest.as_str())
}

fn row(session: Option<i64>) -> String {
    session.map_or("nobody".to_owned(), |id| id.to_string())
}

fn place(row: &str) -> Place<'_> {
    Place("cookie", row, "said")
}
