//! Nobody is kept out: axe on each page in both themes, and the first journey with nothing but a
//! keyboard.

use serde_json::json;

use crate::chromium::{Chromium, phone};
use crate::lab::{Lab, wait_until};
use crate::site::{PASSWORD, Site, added, line, run_line, welcomed};

/// Each page, over the list of the routes themselves.
#[test]
fn axe_finds_nothing_serious() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let site = Site::embedded(&lab);
    let chromium = Chromium::start(site.fleet.folder.path());
    let tab = chromium.tab("page", json!({}));
    let link = site.link();
    tab.does(&format!("await page.goto({link:?})"));
    tab.sees("Welcome to Groundcrew");
    tab.is_accessible();
    welcomed(&tab, &link);
    tab.is_accessible();
    let line = added(&tab, &host);
    host.run("touch /root/go");
    assert!(run_line(&host, &line).wait().expect("the line's end").success());
    tab.is_at("/servers/1");
    let run = "return (await page.getByRole('link', { name: /big/ }).first().getAttribute('href'))";
    let run = tab.does(run);
    let run = run.as_str().expect("a path").trim_start_matches("/runs/").to_owned();
    let mut small = phone();
    small["like"] = json!("page");
    let small = chromium.tab("phone", small);
    let mut paths: Vec<String> = groundcrew::web::page_paths()
        .into_iter()
        .map(|path| match path.starts_with("/runs/") {
            true => path.replace("{id}", &run),
            false => path.replace("{id}", "1").replace("{name}", "big"),
        })
        .filter(|path| !path.ends_with("output.txt"))
        .collect();
    paths.extend(["/nowhere", "/servers/9"].map(str::to_owned));
    for path in paths {
        let address = format!("{}{path}", site.address);
        for tab in [&tab, &small] {
            tab.does(&format!(
                "await page.goto({address:?}); await page.locator('main').waitFor()"
            ));
            tab.is_accessible();
            let wide = tab.does(
                "return page.evaluate(() => document.documentElement.scrollWidth > innerWidth)",
            );
            assert_eq!(wide, false, "{path} scrolls sideways");
        }
    }
    let nobody = chromium.tab("nobody", json!({}));
    nobody.does(&format!("await page.goto('{}/sign-in')", site.address));
    nobody.sees("Sign in");
    nobody.is_accessible();
    for tab in [&tab, &small, &nobody] {
        tab.nothing_is_wrong();
    }
}

/// Goes on with Tab until this has the focus.
fn focus(what: &str) -> String {
    format!(
        "for (let i = 0; ; i++) {{
             const on = await page.evaluate(() => {{
                 const it = document.activeElement;
                 if (it === document.body) return '';
                 return [it.labels?.[0]?.innerText, it.innerText, it.getAttribute('aria-label')].join(' ');
             }});
             if ({what}.test(on)) break;
             if (i > 60) throw new Error('Tab never comes to ' + {what} + ', but to ' + on);
             await page.keyboard.press('Tab');
         }}"
    )
}

#[test]
fn the_first_journey_with_a_keyboard() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let site = Site::embedded(&lab);
    let chromium = Chromium::start(site.fleet.folder.path());
    let tab = chromium.tab("page", json!({}));
    let types = |what: &str, text: &str| {
        tab.does(&format!("{}; await page.keyboard.type({text:?})", focus(what)));
    };
    let presses = |what: &str, key: &str| {
        tab.does(&format!("{}; await page.keyboard.press({key:?})", focus(what)));
    };
    tab.does(&format!("await page.goto('{}')", site.link()));
    tab.sees("Welcome to Groundcrew");
    tab.does(&format!("{}; await page.keyboard.press('Control+A')", focus("/^Name/")));
    types("/^Name/", "ann");
    types("/^Password/", PASSWORD);
    presses("/^Password/", "Enter");
    tab.is_at("/servers");
    presses("/Add a server/", "Enter");
    tab.is_at("/servers/new");
    types("/^Name/", "edge-1");
    types("/^Address/", &host.address);
    presses("/Something big/", "Space");
    presses("/^ ?Add the server/", "Enter");
    tab.is_at("/servers/1/provisioning");
    let line = line(&tab);
    let mut running = run_line(&host, &line);
    host.wait_for("[ -e /root/reached ]");
    presses("/Something small/", "Enter");
    presses("/Doing something small/", "Enter");
    tab.does("await page.getByRole('log').getByText('line 1 of something small', { exact: true }).waitFor()");
    presses("/Follow/", "Enter");
    host.run("touch /root/go");
    tab.is_at("/servers/1");
    wait_until("the line has ended", || running.try_wait().expect("it").is_some());
}
