//! What a role that did everything once shows, what docs/metrics.md says of it, and what the dashboard
//! and the alert rules ask for are the same names.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::asked::{OWN, figures, front, get};
use crate::fleet::{Fleet, UP, database};
use crate::job;
use crate::lab::{Lab, wait_until};
use crate::redis::Redis;
use crate::scrape::{Scrape, promtool};

/// A file of the repository.
fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Names and types of the tables' rows: `| `name` | type | …`.
fn described() -> BTreeSet<(String, String)> {
    let text = text("docs/metrics.md");
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let name = cells.next()?.trim_end_matches('`');
        let kind = cells.next()?;
        let is_kind = ["counter", "gauge", "histogram"].contains(&kind);
        is_kind.then(|| (name.to_owned(), kind.to_owned()))
    });
    rows.collect()
}

/// Names of metrics in an expression.
fn names(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("groundcrew_") || word.starts_with("process_"))
}

/// Everything that dashboard and rules ask for.
fn asked_for() -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    let mut dig =
        vec![serde_json::from_str::<Value>(&text("deploy/grafana/groundcrew.json")).expect("JSON")];
    let mut expressions = 0;
    while let Some(value) = dig.pop() {
        match value {
            Value::Array(values) => dig.extend(values),
            Value::Object(fields) => {
                if let Some(expression) = fields.get("expr") {
                    expressions += 1;
                    asked.extend(names(expression.as_str().expect("a text")).map(str::to_owned));
                }
                dig.extend(fields.into_iter().map(|(_, value)| value));
            }
            _ => {}
        }
    }
    assert!(expressions > 30, "{expressions} expressions of the dashboard");
    asked.extend(names(&text("deploy/prometheus/rules.yml")).map(str::to_owned));
    asked
}

#[test]
fn are_the_same_everywhere() {
    let (lab, redis, database) = (Lab::up(1), Redis::start(), database());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("well", &job::of(&[("one", "true")]));
    fleet.job("badly", &job::of(&[("two", "exit 3")]));
    let mut up = fleet.start(&[&UP[..], &OWN].concat());
    up.wait_for("the worker is ready");
    fleet.add("edge-1", &host);
    fleet.ends(&fleet.ask("well", "edge-1"), "completed");
    fleet.ends(&fleet.ask("badly", "edge-1"), "failed");
    get(&front(&mut up), "/sign-in");
    // One that goes on: what is active has names of its own.
    fleet.job("waits", &job::of(&[("waits", job::WAIT)]));
    let going = fleet.ask("waits", "edge-1");
    host.wait_for(job::WAITS);
    let address = figures(&mut up);
    let mut scrape = Scrape::of(&address);
    wait_until("what is active is shown", || {
        scrape = Scrape::of(&address);
        scrape.sum("groundcrew_jobs", &["job=\"waits\""]) == Some(1.0)
    });

    let families = scrape.families();
    let only = |some: &BTreeSet<_>, others: &BTreeSet<_>| {
        some.difference(others).cloned().collect::<Vec<(String, String)>>()
    };
    let described = described();
    assert_eq!(only(&families, &described), [], "not in docs/metrics.md");
    assert_eq!(only(&described, &families), [], "only in docs/metrics.md");

    // What an expression asks for is a sample, and no family.
    let samples: BTreeSet<&str> = scrape
        .0
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();
    let missing: Vec<String> =
        asked_for().into_iter().filter(|name| !samples.contains(name.as_str())).collect();
    assert_eq!(
        missing,
        Vec::<String>::new(),
        "dashboard or rules ask for what there is not: {samples:?}"
    );
    assert_eq!(scrape.complaints(), "", "{}", scrape.0);

    host.run(job::GO);
    fleet.ends(&going, "completed");
    up.terminate();
}

/// Each alert goes off when it should, and not before; and says what to do.
#[test]
fn rules_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prometheus");
    for words in [
        &["check", "rules", "rules.yml"][..],
        &["test", "rules", "rules_test.yml"],
        &["check", "config", "--syntax-only", "scrape.yml"],
    ] {
        let output = promtool().args(words).current_dir(&folder).output().expect("promtool");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{words:?}: {said}");
    }
    let (rules, tests, docs) = (
        text("deploy/prometheus/rules.yml"),
        text("deploy/prometheus/rules_test.yml"),
        text("docs/metrics.md"),
    );
    let alerts: Vec<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() >= 10, "{alerts:?}");
    for alert in alerts {
        assert!(tests.contains(&format!("alertname: {alert}\n")), "{alert} is never tried");
        assert!(docs.contains(&format!("\n### {alert}\n")), "{alert} is not in docs/metrics.md");
        assert!(rules.contains(&format!("docs/metrics.md#{}\n", alert.to_lowercase())), "{alert}");
    }
}
