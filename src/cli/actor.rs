//! Who types a command, for the audit log.

use crate::model::Actor;

/// As `cli root`. A name of the environment's: whoever can type here has the machine's
/// database anyway, so this is a note and no proof.
pub fn actor() -> Actor {
    let user = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| {
        std::env::var(name).ok().filter(|user| !user.is_empty() && user.len() <= 64)
    });
    let user = user.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
    Actor { user_id: None, name: format!("cli {user}"), address: None }
}
