//! The first start: as long as nobody can sign in, the terminal shows a link that lets the
//! first user choose a password.

use std::io::IsTerminal;

use anyhow::{Context, Result};

use super::actor::actor;
use super::print::print;
use crate::installation::Installation;

/// Shows a new link, if nobody has a password yet. Only in a terminal: what goes into a log
/// stays there, and is read by others (promise 8).
pub async fn invite(installation: &Installation, url: &str) -> Result<()> {
    if installation.store.anybody_can_sign_in().await? {
        return Ok(());
    }
    if !std::io::stdout().is_terminal() {
        tracing::info!(
            "nobody can sign in yet; `groundcrew user link` makes a link for the first user"
        );
        return Ok(());
    }
    let users = installation.store.users().await?;
    let first =
        users.first().context("the installation has no user; `groundcrew user add NAME`")?;
    let link = installation.link(&actor(), first).await?;
    print(&shown(url, &link, "Nobody can sign in yet. To choose the first user's password, open"))
}

/// A link as people see it.
pub fn shown(url: &str, link: &str, what_for: &str) -> String {
    format!("{what_for}\n\n    {url}/welcome/{link}\n\nThe link is good for an hour, and once.\n\n")
}
