//! How long it takes from the commit of a change to the pixel, in a browser, and how much script the
//! page loads first. What is printed is in docs/performance.md.

use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use groundcrew::config::Settings;
use groundcrew::installation::{Installation, Role, WantedServer};
use groundcrew::model::Actor;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::browser::path_in;
use crate::chromium::Chromium;
use crate::fleet::{Fleet, KEY, database};
use crate::redis::{Redis, free_port};
use crate::site::{welcomed, with_jobs};

/// So many changes are made.
const CHANGES: usize = 200;
/// The script of the first load is smaller than this, in bytes, as it is sent.
const SCRIPT: f64 = 200_000.0;
/// Slower than this it is not "the moment it happens", even here, where much else goes on. In ms.
const SLOW: f64 = 1_000.0;

/// Notes when the host key that is shown was another one, once that frame was painted.
const WATCH: &str = "await page.evaluate(() => {
    window.painted = {};
    const look = () => {
        const key = document.querySelector('[title^=\"ssh-ed25519 SHA256:\"]')?.title;
        if (!key || window.painted[key]) return;
        window.painted[key] = Infinity;
        requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => {
                window.painted[key] = performance.timeOrigin + performance.now();
            };
            port2.postMessage(null);
        });
    };
    look();
    new MutationObserver(look).observe(document.body, {
        subtree: true, childList: true, characterData: true, attributes: true,
    });
})";

#[test]
fn from_commit_to_pixel() {
    let (redis, database) = (Redis::start(), database());
    let (listen, live) =
        (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
    let fleet = with_jobs(Fleet::apart(&database, &redis.url))
        .with("GROUNDCREW_URL", &format!("http://{listen}"))
        .with("GROUNDCREW_GATEWAY", &format!("http://{live}"));
    let mut web = fleet.start(&["web", "--listen", &listen]);
    let mut gateway = fleet.start(&["gateway", "--listen", &live]);
    web.wait_for("listening");
    gateway.wait_for("listening");
    let chromium = Chromium::start(fleet.folder.path());
    let tab = chromium.tab("page", json!({}));
    welcomed(&tab, &format!("http://{listen}{}", path_in(&fleet.ok(&["user", "link"]))));
    let runtime = Runtime::new().expect("a runtime");
    let settings = settings(&database, &redis.url, &fleet);
    let opened = runtime.block_on(Installation::open(&settings, Role::Apart));
    let (installation, _) = opened.expect("it opens");
    runtime.block_on(async {
        let by = Actor { user_id: None, name: "test".to_owned(), address: None };
        installation.add_server(&by, wanted()).await.expect("added");
    });

    // The first load, of who has nothing of it yet.
    let new = chromium.tab("new", json!({ "like": "page" }));
    new.does(&format!(
        "tab.scripts = [];
         page.on('requestfinished', (request) => {{
             if (request.url().endsWith('.js')) tab.scripts.push(request.sizes());
         }});
         await page.goto('http://{listen}/servers/1/provisioning', {{ waitUntil: 'networkidle' }})"
    ));
    new.sees("Live");
    let bytes = new.does(
        "const sizes = await Promise.all(tab.scripts);
         return sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0)",
    );
    let bytes = bytes.as_f64().expect("a number");
    println!(
        "the first load of the provisioning page has {:.0} kB of script, compressed",
        bytes / 1e3
    );
    assert!(bytes > 50_000.0 && bytes < SCRIPT, "{bytes}");

    new.does(WATCH);
    let mut took: Vec<f64> = (1..=CHANGES)
        .map(|number| {
            let key = host_key(number);
            // Not at the same moment of each frame.
            sleep(Duration::from_millis(60 + (number as u64 * 7) % 40));
            let committed = runtime.block_on(async {
                let changed = installation.store.rekey_server(1, &key).await.expect("changed");
                let committed = now();
                installation.announce(changed).await;
                committed
            });
            let shown = groundcrew::remote::host_key::fingerprint_of(&key).expect("a fingerprint");
            let painted = new.does(&format!(
                "const key = 'ssh-ed25519 {shown}';
                 const at = await page.waitForFunction(
                     (key) => Number.isFinite(window.painted[key]) && window.painted[key], key,
                     {{ polling: 5 }});
                 return at.jsonValue()"
            ));
            painted.as_f64().expect("a time") - committed
        })
        .collect();
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took[((CHANGES as f64 * share) as usize).min(CHANGES - 1)];
    println!(
        "from commit to pixel, {CHANGES} changes: p50 {:.1} ms, p99 {:.1} ms, at most {:.1} ms",
        at(0.5),
        at(0.99),
        took[CHANGES - 1]
    );
    assert!(at(0.99) < SLOW, "{took:?}");
    new.nothing_is_wrong();
}

/// A server that nobody logs in to.
fn wanted() -> WantedServer {
    WantedServer {
        user_id: 1,
        name: "edge-1".to_owned(),
        host: "192.0.2.7".to_owned(),
        ssh_port: 22,
        ssh_user: "root".to_owned(),
        host_key: host_key(0),
        private_key: None,
    }
}

/// Now, in ms, by the clock that a page has, too.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs_f64() * 1e3
}

/// One of many keys of the right form, as `ssh-ed25519 AAAA…`.
fn host_key(number: usize) -> String {
    let mut key = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
    key.extend([7; 24]);
    key.extend((number as u64).to_be_bytes());
    format!("ssh-ed25519 {}", STANDARD.encode(key))
}

/// Those of the fleet's roles.
fn settings(database: &str, redis: &str, fleet: &Fleet) -> Settings {
    Settings {
        database_url: Some(database.to_owned()),
        redis_url: Some(redis.to_owned()),
        redis_prefix: "groundcrew:".to_owned(),
        data: fleet.folder.path().to_owned(),
        key: Some(KEY.to_owned()),
        jobs: None,
        url: None,
        allow_local: true,
    }
}
