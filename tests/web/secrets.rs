//! Promise 8: passwords, sessions, tokens of forms and links are nowhere but with who has them:
//! not in the database, not in a log, not in Redis.

use std::process::Command;

use serde_json::json;

use crate::browser::{Browser, PASSWORD, link};
use crate::fleet::{Fleet, database};
use crate::redis::Redis;
use crate::world::World;

const NEW: &str = "canary of the new password";

#[test]
fn canaries_are_not_found() {
    let (redis, database) = (Redis::start(), database());
    let monitor = redis.monitor();
    let fleet = Fleet::apart(&database, &redis.url).with("GROUNDCREW_LOG", "debug,sqlx=debug");
    let world = World::of(fleet, &database);
    let used = link(&world, None);
    let mut ann = Browser::new(&world.first.address);
    assert_eq!(ann.form(&used, &[("name", "ann"), ("password", PASSWORD)]).status, 303);
    let open = link(&world, None);
    let mut secrets: Vec<String> = vec![PASSWORD.to_owned(), NEW.to_owned()];
    secrets.extend([&used, &open].map(|link| link.trim_start_matches("/welcome/").to_owned()));
    secrets.extend([ann.session().to_owned(), ann.token()]);
    let made = ann.json("POST", "/api/v1/tokens", &json!({ "name": "ci", "scopes": ["read"] }));
    secrets.push(made.is(201)["token"].as_str().expect("a token")[4..].to_owned());
    let fields = [("current", PASSWORD), ("password", NEW)];
    assert_eq!(ann.form_with_token("/account/password", &fields).status, 303);
    secrets.push(ann.session().to_owned());
    ann.sign_in("ann", "canary of a wrong password");
    secrets.push("canary of a wrong".to_owned());
    ann.sign_in("canary of a name that is a password", "x");
    secrets.push("canary of a name".to_owned());
    world.first.add_server("edge-1");

    let dump = Command::new("pg_dump").arg(&database).output().expect("pg_dump");
    let said = String::from_utf8_lossy(&dump.stderr);
    assert!(dump.status.success(), "{said}");
    let dump = String::from_utf8_lossy(&dump.stdout).into_owned();
    assert!(dump.contains("argon2id") && dump.contains("edge-1"), "the dump has what is kept");
    let (log, redis) = (world.up.log(), monitor.log());
    assert!(redis.lines().count() > 5, "{redis}");
    for (place, text) in [("SQL", dump), ("the log", log), ("Redis", redis)] {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} is in {place}");
        }
    }
}
