//! Runs are asked for over the API, and nowhere else (promise 1).

use crate::lab::Lab;
use crate::world::{World, block};

#[test]
fn a_run_by_curl_python_and_php() {
    let lab = Lab::up(1);
    let world = World::new();
    world.fleet.add("edge-1", &lab.host(1));
    let create = block("sh", "Ask for a run").code;
    let words: Vec<&str> = create.split_whitespace().skip(1).collect();
    let made = world.fleet.ok(&words);
    let token = made.split_whitespace().find(|word| word.starts_with("gcr_")).expect("a token");

    for (language, heading) in [("sh", "curl"), ("python", "Python"), ("php", "PHP")] {
        let said = world.run(&block(language, heading), token);
        let is_id = |word: &&str| word.len() == 36 && word.matches('-').count() == 4;
        let id =
            said.split([' ', '"', '\n']).find(is_id).unwrap_or_else(|| panic!("no run: {said}"));
        let run = world.fleet.ends(id, "completed");
        assert_eq!(run["parameters"]["app_user"], "web", "{run:#}");
    }
    let refused = world.command(&block("php", "PHP"), "gcr_wrong").output().expect("php");
    assert!(!refused.status.success(), "a wrong token is said");
}

/// What the page shows of Redis is there; and a hint for a run that nobody asked for makes none.
#[test]
fn nothing_is_asked_for_in_redis() {
    let lab = Lab::up(1);
    let world = World::new();
    world.fleet.add("edge-1", &lab.host(1));
    let looks = block("sh", "redis-cli");
    let seen = world.run(&looks, "");
    assert_eq!(seen.lines().next(), Some("0"), "{seen}");
    assert_eq!(seen.lines().last(), Some("1"), "the worker hears the wake-up: {seen}");

    let hint = r#"{"run_id":"01999999-9999-7999-8999-999999999999"}"#;
    let ask = |words: &[&str]| world.redis.ask(words);
    ask(&["hset", "groundcrew:runs:data", "01999999-0000-7000-8000-000000000000", hint]);
    let meta = ["attempts", "0", "max_attempts", "1", "status", "Pending"];
    ask(&[&["hset", "groundcrew:runs:meta:01999999-0000-7000-8000-000000000000"], &meta[..]]
        .concat());
    ask(&["rpush", "groundcrew:runs:active", "01999999-0000-7000-8000-000000000000"]);
    ask(&["publish", "groundcrew:runs:wake", ""]);
    crate::lab::wait_until("the hint was taken", || {
        ask(&["llen", "groundcrew:runs:active"]) == "0"
    });
    let run = world.fleet.ask("nginx", "edge-1");
    world.fleet.ends(&run, "completed");
    let runs = world.fleet.ok(&["runs", "list", "--json"]);
    assert_eq!(runs.matches("\"finished_at\"").count(), 1, "{runs}");
}
