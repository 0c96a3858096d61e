//! An installation that browsers and a lab's hosts reach, with jobs whose steps wait to be told.

use std::process::Child;

use crate::browser::path_in;
use crate::chromium::Tab;
use crate::fleet::Fleet;
use crate::lab::{Host, Lab};
use crate::process::Process;

pub const PASSWORD: &str = "correct horse battery staple";

/// Two jobs. The second one's step `slow` prints much, waits for `/root/go`, and prints again.
const FIRST: &str = r#"
title = "Something small"

[[steps]]
name = "small"
title = "Doing something small"
check = "[ -e /root/small ]"
run = "echo a small thing; touch /root/small"
"#;
const SECOND: &str = r#"
title = "Something big"
description = "Takes its time, and says so."
needs = ["small"]

[params.greeting]
title = "What it says at the end"
type = "string"
default = "all is well"

[[steps]]
name = "slow"
title = "Doing something big"
check = "[ -e /root/big ]"
run = '''
i=0; while [ $i -lt 300 ]; do i=$((i + 1)); echo "line $i of something big"; done
touch /root/reached
until [ -e /root/go ]; do sleep 0.05; done
echo "and on it goes"
[ ! -e /root/fail ] || fail "The disk of this host makes a strange noise. Look at it."
touch /root/big
'''

[[steps]]
name = "greets"
title = "Saying that all is well"
check = "[ -e /root/greeted ]"
run = 'echo "$GREETING"; touch /root/greeted'
"#;

pub struct Site {
    // Before the folder that its log is in.
    pub up: Process,
    pub fleet: Fleet,
    /// As http://10.0.0.1:8080.
    pub address: String,
}

impl Site {
    /// All in one process, on the address at which the lab's hosts see this machine.
    pub fn embedded(lab: &Lab) -> Self {
        let listen = format!("{}:8080", lab.verb(&["address", "gateway"]));
        let address = format!("http://{listen}");
        let fleet = with_jobs(Fleet::embedded())
            .with("GROUNDCREW_URL", &address)
            .with("GROUNDCREW_ALLOW_LOCAL", "true");
        let mut up = fleet.start(&["up", "--listen", &listen]);
        up.wait_for("the worker is ready");
        Self { up, fleet, address }
    }

    /// The address of a new link for the first user.
    pub fn link(&self) -> String {
        format!("{}{}", self.address, path_in(&self.fleet.ok(&["user", "link"])))
    }
}

/// The jobs `small` and `big`.
pub fn with_jobs(fleet: Fleet) -> Fleet {
    fleet.job("small", FIRST);
    fleet.job("big", SECOND);
    fleet
}

/// The first user uses their link.
#[track_caller]
pub fn welcomed(tab: &Tab<'_>, link: &str) {
    tab.does(&format!(
        "await page.goto({link:?});
         await page.getByLabel('Name').fill('ann');
         await page.getByLabel('Password', {{ exact: true }}).fill({PASSWORD:?});
         await page.getByRole('button', {{ name: 'Start' }}).click()"
    ));
    tab.is_at("/servers");
}

/// Adds the host as a server that joins by the line, with the job `big`; gives the line.
#[track_caller]
pub fn added(tab: &Tab<'_>, host: &Host<'_>) -> String {
    tab.does(&format!(
        "await page.getByRole('link', {{ name: 'Add a server' }}).first().click();
         await page.getByLabel('Name').fill('edge-1');
         await page.getByLabel('Address').fill({:?});
         await page.getByText('Something big').first().click();
         await page.getByLabel('What it says at the end').fill('hello from the page');
         await page.getByRole('button', {{ name: 'Add the server' }}).click()",
        host.address
    ));
    tab.is_at("/servers/1/provisioning");
    line(tab)
}

/// The line that the page shows.
#[track_caller]
pub fn line(tab: &Tab<'_>) -> String {
    let line = tab.does(
        "const line = page.locator('code, pre').filter({ hasText: '/join/' }).first();
         return (await line.innerText()).trim()",
    );
    line.as_str().expect("a line").to_owned()
}

/// Starts the line on the host, and leaves it to itself.
pub fn run_line(host: &Host<'_>, line: &str) -> Child {
    host.command(line).spawn().expect("lab ssh")
}
