//! docs/compose.md, command by command, in a clone of the project.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::engine::{Engine, said};
use crate::lab::{Host, Lab, wait_until};
use crate::page;

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

struct World {
    engine: Engine,
    /// The clone, where the commands are run.
    clone: PathBuf,
    lab: Lab,
}

impl World {
    fn new() -> Self {
        let lab = Lab::with(1, &["--suite", "trixie"]);
        let engine = Engine::start(&lab);
        // What Compose calls the project.
        let clone = lab.folder.path().join("groundcrew");
        fs::create_dir(&clone).expect("a folder");
        let copy = "git ls-files -z --cached --others --exclude-standard | tar --create --null \
             --files-from=- | tar --extract --directory \"$0\"";
        let copy = ["-c", copy, clone.to_str().expect("text")];
        said(Command::new("bash").args(copy).current_dir(PROJECT).output(), &copy);
        Self { engine, clone, lab }
    }

    /// What a script prints in the clone; it must go well.
    #[track_caller]
    fn run(&self, script: &str) -> String {
        let words = ["timeout", "300", "bash", "-euo", "pipefail", "-c", script];
        said(self.engine.command(&words).current_dir(&self.clone).output(), &words)
    }

    /// The images that no registry gives here.
    fn stand_in(&self) {
        let folder = self.lab.folder.path().join("stand_ins");
        let shown = folder.display();
        said(
            Command::new("cp")
                .args(["-r", "tests/compose/stand_ins", &shown.to_string()])
                .current_dir(PROJECT)
                .output(),
            &["cp"],
        );
        let binary = Path::new(env!("CARGO_BIN_EXE_groundcrew"));
        let strip = ["-o", &format!("{shown}/groundcrew"), binary.to_str().expect("text")];
        said(Command::new("strip").args(strip).output(), &strip);
        // What cargo says that the binary is made of.
        let made_of = fs::read_to_string(binary.with_extension("d")).expect("cargo's file");
        let files = made_of.split_whitespace().filter_map(|file| file.strip_prefix(PROJECT));
        let files: Vec<&str> = files
            .map(|file| file.trim_start_matches('/'))
            .filter(|file| !file.starts_with("target/"))
            .collect();
        assert!(files.len() > 100 && files.contains(&"jobs/nginx.toml"), "{files:?}");
        fs::write(folder.join("sources"), files.join("\n") + "\n").expect("a file");
        let pages =
            Command::new("git").args(["-C", "ui", "ls-files"]).current_dir(PROJECT).output();
        fs::write(folder.join("pages"), said(pages, &["git"])).expect("a file");
        let dist = Path::new(PROJECT).join("ui/dist").display().to_string();
        said(Command::new("cp").args(["-r", &dist, &shown.to_string()]).output(), &["cp"]);

        let build = |base: &str, target: &str, name: &str| {
            let script = format!(
                "sed 's/^FROM base/FROM {base}/' {shown}/Dockerfile >{shown}/{base} && docker build --quiet --target {target} --tag {name} --file {shown}/{base} {shown}"
            );
            self.run(&script);
        };
        self.engine.import(&self.lab.host(1), "trixie");
        self.engine.import(&Lab::up(1).host(1), "bookworm");
        build("bookworm", "debian", "debian:bookworm-slim");
        for (target, name) in [
            ("debian", "debian:trixie-slim"),
            ("rust", "rust:1.95-trixie"),
            ("node", "node:22-trixie-slim"),
            ("redis", "redis:7-alpine"),
            ("caddy", "caddy:2-alpine"),
            ("postgres", "postgres:17-alpine"),
        ] {
            build("trixie", target, name);
        }
    }

    /// What a container of this service is, as the engine says.
    fn inspect(&self, service: &str) -> Value {
        let script = format!("docker inspect $(docker compose ps --quiet {service} | head -n 1)");
        let all: Value = serde_json::from_str(&self.run(&script)).expect("JSON");
        all[0].clone()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let script = "docker compose ps --all; docker compose logs --tail 20; \
                docker inspect --format '{{.Name}} {{json .State.Health}}' $(docker ps --all --quiet)";
            let words = ["sh", "-c", script];
            if let Ok(seen) = self.engine.command(&words).current_dir(&self.clone).output() {
                eprintln!("{}", String::from_utf8_lossy(&seen.stdout));
            }
        }
    }
}

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
    world.stand_in();

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
