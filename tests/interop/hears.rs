//! A change is heard by whoever subscribes (promise 2): as Laravel would have said it.

use serde_json::Value;

use crate::lab::{Lab, wait_until};
use crate::process::{self, Process};
use crate::world::{World, block};

#[test]
fn by_redis_cli_python_php_and_laravel_echo_server() {
    let lab = Lab::up(1);
    let world = World::new();
    let folder = world.fleet.folder.path();
    let listeners = [("sh", "With redis-cli"), ("python", "With Python"), ("php", "With PHP")];
    let mut ears: Vec<(&str, Process)> = listeners
        .map(|(language, heading)| {
            let mut command = world.command(&block(language, heading), "");
            (heading, Process::start(&mut command, &folder.join(language)))
        })
        .into();

    let modules = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/node_modules/.installed");
    assert!(std::path::Path::new(modules).exists(), "not installed: run tests/interop/install");
    let settings = block("json echo-server", "With laravel-echo-server").code;
    std::fs::write(folder.join("laravel-echo-server.json"), settings).expect("its settings");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/echo_server.js");
    let mut command = process::command(&["node", script]);
    command.env("CONFIG", folder).env("REDIS_URL", &world.redis.url);
    ears.push(("With laravel-echo-server", Process::start(&mut command, &folder.join("echo"))));

    world.fleet.add("edge-1", &lab.host(1));
    for (heading, ear) in &ears {
        // Nobody says when a subscription of theirs stands.
        wait_until(heading, || {
            world.fleet.ask("nginx", "edge-1");
            let log = ear.log();
            let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let data = lines.map(|line| line.get("data").cloned().unwrap_or(line));
            data.into_iter().any(|data| data["server_id"] == 1 && data["revision"].is_i64())
        });
    }
}
