//! Promise 7, under systemd: web and gateway are restarted again and again while pages are open,
//! programs ask the API, a server joins by callbacks and runs go on. No request is refused or
//! fails, and in the end no page is stale.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::lab::wait_until;
use crate::node::Script;
use crate::panel::{Panel, SERVERS};

/// Operators were promised 10 s.
const EVERY: Duration = Duration::from_secs(2);
const RESTARTS: usize = 5;
const PAGES: usize = 40;
/// Of nobody.
const HOST_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEq4HmRnT9m0MSq+mmEgBrIFRUGhqjBjpHE9GlyD2u7k";

/// Prints for some seconds.
const TICKS: &str = "title = \"Ticks\"\n[[steps]]\nname = \"ticks\"\ntitle = \"Ticking\"\n\
    check = '[ -e /root/ticked ]'\n\
    run = 'for i in $(seq 30); do echo $i; sleep 0.3; done; touch /root/ticked'";

#[test]
fn no_request_is_refused_and_no_page_is_stale() {
    let panel = Panel::take();
    let address = panel.host().address;
    for (role, port) in [("web", 8080), ("gateway", 8081)] {
        // As for a proxy on another machine.
        let listen = format!("[Socket]\nListenStream=\nListenStream={address}:{port}");
        panel.edit(&format!("groundcrew-{role}.socket"), &listen);
        panel.set(&format!(
            "{}=http://{address}:{port}",
            if role == "web" { "GROUNDCREW_URL" } else { "GROUNDCREW_GATEWAY" }
        ));
    }
    panel.set("GROUNDCREW_ALLOW_LOCAL=true");
    panel.job("ticks", TICKS);
    panel.start("groundcrew.target");
    panel.add_servers();
    let token = panel.ask("token create tests --scope read,write");
    let client = Client {
        address: format!("{address}:8080"),
        token: token["token"].as_str().expect("a token").to_owned(),
    };
    let servers: Vec<i64> = (1..=SERVERS.count() as i64).collect();
    let mut pages = Script::start("open_pages.js", &environment(&panel, &client, &servers));
    panel.all(SERVERS.map(|server| format!("run ticks --server edge-{server}")));

    let is_over = AtomicBool::new(false);
    let (asked, slowest, joined) = thread::scope(|scope| {
        let asks = scope.spawn(|| asks(&client, &is_over));
        let joins = scope.spawn(|| joins(&panel));
        for _ in 0..RESTARTS {
            panel.host().run("systemctl restart groundcrew-web groundcrew-gateway");
            thread::sleep(EVERY);
        }
        is_over.store(true, Ordering::Relaxed);
        let (asked, slowest) = asks.join().expect("each request is answered");
        (asked, slowest, joins.join().expect("the server joins"))
    });
    assert!(!joined.contains("does not answer"), "a callback was refused: {joined}");
    assert!(asked > 0, "somebody asked meanwhile");
    // Workers were not restarted: each run goes to its end, and its pages with it.
    wait_until("the runs end", || {
        let runs = panel.ask("runs list");
        let runs = runs.as_array().expect("runs");
        assert!(runs.iter().all(|run| run["status"] != "failed"), "{runs:#?}");
        runs.len() >= servers.len() && runs.iter().all(|run| run["status"] == "completed")
    });
    let show = |server: &i64| client.get(&format!("/servers/{server}")).is(200)["revision"].clone();
    let shown = pages.ask(&json!({ "revisions": servers.iter().map(show).collect::<Vec<_>>() }));
    assert_eq!(shown["failed"], json!([]), "{shown}\n{}", panel.journal());
    println!(
        "{RESTARTS} restarts: {asked} requests, the slowest {slowest:.1?}; {PAGES} pages: {shown}"
    );
    // There is no proxy in front that has TLS.
    let findings = panel.groundcrew("doctor --json || :");
    let findings: Vec<Value> = serde_json::from_str(&findings).expect("JSON");
    let wrong = findings.iter().filter(|finding| !finding["problem"].is_null());
    let wrong: Vec<_> = wrong.filter_map(|finding| finding["check"].as_str()).collect();
    assert_eq!(wrong, ["TLS"]);
}

/// Adds and removes a server, each request on a connection of its own, until it is over.
fn asks(client: &Client, is_over: &AtomicBool) -> (usize, Duration) {
    let (mut asked, mut slowest) = (0, Duration::ZERO);
    while !is_over.load(Ordering::Relaxed) {
        let new =
            json!({ "name": format!("new-{asked}"), "host": "192.0.2.1", "host_key": HOST_KEY });
        let began = Instant::now();
        let id = client.post("/servers", new).is(201)["id"].clone();
        slowest = slowest.max(began.elapsed());
        let began = Instant::now();
        assert_eq!(client.delete(&format!("/servers/{id}")).status, 204);
        slowest = slowest.max(began.elapsed());
        asked += 2;
    }
    (asked, slowest)
}

/// One of the servers joins a second time, under another name, by its one line. Gives what that said.
fn joins(panel: &Panel) -> String {
    let server = panel.server(*SERVERS.start());
    let added = panel.ask(&format!("server add by-line {} --join", server.address));
    let line = added["line"]["curl"].as_str().expect("a line").to_owned();
    let said = server.run(&format!("{line} 2>&1"));
    let mut stands = Value::Null;
    crate::lab::wait_until("it has joined", || {
        stands = panel.ask("server show by-line");
        stands["provision_status"] == "completed"
    });
    said
}

fn environment(panel: &Panel, client: &Client, servers: &[i64]) -> Vec<(&'static str, String)> {
    let app = panel.ask("gateway credentials");
    let text = |name: &str| app[name].as_str().expect("a text").to_owned();
    vec![
        ("GATEWAY_HOST", panel.host().address),
        ("GATEWAY_PORTS", "8081".to_owned()),
        ("GROUNDCREW_APP_ID", text("app_id")),
        ("GROUNDCREW_APP_KEY", text("app_key")),
        ("GROUNDCREW_APP_SECRET", text("app_secret")),
        ("SERVERS", servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
        ("SITE", format!("http://{}", client.address)),
        ("TOKEN", client.token.clone()),
        ("PAGES", PAGES.to_string()),
    ]
}
