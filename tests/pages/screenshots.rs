//! Pictures of each page for the documentation: light, dark, and on a phone. `make screenshots` has
//! them made in `docs/screenshots/`, from what real workers do on real hosts.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::chromium::{Chromium, Tab};
use crate::fleet::Fleet;
use crate::lab::Lab;
use crate::site::{Site, line, run_line, welcomed};

/// How it is looked at: name, theme, width and height.
const VIEWS: [(&str, &str, u32, u32); 3] =
    [("light", "light", 1280, 800), ("dark", "dark", 1280, 800), ("phone", "light", 390, 844)];

/// Takes a picture of what the tab shows, in each view.
fn take(tab: &Tab<'_>, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screenshots");
    fs::create_dir_all(&folder).expect("a folder");
    for (view, theme, width, height) in VIEWS {
        let picture = tab.does(&format!(
            "await page.emulateMedia({{ colorScheme: '{theme}', reducedMotion: 'reduce' }});
             await page.setViewportSize({{ width: {width}, height: {height} }});
             await page.mouse.move(0, 0);
             await page.evaluate(() => scrollTo(0, 0));
             await page.evaluate(() => document.fonts.ready);
             await page.waitForTimeout(200);
             const chromium = await page.context().newCDPSession(page);
             const {{ data }} = await chromium.send(
                 'Page.captureScreenshot', {{ format: 'webp', quality: 82 }});
             return data"
        ));
        let picture = STANDARD.decode(picture.as_str().expect("a picture")).expect("base64");
        fs::write(folder.join(format!("{name}-{view}.webp")), picture).expect("written");
    }
    tab.does("await page.setViewportSize({ width: 1280, height: 800 })");
}

#[test]
#[ignore = "writes into docs/; `make screenshots`"]
fn of_each_page() {
    let lab = Lab::up(3);
    let site = Site::of(Fleet::embedded(), &lab);
    let chromium = Chromium::start(site.fleet.folder.path());
    let tab = chromium.tab("page", json!({ "viewport": { "width": 1280, "height": 800 } }));
    let goes = |path: &str| {
        tab.does(&format!(
            "await page.goto('{}{path}'); await page.locator('main').waitFor()",
            site.address
        ));
    };
    let link = site.link();
    tab.does(&format!("await page.goto('{link}')"));
    tab.sees("Welcome to Groundcrew");
    take(&tab, "welcome");
    welcomed(&tab, &link);
    take(&tab, "servers-none");
    for (number, name) in [(1, "edge-fra-1"), (2, "edge-nbg-2"), (3, "staging")] {
        let host = lab.host(number);
        goes("/servers/new");
        tab.does(&format!(
            "await page.getByLabel('Name').fill('{name}');
             await page.getByLabel('Address').fill('{}');
             await page.getByLabel('Nginx web server').check()",
            host.address
        ));
        if number == 1 {
            take(&tab, "add-server");
        }
        tab.does("await page.getByRole('button', { name: 'Add the server' }).click()");
        tab.is_at(&format!("/servers/{number}/provisioning"));
        let line = line(&tab);
        if number == 1 {
            take(&tab, "provisioning-line");
        }
        if number == 3 {
            // So that this one fails: there is nowhere to fetch packages from.
            host.run("rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/*");
        }
        let mut running = run_line(&host, &line);
        match number {
            1 => {
                tab.does("await page.getByText('Installing Nginx web server').first().waitFor()");
                let rows = "document.querySelectorAll('[role=log] [data-index]').length";
                tab.does(&format!("await page.waitForFunction(() => {rows} > 8)"));
                take(&tab, "provisioning");
                tab.does("await page.getByText('All steps are completed').first().waitFor()");
                take(&tab, "provisioning-completed");
            }
            2 => tab.is_at("/servers/2"),
            _ => {
                tab.does("await page.getByText(/ failed/).first().waitFor()");
                take(&tab, "provisioning-failed");
            }
        }
        running.wait().expect("the line's end");
    }
    for (path, name) in [
        ("/servers", "servers"),
        ("/servers/1", "server"),
        ("/runs", "runs"),
        ("/jobs", "jobs"),
        ("/jobs/nginx", "job"),
        ("/workers", "workers"),
        ("/account", "account"),
        ("/nowhere", "problem"),
    ] {
        goes(path);
        take(&tab, name);
    }
    goes("/servers/1");
    tab.does("await page.getByRole('link', { name: /nginx/ }).first().click()");
    tab.does("await page.waitForURL(/\\/runs\\//); await page.getByRole('log').waitFor()");
    take(&tab, "run");
    let nobody = chromium.tab("nobody", json!({}));
    nobody.does(&format!("await page.goto('{}/sign-in')", site.address));
    nobody.sees("Your servers are waiting.");
    take(&nobody, "sign-in");
}
