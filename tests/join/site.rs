//! An installation that a lab's hosts can reach, and servers that join it.

use std::process::Output;

use serde_json::Value;

use crate::fleet::Fleet;
use crate::lab::{Host, Lab, wait_until};
use crate::process::Process;

/// Waits until the file that lets it go on is there.
pub const HELD: &str = "#!/bin/sh\ntouch /root/reached\nuntil [ -e /root/go ]; do sleep 0.05; done\nexec /usr/bin/apt-get \"$@\"\n";

pub struct Site {
    // Before the folder that its log is in.
    pub up: Process,
    pub fleet: Fleet,
    listen: String,
}

impl Site {
    /// All in one process.
    pub fn embedded(lab: &Lab) -> Self {
        Self::of(Fleet::embedded(), lab)
    }

    /// Of a fleet that is set up, on the address at which the lab's hosts see this machine: each
    /// lab has one of its own.
    pub fn of(fleet: Fleet, lab: &Lab) -> Self {
        let listen = format!("{}:8080", lab.verb(&["address", "gateway"]));
        let fleet = fleet
            .with("GROUNDCREW_URL", &format!("http://{listen}"))
            .with("GROUNDCREW_ALLOW_LOCAL", "true");
        let up = start(&fleet, &listen);
        Self { up, fleet, listen }
    }

    /// Starts it again, after its end.
    pub fn start_again(&mut self) {
        self.up = start(&self.fleet, &self.listen);
    }

    /// Adds a server that joins by the script, and gives its line.
    #[track_caller]
    pub fn add(&self, name: &str, host: &Host<'_>, more: &[&str]) -> String {
        let words = [&["server", "add", name, &host.address, "--join", "--json"], more].concat();
        line(&self.fleet.ok(&words))
    }

    /// Tries again, and gives the fresh line.
    #[track_caller]
    pub fn retry(&self, name: &str) -> String {
        line(&self.fleet.ok(&["server", "retry", name, "--json"]))
    }

    #[track_caller]
    pub fn server(&self, name: &str) -> Value {
        self.fleet.server(name)
    }

    /// Waits until its provisioning stands so.
    #[track_caller]
    pub fn stands(&self, name: &str, status: &str) -> Value {
        let mut server = Value::Null;
        wait_until(&format!("{name} is {status}"), || {
            server = self.server(name);
            server["provision_status"] == status
        });
        server
    }

    /// Its four steps, each as its status, and what the failed one says.
    pub fn steps(&self, name: &str) -> (Vec<String>, String) {
        let server = self.server(name);
        let steps = server["provision_steps"].as_array().expect("its steps");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let failed = steps.iter().find(|step| step["status"] == "failed");
        let error =
            failed.map(|step| format!("{}: {}", text(&step["error_kind"]), text(&step["error"])));
        (steps.iter().map(|step| text(&step["status"])).collect(), error.unwrap_or_default())
    }
}

fn start(fleet: &Fleet, listen: &str) -> Process {
    let mut up = fleet.start(&["up", "--listen", listen]);
    up.wait_for("the worker is ready");
    up
}

fn line(json: &str) -> String {
    let added: Value = serde_json::from_str(json).expect("JSON");
    added["line"]["curl"].as_str().expect("a line").to_owned()
}

/// What a person sees who runs a line there.
pub fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

/// Runs the line there, which must go well; gives what it says.
#[track_caller]
pub fn goes_well(host: &Host<'_>, line: &str) -> String {
    let output = host.try_run(line);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    said
}

/// Runs the line there, which must fail; gives what it says.
#[track_caller]
pub fn fails(host: &Host<'_>, line: &str) -> String {
    let output = host.try_run(line);
    let said = said(&output);
    assert!(!output.status.success(), "{said}");
    said
}

/// Takes `sudo` away, so that there is something to install, which waits for `/root/go`.
pub fn hold_apt(host: &Host<'_>) {
    host.run("SUDO_FORCE_REMOVE=yes apt-get -qq purge -y sudo >/dev/null 2>&1; ! dpkg -s sudo >/dev/null 2>&1");
    host.run(&format!(
        "printf '%s' '{HELD}' >/usr/local/sbin/apt-get; chmod 755 /usr/local/sbin/apt-get"
    ));
}

/// Starts the line there and leaves it to itself, in a process group of its own whose id is in
/// `/root/group`; what it says is in `/root/said`.
pub fn start_line(host: &Host<'_>, line: &str) {
    let quoted = line.replace('\'', r"'\''");
    host.run(&format!(
        "printf '%s\\n' 'echo $$ >/root/group' '{quoted}' >/root/line; rm -f /root/reached /root/ended
         {{ setsid sh /root/line; echo ended >/root/ended; }} </dev/null >/root/said 2>&1 &"
    ));
}
