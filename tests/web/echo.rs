//! Laravel Echo as it is, in Chromium, with a person's session: signed in by the form, let in
//! by `/broadcasting/auth` with the token of the cookie, and dropped when the session ends.

use std::process::Output;

use crate::browser::{PASSWORD, link};
use crate::channels::credentials;
use crate::node;
use crate::world::World;

#[test]
fn with_a_session() {
    let world = World::embedded();
    let (key, _) = credentials(&world);
    let server = world.first.add_server("edge-1");
    let environment = [
        ("SITE", format!("http://{}", world.first.address)),
        ("LINK", link(&world, None)),
        ("PASSWORD", PASSWORD.to_owned()),
        ("APP_KEY", key),
        ("SERVER", server.to_string()),
        ("TMPDIR", world.fleet.folder.path().display().to_string()),
    ];
    let mut command = node::command(&["--test", "subjects/session.js"], &environment);
    let Output { status, stdout, .. } = command.output().expect("node is installed");
    let said = String::from_utf8_lossy(&stdout);
    assert!(status.success(), "{said}\n{}", world.up.log());
}
