//! The script that a new server runs: `bootstrap.sh`, with this server's values, the steps of
//! the built-in job `prepare`, and the prelude. What is put in place is written once, in the
//! job; whether a script or a worker's run does it makes no difference.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, PRELUDE, PlanError};
use crate::model::{APP_USER, Action, Step};

/// The job whose steps prepare a server.
pub const PREPARE: &str = "prepare";

const BOOTSTRAP: &str = include_str!("bootstrap.sh");

/// What the script of one server says.
#[derive(Debug)]
pub struct Bootstrap<'a> {
    /// Where it calls back: nothing in it means something to a shell.
    pub url: &'a str,
    /// The server's id.
    pub server_id: i64,
    /// The token of its address.
    pub token: &'a str,
    /// The key that workers log in with, as `ssh-ed25519 AAAA… comment`.
    pub public_key: &'a str,
    /// The port that sshd must answer on.
    pub ssh_port: u16,
}

impl Bootstrap<'_> {
    /// The whole script: the same each time, so that its digest can stand in the line.
    ///
    /// # Errors
    /// Fails if an operator's own job `prepare` does not fit.
    pub fn script(&self, catalog: &Catalog) -> Result<String, PlanError> {
        let values = BTreeMap::from([
            ("public_key".to_owned(), self.public_key.to_owned()),
            ("app_user".to_owned(), APP_USER.to_owned()),
        ]);
        let plan = catalog.plan(&[PREPARE], &values)?;
        let mut constants = format!(
            "url={} server={} ssh_port={}\ntoken={}\n",
            quoted(self.url),
            self.server_id,
            self.ssh_port,
            quoted(self.token)
        );
        for value in &plan.values {
            constants += &format!("export {}={}\n", value.variable, quoted(&value.value));
        }
        let parts = [
            ("# @values@\n", constants),
            ("# @steps@\n", steps(&plan.steps)),
            ("# @prelude@\n", PRELUDE.to_owned()),
        ];
        let fill = |script: String, (mark, text): (&str, String)| script.replacen(mark, &text, 1);
        Ok(parts.into_iter().fold(BOOTSTRAP.to_owned(), fill))
    }
}

/// Two functions a step, and the list of them.
fn steps(steps: &[Step]) -> String {
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    let mut text = format!("prepare_steps='{}'\n\ntitle() {{\n    case $1 in\n", names.join(" "));
    for step in steps {
        text += &format!("    {}) echo {} ;;\n", step.name, quoted(&step.title));
    }
    text += "    esac\n}\n";
    for step in steps {
        let (check, run) = match &step.action {
            Action::Command { check, run } => (check.as_str(), run.as_str()),
            Action::Assert { assert } => (assert.as_str(), "exit 1"),
            // The script has no way to put a file in place; `prepare` writes its files itself.
            Action::File { .. } => ("exit 2", "exit 2"),
        };
        for (verb, script) in [("check", check), ("run", run)] {
            text += &format!("\n{verb}_{}() (\nset -e\n{}\n)\n", step.name, script.trim_end());
        }
    }
    text
}

/// A word for the shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    fn script() -> String {
        let bootstrap = Bootstrap {
            url: "https://panel.example.com",
            server_id: 7,
            token: "gcj_token",
            public_key: "ssh-ed25519 AAAA it's",
            ssh_port: 22,
        };
        bootstrap.script(&Catalog::embedded().expect("sound jobs")).expect("a script")
    }

    #[test]
    fn is_whole_and_passes_shellcheck() {
        let script = script();
        assert!(!script.contains("# @"), "every mark is filled");
        assert!(script.contains(r"export PUBLIC_KEY='ssh-ed25519 AAAA it'\''s'"));
        assert_eq!(script, super::tests::script(), "the same each time");
        let shellcheck = Command::new("shellcheck")
            .args(["--norc", "--shell=sh", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut shellcheck = shellcheck.expect("shellcheck is installed");
        let mut pipe = shellcheck.stdin.take().expect("a pipe");
        pipe.write_all(script.as_bytes()).expect("written");
        drop(pipe);
        let output = shellcheck.wait_with_output().expect("an answer");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }

    /// A script that was cut off anywhere on its way does nothing.
    #[test]
    fn does_nothing_when_it_is_cut() {
        let script = script();
        let main = script.rfind("main \"$@\"").expect("the last line");
        assert!(script[main..].lines().count() == 1);
        for cut in [main / 3, main / 2, main] {
            let output = Command::new("sh").args(["-c", &script[..cut]]).output().expect("sh");
            assert!(output.stdout.is_empty(), "cut at {cut}");
        }
    }

    /// What `prepare` does, a script can do as well.
    #[test]
    fn prepare_has_no_file_and_no_handler() {
        let catalog = Catalog::embedded().expect("sound jobs");
        let values = BTreeMap::from([("public_key".to_owned(), "k".to_owned())]);
        let plan = catalog.plan(&[PREPARE], &values).expect("a plan");
        assert!(plan.handlers.is_empty());
        assert!(!plan.steps.iter().any(|step| matches!(step.action, Action::File { .. })));
    }
}
