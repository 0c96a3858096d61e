//! The first journey: a person signs in, adds a server, runs the one line on it, and sees each step
//! the moment it happens, on three screens, without a reload and without a poll. Promises 2 and 7.

use std::time::Instant;

use serde_json::{Value, json};

use crate::chromium::{Chromium, Tab, phone};
use crate::lab::Lab;
use crate::site::{Site, added, run_line, welcomed};

/// What a page that polls would wait between two requests, in seconds.
const POLL: f64 = 2.0;

/// Keeps in the page what each step was seen as, and a mark that a reload would take away.
const WATCH: &str = "await page.evaluate(() => {
    window.mark = 'the same page';
    window.seen = {};
    const look = () => {
        for (const item of document.querySelectorAll('section[aria-label=Steps] > ol > li')) {
            const text = item.querySelector('.leading-\\\\[22px\\\\]')?.textContent ?? '';
            const [, status, name] = /^(\\w+): (.*)$/.exec(text) ?? [];
            const seen = (window.seen[name] ??= []);
            if (status && seen.at(-1) !== status) seen.push(status);
        }
    };
    look();
    new MutationObserver(look).observe(document.body, {
        subtree: true, childList: true, characterData: true,
    });
})";

#[test]
fn from_the_link_to_a_server_that_is_ready() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let site = Site::embedded(&lab);
    let chromium = Chromium::start(site.fleet.folder.path());
    let first = chromium.tab("first", json!({}));
    welcomed(&first, &site.link());
    let line = added(&first, &host);
    // The line is still there after a reload: only its hash is kept here.
    first.does("await page.reload()");
    assert_eq!(crate::site::line(&first), line);
    let second = chromium.tab("second", json!({ "like": "first" }));
    let small = chromium.tab("phone", {
        let mut options = phone();
        options["like"] = json!("first");
        options
    });
    let tabs = [&first, &second, &small];
    for tab in &tabs[1..] {
        let address = format!("{}/servers/1/provisioning", site.address);
        tab.does(&format!("await page.goto({address:?})"));
    }
    for tab in tabs {
        tab.sees("Live");
        tab.does(WATCH);
        tab.does("tab.asked.length = 0; tab.heard.length = 0");
    }
    let begun = Instant::now();
    let mut running = run_line(&host, &line);

    // In the middle of the second job: what a person does now must survive what comes.
    host.wait_for("[ -e /root/reached ]");
    for tab in tabs {
        tab.sees("Doing something big");
    }
    for tab in [&first, &small] {
        touched(tab);
    }
    let before: Vec<Value> = [&first, &small].map(state).into();
    host.run("touch /root/go");
    for tab in tabs {
        tab.does(
            "await page.waitForFunction(() => Object.values(window.seen).every((seen) => \
                seen.at(-1) === 'Completed'))",
        );
    }
    let after: Vec<Value> = [&first, &small].map(state).into();
    assert_eq!(after, before, "scroll position, open panel and selection survive");
    assert!(running.wait().expect("the line's end").success());
    for tab in tabs {
        let seen = tab.does("return page.evaluate(() => window.seen)");
        let seen = seen.as_object().expect("steps");
        assert_eq!(seen.len(), 6, "{seen:?}");
        for (name, statuses) in seen {
            assert_eq!(statuses, &json!(["Pending", "Installing", "Completed"]), "{name}");
        }
    }
    let took = begun.elapsed().as_secs_f64();

    for (tab, name) in tabs.iter().zip(["first", "second", "phone"]) {
        tab.is_at("/servers/1");
        assert_eq!(tab.does("return page.evaluate(() => window.mark)"), "the same page");
        tab.nothing_is_wrong();
        counted(tab, name, took);
    }
    host.run("grep -qx 'hello from the page' /var/lib/groundcrew/runs/*/attempt-1/out");
}

/// Scrolls page and output, opens what is closed, and selects a line.
fn touched(tab: &Tab<'_>) {
    tab.does(
        "await page.getByRole('button', { name: /Something small/ }).click();
         await page.getByText(/^line \\d+ of something big/).first().waitFor();
         const log = page.getByRole('log');
         await log.hover();
         await page.mouse.wheel(0, -400);
         await page.waitForFunction(() => {
             const log = document.querySelector('[role=log]');
             return log.scrollHeight - log.scrollTop - log.clientHeight > 100;
         });
         await page.evaluate(() => {
             const log = document.querySelector('[role=log]');
             const middle = log.getBoundingClientRect().top + log.clientHeight / 2;
             const rows = [...log.querySelectorAll('[data-index]')];
             const row = rows.find((row) => row.getBoundingClientRect().top > middle);
             getSelection().selectAllChildren(row);
             scrollTo(0, 40);
         });
         await page.waitForTimeout(300)",
    );
}

/// What must be the same after an update.
fn state(tab: &Tab<'_>) -> Value {
    tab.does(
        "return page.evaluate(() => ({
             selected: String(getSelection()),
             output: document.querySelector('[role=log]').scrollTop,
             page: scrollY,
             open: [...document.querySelectorAll('[aria-expanded=true]')]
                 .filter((button) => button.textContent.includes('small')).length,
         }))",
    )
}

/// What the tab has asked for: nothing but what follows a notification.
fn counted(tab: &Tab<'_>, name: &str, took: f64) {
    let asked = tab.does("return tab.asked");
    let asked: Vec<&str> =
        asked.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let heard =
        tab.does("return tab.heard.filter(({ event }) => event.includes('Provision')).length");
    let heard = heard.as_u64().expect("a number") as usize;
    let is_fetch = |text: &str| text.ends_with(" server") || text.ends_with(" server,runs");
    let fetches = asked.iter().filter(|text| is_fetch(text)).count();
    let output = asked.iter().filter(|text| text.contains("/output")).count();
    let others: Vec<_> = asked
        .iter()
        .filter(|text| !is_fetch(text) && !text.contains("/output"))
        // To listen, and what the page needs that it goes on to.
        .filter(|text| !text.contains("/broadcasting/auth") && !text.contains("/build/"))
        .collect();
    println!(
        "{name}: in {took:.1} s {heard} notifications and {fetches} fetches of the server, {output} of \
         output; a poll every {POLL} s would have made {:.0}",
        took / POLL
    );
    assert!(fetches <= heard, "{fetches} fetches, {heard} notifications: {asked:?}");
    assert_eq!(others, [&"GET /servers/1"], "{asked:?}");
}
