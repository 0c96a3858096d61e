//! docs/compose.md, command by command, in a clone of the project.

use serde_json::Value;

use crate::lab::{Host, wait_until};
use crate::page;
use crate::stand_ins::stand_in;
use crate::world::World;

/// All that the page says under this heading, as one script.
fn commands(heading: &str) -> String {
    let blocks = page::blocks("compose.md").into_iter();
    let code: String = blocks
        .filter(|block| block.language == "sh" && block.heading == heading)
        .map(|block| block.code)
        .collect();
    assert!(!code.is_empty(), "nothing to run under {heading:?}");
    code
}

#[test]
fn the_page_can_be_followed() {
    let world = World::new();
    stand_in(&world);

    let link = world.run(&commands("Start it"));
    let link =
        link.split_whitespace().find(|word| word.starts_with("http://localhost:8080/welcome/"));
    assert!(
        world.run(&format!("curl -sS {}", link.expect("a link"))).contains("<title>Groundcrew")
    );
    is_locked_up(&world);
    gateway_is_reached(&world);

    let watched = world.run(&commands("A server to try it on"));
    assert!(watched.contains("\ntarget: 5 changed"), "{watched}");
    world.run("docker compose exec target systemctl is-active nginx");
    a_server_joins(&world, &world.lab.host(1));

    world.run(&commands("More workers"));
    wait_until("four workers are there", || {
        let workers = world.run("docker compose exec web groundcrew workers list --json");
        workers.matches("\"slots\"").count() == 4
    });
    let ends = commands("An upgrade, a backup, the end");
    let (ends, down) = ends.trim_end().rsplit_once('\n').expect("lines");
    world.run(ends);
    assert!(world.run("cat groundcrew.sql").contains("CREATE TABLE public.servers"));
    world.run(down);
    assert_eq!(world.run("docker ps --all --quiet"), "");
    assert!(world.run("docker volume ls --quiet").contains("groundcrew_postgres"));
}

/// As the page says of the roles; and of Redis.
fn is_locked_up(world: &World) {
    for role in ["web", "gateway", "worker"] {
        assert_eq!(world.inspect(role)["State"]["Health"]["Status"], "healthy", "{role}");
        let look = "exec 2>&1; id -u; grep CapBnd /proc/self/status; touch /x /usr/x /var/lib/groundcrew/x; mount";
        let seen = world.run(&format!("docker compose exec {role} sh -c '{look}'"));
        assert!(seen.contains("10001\n"), "{role}: {seen}");
        assert!(seen.contains("0000000000000000"), "{role}: {seen}");
        assert_eq!(seen.matches("Read-only file system").count(), 3, "{role}: {seen}");
        assert!(
            seen.lines().any(|line| line.starts_with("shm on /dev/shm type tmpfs (rw")),
            "{role}: {seen}"
        );
        let id = world.run(&format!("docker compose exec {role} cat /proc/1/comm"));
        assert_eq!(id.trim(), "tini", "{role}");
    }
    let policy = world.run("docker compose exec redis redis-cli config get maxmemory-policy");
    assert!(policy.contains("noeviction"), "{policy}");
    // From where servers are, neither database nor Redis is there.
    for service in ["postgres", "redis"] {
        let networks = world.inspect(service)["NetworkSettings"]["Networks"].clone();
        assert_eq!(networks.as_object().map(serde_json::Map::len), Some(1), "{networks}");
        assert!(networks["groundcrew_inside"].is_object(), "{networks}");
    }
}

/// A WebSocket of a browser's, by the same address as the pages.
fn gateway_is_reached(world: &World) {
    let key = "docker compose exec gateway groundcrew gateway credentials | sed -n 's/^GROUNDCREW_APP_KEY=//p'";
    let script = format!(
        "curl -sS --include --max-time 2 --http1.1 -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
         -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \
         --output - \"http://localhost:8080/app/$({key})?protocol=7\" 2>/dev/null || :"
    );
    let answer = world.run(&script);
    assert!(answer.contains("101 Switching Protocols"), "{answer}");
    assert!(answer.contains("pusher:connection_established"), "{answer}");
}

/// By one line that is run on it, over Caddy; a worker in its container visits it then.
fn a_server_joins(world: &World, host: &Host<'_>) {
    let address = &world.engine.address;
    let env = format!("GROUNDCREW_URL=http://{address}:8080\nGROUNDCREW_HTTP=8080\n");
    world.run(&format!("cp .env before; printf '{env}' >>.env; docker compose up --detach --wait"));
    let add = format!(
        "docker compose exec worker groundcrew server add edge-1 {} --join --json",
        host.address
    );
    let added: Value = serde_json::from_str(&world.run(&add)).expect("JSON");
    host.run(added["line"]["curl"].as_str().unwrap_or_else(|| panic!("{added}")));
    wait_until("it has joined", || {
        let shown = world.run("docker compose exec worker groundcrew server show edge-1 --json");
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        assert_ne!(shown["provision_status"], "failed", "{shown:#}");
        shown["provision_status"] == "completed"
    });
    // Caddy's word for who asks is believed: it is the server's own address.
    let log = world.run("docker compose exec web groundcrew audit --server edge-1 --json");
    assert!(log.contains(&host.address), "{log}");
    world.run("mv before .env");
}
