//! The images that no registry gives here: stand_ins/Dockerfile makes them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use crate::engine::said;
use crate::lab::Lab;
use crate::world::{PROJECT, World};

/// Makes them all; and, as the machine has two cores, builds ours ahead: what the page's commands
/// build is in the engine's cache then.
pub fn stand_in(world: &World) {
    let folder = Folder::of(world);
    let build = |base: &str, target: &str, name: &str| folder.build(world, base, target, name);
    thread::scope(|scope| {
        scope.spawn(|| {
            world.engine.import(&Lab::up(1).host(1), "bookworm");
            build("bookworm", "debian", "debian:bookworm-slim");
            world
                .run("docker build --quiet --file deploy/compose/target.Dockerfile deploy/compose");
        });
        world.engine.import(&world.lab.host(1), "trixie");
        build("trixie", "debian", "debian:trixie-slim");
        scope.spawn(|| {
            for (target, name) in [
                ("redis", "redis:7-alpine"),
                ("caddy", "caddy:2-alpine"),
                ("postgres", "postgres:17-alpine"),
            ] {
                build("trixie", target, name);
            }
        });
        build("trixie", "rust", "rust:1.95-trixie");
        build("trixie", "node", "node:22-trixie-slim");
        world.run("docker build --quiet .");
    });
}

/// What the stand-ins are made of.
struct Folder(PathBuf);

impl Folder {
    fn of(world: &World) -> Self {
        let folder = world.lab.folder.path().join("stand_ins");
        let shown = folder.to_str().expect("text");
        let project = |words: &[&str]| {
            said(Command::new(words[0]).args(&words[1..]).current_dir(PROJECT).output(), words)
        };
        project(&["cp", "-r", "tests/compose/stand_ins", shown]);
        project(&["cp", "-r", "ui/dist", shown]);
        let binary = env!("CARGO_BIN_EXE_groundcrew");
        project(&["strip", "-o", &format!("{shown}/groundcrew"), binary]);
        // What cargo says that the binary is made of.
        let made_of = fs::read_to_string(Path::new(binary).with_extension("d"));
        let made_of = made_of.expect("cargo's file");
        let files = made_of.split_whitespace().filter_map(|file| file.strip_prefix(PROJECT));
        let files = files.map(|file| file.trim_start_matches('/'));
        let files: Vec<&str> = files.filter(|file| !file.starts_with("target/")).collect();
        assert!(files.len() > 100 && files.contains(&"jobs/nginx.toml"), "{files:?}");
        fs::write(folder.join("sources"), files.join("\n") + "\n").expect("a file");
        let pages = project(&["git", "-C", "ui", "ls-files"]);
        fs::write(folder.join("pages"), pages).expect("a file");
        Self(folder)
    }

    /// Builds one of them on this Debian.
    fn build(&self, world: &World, base: &str, target: &str, name: &str) {
        let folder = self.0.display();
        // From its standard input: others read the file at the same time.
        world.run(&format!(
            "sed 's/^FROM base/FROM {base}/' {folder}/Dockerfile | \
             docker build --quiet --target {target} --tag {name} --file - {folder}"
        ));
    }
}
