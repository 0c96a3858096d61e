//! A step fails: the page shows the cause, the end of the output and what to do; retry goes on from
//! there.

use serde_json::json;

use crate::chromium::Chromium;
use crate::lab::Lab;
use crate::site::{Site, added, run_line, welcomed};

#[test]
fn the_cause_and_the_way_on() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let site = Site::embedded(&lab);
    let chromium = Chromium::start(site.fleet.folder.path());
    let tab = chromium.tab("page", json!({}));
    welcomed(&tab, &site.link());
    let line = added(&tab, &host);
    host.run("touch /root/go /root/fail");
    let mut running = run_line(&host, &line);
    tab.does("await page.getByText(/Install Something big failed/).waitFor()");
    assert!(running.wait().expect("the line's end").success());
    tab.sees("The disk of this host makes a strange noise. Look at it.");
    tab.sees("Then retry: what is in place stays.");
    // The end of what it has written is seen without a click.
    tab.does("await page.getByRole('log').getByText('and on it goes').waitFor()");
    tab.is_accessible();

    host.run("rm /root/fail");
    tab.does("await page.getByRole('button', { name: /^Retry from step/ }).click()");
    tab.is_at("/servers/1");
    host.run("[ -e /root/big ] && [ -e /root/greeted ]");
    let run = tab.does(
        "await page.getByRole('link', { name: /big/ }).first().click();
         await page.waitForURL(/\\/runs\\//);
         return new URL(page.url()).pathname.split('/')[2]",
    );
    let run = site.fleet.run(run.as_str().expect("an id"));
    assert_eq!(run["status"], "completed");
    let starts: Vec<_> =
        run["steps"].as_array().expect("steps").iter().map(|s| &s["starts"]).collect();
    assert_eq!(starts, [1, 2, 1], "what was in place was not started again: {run:#}");
    tab.nothing_is_wrong();
}
