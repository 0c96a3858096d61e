//! The one line of a server that joins by the script. Its token is kept as a hash only (promise 8),
//! and a page must show it for as long as a person needs to copy it, also after a reload. So the
//! browser for which it was made keeps it, encrypted for the session, until the line has expired.

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::sent::Sent;
use crate::join::{LINE_LASTS, OneLine};
use crate::model::{LiveLine, Server};
use crate::vault::Place;
use crate::web::api::Problem;
use crate::web::{Site, session};

/// Has the browser keep the line that was just made.
pub fn kept(sent: Sent, site: &Site, user: i64, server: &Server, line: &OneLine) -> Sent {
    let row = row(user, server.id);
    let sealed = site.installation.vault.seal(place(&row), line.token().as_bytes());
    let text = URL_SAFE_NO_PAD.encode(sealed);
    let lasts = LINE_LASTS.as_secs();
    let cookie: HeaderValue = session::set(site, &name(server.id), &text, lasts, "; HttpOnly");
    sent.keep(cookie)
}

/// The line that the browser has, if it is still good.
///
/// # Errors
/// Those of the store.
pub async fn of(
    site: &Site,
    headers: &HeaderMap,
    user: i64,
    server: i64,
    join: &LiveLine,
) -> Result<Option<OneLine>, Problem> {
    let row = row(user, server);
    let token = session::cookie(headers, &name(server))
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .and_then(|sealed| site.installation.vault.open(place(&row), &sealed).ok())
        .and_then(|token| String::from_utf8(token.to_vec()).ok());
    let Some(token) = token else { return Ok(None) };
    let mut line = site.installation.line_of(&site.jobs.now(), server, &token).await?;
    if let Some(line) = &mut line {
        line.expires_at = join.expires_at;
    }
    Ok(line)
}

fn name(server: i64) -> String {
    format!("groundcrew_line_{server}")
}

fn row(user: i64, server: i64) -> String {
    format!("{user}/{server}")
}

fn place(row: &str) -> Place<'_> {
    Place("cookie", row, "line")
}
