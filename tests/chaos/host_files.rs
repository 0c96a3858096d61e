//! What hosts have of runs: journals, and digests of the output.

use std::collections::BTreeMap;

use crate::lab::Host;

/// An attempt's journal and output, as its host (or the store) has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub journal: String,
    /// MD5 of `out`.
    pub output: String,
}

/// By run and number.
pub type Attempts = BTreeMap<(String, i64), Attempt>;

const READ: &str = r#"cd /var/lib/groundcrew/runs 2>/dev/null || exit 0
for a in */attempt-*; do
    [ -d "$a" ] || continue
    echo "= $a $(md5sum <"$a/out")"
    cat "$a/journal"
done"#;

/// All attempts on this host.
pub fn attempts(host: &Host<'_>) -> Attempts {
    let text = host.run(READ);
    let mut found = Attempts::new();
    let mut current = None;
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("= ") {
            let (path, rest) = head.split_once(' ').expect("path and digest");
            let (run, attempt) = path.split_once("/attempt-").expect("run and attempt");
            let key = (run.to_owned(), attempt.parse().expect("a number"));
            let output = rest.trim_end_matches([' ', '-']).to_owned();
            found.insert(key.clone(), Attempt { journal: String::new(), output });
            current = Some(key);
        } else if let Some(attempt) = current.as_ref().and_then(|key| found.get_mut(key)) {
            attempt.journal.push_str(line);
            attempt.journal.push('\n');
        }
    }
    found
}

/// A line of a journal.
#[derive(Debug)]
pub struct Line<'t> {
    pub sequence: usize,
    /// ms since 1970, by the host's clock.
    pub time: i64,
    pub what: &'t str,
    /// None for what is about no step.
    pub step: Option<i64>,
    /// How it ended, or why it failed.
    pub detail: &'t str,
}

impl Attempt {
    /// The journal's lines.
    pub fn lines(&self) -> Vec<Line<'_>> {
        self.journal.lines().map(line).collect()
    }

    /// From when to when a runner lived, as far as it could say so itself: what died without
    /// a word is closed by who looks first, which may be later.
    pub fn life(&self) -> Option<(i64, i64)> {
        let lines = self.lines();
        let begin = lines.iter().find(|line| line.what == "begin")?.time;
        let by_itself = |line: &&Line<'_>| {
            line.what != "end" || ["completed", "failed", "stopped", "busy"].contains(&line.detail)
        };
        lines.iter().rev().find(by_itself).map(|last| (begin, last.time))
    }
}

fn line(text: &str) -> Line<'_> {
    let words: Vec<&str> = text.split(' ').collect();
    assert!(words.len() >= 6, "no line of a journal: {text:?}");
    Line {
        sequence: words[0].parse().expect("a number"),
        time: words[1].parse().expect("a time"),
        what: words[2],
        step: words[3].parse().ok(),
        detail: words.get(6).copied().unwrap_or_default(),
    }
}
