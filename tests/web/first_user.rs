//! The first start: whoever has the terminal chooses the first user's password, and nobody else.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::browser::{Browser, PASSWORD, link, path_in};
use crate::fleet::Fleet;
use crate::lab::wait_until;
use crate::process::{self, Process};
use crate::world::World;

/// Promise 8: once, for an hour, and by who has it.
#[test]
fn a_link_works_once() {
    let world = World::embedded();
    let mut browser = Browser::new(&world.first.address);
    let answer = browser.get("/");
    assert_eq!((answer.status, answer.header("location")), (303, Some("/sign-in")));
    let (first, second) = (link(&world, None), link(&world, None));
    let page = browser.get(&first);
    assert_eq!(page.status, 200);
    assert!(page.text().contains(r#""name":"admin""#), "{}", page.text());

    let answer = browser.form(&first, &[("name", " Ann "), ("password", PASSWORD)]);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/servers")));
    assert!(browser.get("/").text().contains(r#""name":"ann""#));
    for link in [&first, &second, "/welcome/guess", "/welcome/%00"] {
        let mut stranger = Browser::new(&world.first.address);
        assert_eq!(stranger.get(link).status, 404, "{link}");
        let answer = stranger.form(link, &[("name", "eve"), ("password", PASSWORD)]);
        assert_eq!(answer.status, 404, "{link}");
        assert!(stranger.cookies.is_empty());
    }
    let known = world.rows("SELECT name FROM users ORDER BY id");
    assert_eq!(known, [["ann"], ["other"]]);
}

#[test]
fn a_link_ends_after_an_hour() {
    let world = World::embedded();
    let link = link(&world, None);
    world.sql("UPDATE sign_in_links SET expires_at = expires_at - 3600000");
    let mut browser = Browser::new(&world.first.address);
    assert_eq!(browser.get(&link).status, 404);
    let body = json!({ "name": "eve", "password": PASSWORD });
    browser.json("POST", &link, &body).is_problem(404, &["groundcrew user link"]);
}

/// What is wrong is told at its field, and the link is still good.
#[test]
fn what_is_wrong_with_name_and_password() {
    let world = World::embedded();
    let mut browser = Browser::new(&world.first.address);
    let long = "x".repeat(1025);
    for (name, password, field, says) in [
        ("ann", "short", "password", "at least 12 characters"),
        ("ann", &long, "password", "at most 1024"),
        ("annofcleves1", "AnnOfCleves1", "password", "must not be the name"),
        ("", PASSWORD, "name", "is no name"),
        ("<b>ann</b>", PASSWORD, "name", "is no name"),
        ("other", PASSWORD, "name", "already"),
    ] {
        // One has but ten tries.
        let link = link(&world, None);
        let page = browser.form(&link, &[("name", name), ("password", password)]);
        assert_eq!(page.status, 422, "{name}");
        let text = page.text();
        assert!(text.contains(says), "{text}");
        assert!(!text.contains("<b>") && !text.contains(PASSWORD), "{text}");
        let body = json!({ "name": name, "password": password });
        let problem = browser.json("POST", &link, &body).is(422);
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|text| text.contains(says)), "{problem}");
    }
    assert!(browser.cookies.is_empty());
    let link = link(&world, None);
    assert_eq!(
        browser.json("POST", &link, &json!({ "name": "ann", "password": PASSWORD })).status,
        204
    );
    assert!(browser.is_signed_in());
}

/// A terminal is shown a link at each start, until one was used; a log is not.
#[test]
fn the_terminal_shows_it() {
    let fleet = Fleet::embedded();
    let start = |number: u32| {
        // The one before has gone when its lock is free.
        let lock = fleet.folder.path().join("data/lock");
        let is_free = || Command::new("flock").arg("-n").arg(&lock).arg("true").status();
        wait_until("its lock is free", || !lock.exists() || is_free().expect("flock").success());
        let up = fleet.command(&crate::fleet::UP);
        // Without what starts it elsewhere in a session of its own: the terminal is one.
        let words = up.get_args().skip_while(|word| *word != "setsid").skip(1);
        let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
        // It goes with `script`, however that ends.
        let words = format!("exec setpriv --pdeathsig KILL {}", words.join(" "));
        let mut command = process::command(&["script", "-qefc", &words, "/dev/null"]);
        let settings: Vec<_> = up.get_envs().collect();
        for (name, value) in settings {
            match value {
                Some(value) => Command::env(&mut command, name, value),
                None => command.env_remove(name),
            };
        }
        command.current_dir(&fleet.folder).env("NO_COLOR", "1").stdin(Stdio::piped());
        let mut up =
            Process::start(&mut command, &fleet.folder.path().join(format!("up-{number}")));
        let address = up.wait_for("listening address=");
        let address = address.rsplit('=').next().expect("an address").trim().to_owned();
        up.wait_for("the worker is ready");
        (up, address)
    };
    let (up, address) = start(1);
    let text = up.log();
    assert!(text.contains("Nobody can sign in yet"), "{text}");
    assert!(text.contains(&format!("http://{address}/welcome/")), "{text}");
    let first = path_in(&text);
    drop(up);

    let (up, address) = start(2);
    let second = path_in(&up.log());
    assert_ne!(first, second);
    let mut browser = Browser::new(&address);
    // The first one's hour is not over.
    assert_eq!(browser.form(&first, &[("name", "ann"), ("password", PASSWORD)]).status, 303);
    drop(up);

    let (up, _) = start(3);
    assert!(!up.log().contains("/welcome/"), "{}", up.log());
}

/// Promise 8: what goes into a file is read by others.
#[test]
fn a_log_does_not_have_it() {
    let world = World::embedded();
    let log = world.up.log();
    assert!(log.contains("nobody can sign in yet; `groundcrew user link`"), "{log}");
    assert!(!log.contains("/welcome/"), "{log}");
}
