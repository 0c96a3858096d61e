//! What Prometheus reads of a role.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::asked::get;

/// One reading of `/metrics`.
pub struct Scrape(pub String);

impl Scrape {
    #[track_caller]
    pub fn of(address: &str) -> Self {
        let (code, text) = get(address, "/metrics");
        assert_eq!(code, "200", "{text}");
        Self(text)
    }

    /// The sum of the samples of this name with all of these labels; None if there is none.
    pub fn sum(&self, name: &str, labels: &[&str]) -> Option<f64> {
        let samples = self.0.lines().filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let (its, with) = series.split_once('{').unwrap_or((series, ""));
            let fits = its == name && labels.iter().all(|label| with.contains(label));
            fits.then(|| value.parse::<f64>().expect("a number"))
        });
        samples.reduce(|sum, value| sum + value)
    }

    /// The same, of what must be there.
    #[track_caller]
    pub fn get(&self, name: &str, labels: &[&str]) -> f64 {
        self.sum(name, labels).unwrap_or_else(|| panic!("no {name} {labels:?} in {}", self.0))
    }

    /// Names of all families, with their types.
    pub fn families(&self) -> BTreeSet<(String, String)> {
        let lines = self.0.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        lines
            .map(|line| {
                let (name, kind) = line.split_once(' ').expect("a name and a type");
                (name.to_owned(), kind.to_owned())
            })
            .collect()
    }

    /// What `promtool check metrics` has to say about it.
    pub fn complaints(&self) -> String {
        let mut promtool = promtool()
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("tests/observe/promtool");
        let mut input = promtool.stdin.take().expect("its input");
        input.write_all(self.0.as_bytes()).expect("it reads");
        drop(input);
        let output = promtool.wait_with_output().expect("its end");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }
}

/// Debian's promtool.
pub fn promtool() -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/observe/promtool"))
}
