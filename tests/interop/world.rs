//! An installation with Redis, and the page's code.

use std::process::Command;

use crate::fleet::{Fleet, UP, database};
use crate::page::{self, Block};
use crate::process::{self, Process};
use crate::redis::Redis;

/// Of the installation itself.
pub const APP: [(&str, &str); 3] = [
    ("GROUNDCREW_APP_ID", "1001"),
    ("GROUNDCREW_APP_KEY", "key-of-the-tests"),
    ("GROUNDCREW_APP_SECRET", "secret-of-the-tests"),
];

pub struct World {
    // Before the folder that its log is in.
    _up: Process,
    pub fleet: Fleet,
    pub redis: Redis,
    /// As http://127.0.0.1:1234: pages, API and gateway.
    pub address: String,
}

impl World {
    /// With the page's neighbour, and a job that has the name and the parameter of the page's.
    pub fn new() -> Self {
        let (redis, database) = (Redis::start(), database());
        let fleet = Fleet::apart(&database, &redis.url);
        let apps = fleet.folder.path().join("apps.toml");
        std::fs::write(
            &apps,
            block("toml", "A Laravel application that publishes to our gateways").code,
        )
        .expect("a file");
        let fleet = APP.iter().fold(fleet, |fleet, (name, value)| fleet.with(name, value));
        let fleet = fleet.with("GROUNDCREW_APPS", apps.to_str().expect("text"));
        let head =
            "[params.app_user]\ntitle = \"User\"\ntype = \"unix_user\"\ndefault = \"deploy\"";
        fleet.job("nginx", &crate::job::with(head, &[("one", "echo \"for $APP_USER\"")]));
        let mut up = fleet.start(&UP);
        let line = up.wait_for("listening address=");
        let address = format!("http://{}", line.rsplit('=').next().expect("an address"));
        up.wait_for("the worker is ready");
        Self { _up: up, fleet, redis, address }
    }

    /// What runs a block of the page.
    pub fn command(&self, block: &Block, token: &str) -> Command {
        let by: &[&str] = match &*block.language {
            "sh" => &["bash", "-euo", "pipefail", "-c"],
            // Debian's, which has python3-redis.
            "python" => &["/usr/bin/python3", "-c"],
            // Without its first line, as `php -r` wants it.
            "php" => &["php", "-d", "display_errors=stderr", "-r"],
            other => panic!("nothing runs {other}"),
        };
        let code = block.code.strip_prefix("<?php\n").unwrap_or(&block.code);
        let mut command = process::command(&[by, &[code]].concat());
        command.env("GROUNDCREW", &self.address).env("GATEWAY", &self.address).env("TOKEN", token);
        command.env("REDIS_URL", &self.redis.url).env("no_proxy", "*");
        command
    }

    /// What a block prints; it must go well.
    #[track_caller]
    pub fn run(&self, block: &Block, token: &str) -> String {
        let output = self.command(block, token).output().expect("it starts");
        let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        assert!(output.status.success(), "{}: {out}{err}", block.heading);
        assert_eq!(err, "", "{}", block.heading);
        out.into_owned()
    }
}

/// The page's block in this language under this heading.
#[track_caller]
pub fn block(language: &str, heading: &str) -> Block {
    let mut blocks = page::blocks("interop.md").into_iter();
    let found = blocks.find(|block| block.language == language && block.heading == heading);
    found.unwrap_or_else(|| panic!("no {language} under {heading:?}"))
}
