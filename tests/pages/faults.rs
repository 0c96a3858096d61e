//! Two of each role, on Postgres and Redis: the page's gateway is killed in the middle, then Redis is
//! away for 5 s. The page says so, and ends right. Promise 7.

use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::balancer::Balancer;
use crate::browser::path_in;
use crate::chromium::Chromium;
use crate::fleet::{Fleet, database};
use crate::lab::Lab;
use crate::process::Process;
use crate::redis::{Redis, free_port};
use crate::site::{added, run_line, welcomed, with_jobs};

/// So long Redis is away.
const AWAY: Duration = Duration::from_secs(5);

#[test]
fn a_gateway_is_killed_and_redis_is_away() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let gateway_of_lab = lab.verb(&["address", "gateway"]);
    let (mut redis, database) = (Redis::start(), database());
    let ports = [free_port(), free_port()];
    let balancer = Balancer::before(&ports);
    let address = format!("http://{gateway_of_lab}:8080");
    let fleet = with_jobs(Fleet::apart(&database, &redis.url))
        .with("GROUNDCREW_URL", &address)
        .with("GROUNDCREW_GATEWAY", &format!("http://127.0.0.1:{}", balancer.port))
        .with("GROUNDCREW_ALLOW_LOCAL", "true");
    let start = |words: &[&str]| -> Process {
        let mut role = fleet.start(words);
        role.wait_for(if words[0] == "worker" { "the worker is ready" } else { "listening" });
        role
    };
    // Both webs listen on the same address.
    let listen = format!("{gateway_of_lab}:8080");
    let _webs = [start(&["web", "--listen", &listen]), start(&["web", "--listen", &listen])];
    let _workers = [start(&["worker"]), start(&["worker"])];
    let mut gateways =
        ports.map(|port| start(&["gateway", "--listen", &format!("127.0.0.1:{port}")]));
    let chromium = Chromium::start(fleet.folder.path());
    let tab = chromium.tab("page", json!({}));
    let link = format!("{address}{}", path_in(&fleet.ok(&["user", "link"])));
    welcomed(&tab, &link);
    let line = added(&tab, &host);
    tab.sees("Live");
    let mut running = run_line(&host, &line);
    host.wait_for("[ -e /root/reached ]");
    tab.sees("Doing something big");

    // Whichever has the page: both, one after the other, are killed and come again.
    for (gateway, port) in gateways.iter_mut().zip(ports) {
        tab.does("tab.lines = 0; page.on('websocket', () => tab.lines++)");
        gateway.kill();
        *gateway = start(&["gateway", "--listen", &format!("127.0.0.1:{port}")]);
    }
    // One of them had it.
    tab.does("while (tab.lines === 0) await page.waitForTimeout(50)");
    tab.sees("Live");
    redis.kill();
    host.run("touch /root/go");
    sleep(AWAY);
    redis.start_again();
    tab.is_at("/servers/1");
    assert!(running.wait().expect("the line's end").success());
    tab.nothing_is_wrong();
}

/// With no gateway at all the page says that what it shows may be old, and is right when there is one.
#[test]
fn there_is_no_gateway_for_a_while() {
    let (redis, database) = (Redis::start(), database());
    let fleet = with_jobs(Fleet::apart(&database, &redis.url));
    let port = free_port();
    let listen = format!("127.0.0.1:{}", free_port());
    let fleet = fleet
        .with("GROUNDCREW_URL", &format!("http://{listen}"))
        .with("GROUNDCREW_GATEWAY", &format!("http://127.0.0.1:{port}"));
    let start = |words: &[&str]| -> Process {
        let mut role = fleet.start(words);
        role.wait_for("listening");
        role
    };
    let _web = start(&["web", "--listen", &listen]);
    let mut gateway = start(&["gateway", "--listen", &format!("127.0.0.1:{port}")]);
    let chromium = Chromium::start(fleet.folder.path());
    let tab = chromium.tab("page", json!({}));
    let link = format!("http://{listen}{}", path_in(&fleet.ok(&["user", "link"])));
    welcomed(&tab, &link);
    tab.does(
        "await page.getByRole('link', { name: 'Add a server' }).first().click();
         await page.getByLabel('Name').fill('edge-1');
         await page.getByLabel('Address').fill('192.0.2.7');
         await page.getByRole('button', { name: 'Add the server' }).click()",
    );
    tab.is_at("/servers/1/provisioning");
    tab.sees("Live");
    gateway.kill();
    tab.sees("Line is down, trying again");
    // What happens meanwhile, nobody tells the page.
    fleet.ok(&["server", "retry", "edge-1", "--json"]);
    let _gateway = start(&["gateway", "--listen", &format!("127.0.0.1:{port}")]);
    tab.sees("Live");
    tab.does("await page.waitForFunction(() => document.body.innerText.includes('kept nowhere'))");
}
