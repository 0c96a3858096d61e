//! `docs/deploy.md`, followed word for word on fresh hosts, so that the page can't rot.
//!
//! Needs root (or sudo), for the lab.

#[path = "../lab/mod.rs"]
#[expect(dead_code, reason = "shared")]
mod lab;

#[path = "../page/mod.rs"]
#[expect(dead_code, reason = "shared")]
mod page;

mod machines;
mod place;

use std::thread::sleep;
use std::time::{Duration, Instant};

use machines::Machines;
use place::Place;

/// Everything that the page has people do, in its order; beside it is only what a lab has not by
/// itself: names, an authority that is trusted, a certificate of certbot's, and what a person does
/// who reads "run it on the new server".
#[test]
fn word_for_word() {
    let machines = Machines::up();
    let mut landmarks = 0;
    for (place, commands) in place::blocks("deploy.md", &machines.words()) {
        if place == Place::On("groundcrew.local, with nginx".into()) {
            machines.be_certbot();
            machines.panel().run("systemctl stop caddy; apt-get install -qq -y nginx >/dev/null");
        }
        let said = machines.follow(&place, &commands);
        landmarks += u32::from(after(&machines, &commands, &said));
    }
    assert_eq!(landmarks, 6, "the page has other blocks now: see what is to be seen after them");
    // The new machine knows the server, and goes on with it.
    assert!(machines.successor().run(RUN).contains("completed"));
}

/// A run, to its end.
const RUN: &str = "sudo -u groundcrew groundcrew run nginx --server edge-1 --watch --json";

/// What a person would see, or do, at this place of the page, if there is anything.
fn after(machines: &Machines, commands: &str, said: &str) -> bool {
    let panel = machines.panel();
    if commands.contains("caddy ./groundcrew_") {
        let units = panel.run("systemctl list-units --plain --no-legend 'groundcrew*'; systemctl is-enabled groundcrew.target || true");
        assert_eq!(units, "disabled", "nothing is started unasked");
    } else if commands.contains("reload-or-restart caddy") {
        machines.trust_caddy();
    } else if commands.contains("user link") {
        let link = said.lines().map(str::trim).find(|line| line.starts_with("https://"));
        let link = link.unwrap_or_else(|| panic!("a link: {said}"));
        let page = panel.run(&format!("curl -fsS {link}"));
        assert!(page.contains("<html"), "{page}");
    } else if commands.contains("server add edge-1") {
        let line = said.lines().find(|line| line.starts_with("curl "));
        machines.edge().run(line.unwrap_or_else(|| panic!("a line: {said}")));
        let start = Instant::now();
        let server = "sudo -u groundcrew groundcrew server show edge-1 --json";
        loop {
            let server: serde_json::Value = serde_json::from_str(&panel.run(server)).expect("JSON");
            match server["provision_status"].as_str() {
                Some("completed") => break,
                Some("failed") => panic!("{server:#}"),
                _ => assert!(start.elapsed() < lab::LONG, "never completed: {server:#}"),
            }
            sleep(Duration::from_millis(200));
        }
        machines.edge().run("systemctl is-active nginx");
    } else if commands.contains("rm worker.env key") {
        let workers = panel.run("sudo -u groundcrew groundcrew workers list --json");
        let workers: Vec<serde_json::Value> = serde_json::from_str(&workers).expect("JSON");
        let hosts: std::collections::BTreeSet<_> =
            workers.iter().filter_map(|worker| worker["host"].as_str()).collect();
        assert_eq!(hosts.len(), 2, "workers of both machines: {workers:?}");
        panel.run("systemctl stop groundcrew-worker@1");
        assert!(panel.run(RUN).contains("completed"), "the second machine's worker does it");
        // What was enabled is there after a boot.
        panel.lab("reboot", &[]);
        panel.wait_for("sudo -u groundcrew groundcrew doctor");
    } else if commands.contains("systemctl reload nginx") {
        panel.run("sudo -u groundcrew groundcrew doctor");
    } else {
        return false;
    }
    true
}
