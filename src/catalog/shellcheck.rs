//! Has shellcheck look at every script of the catalog, and says what it finds
//! where the author wrote it.

use std::fs;
use std::io;
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::mistake::{Mistake, Mistakes};
use super::source::{Source, Text};
use super::{Catalog, PRELUDE};

/// What shellcheck prints with `--format=json1`.
#[derive(Deserialize)]
struct Answer {
    comments: Vec<Comment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comment {
    file: String,
    line: usize,
    end_line: usize,
    column: usize,
    end_column: usize,
    code: u32,
    message: String,
}

/// The outer error means that shellcheck could not be run.
pub fn shellcheck(catalog: &Catalog) -> io::Result<Result<(), Mistakes>> {
    let prelude = Source { file: "jobs/prelude.sh".into(), text: PRELUDE.into() };
    let mut scripts: Vec<(&Source, Option<&Text>)> = vec![(&prelude, None)];
    for job in catalog.jobs() {
        let texts = job.steps.iter().flat_map(|step| step.scripts());
        scripts.extend(texts.map(|(_, text)| (&*job.source, Some(text))));
    }
    // One process for all of them: its start takes longer than its work.
    let folder = tempfile::tempdir()?;
    for (i, (source, text)) in scripts.iter().enumerate() {
        let script = text.map_or(source.text.as_str(), |text| &text.value);
        fs::write(folder.path().join(i.to_string()), format!("{}\n", script.trim_end()))?;
    }
    let output = Command::new("shellcheck")
        .args(["--norc", "--shell=sh", "--format=json1"])
        .args((0..scripts.len()).map(|i| i.to_string()))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| io::Error::new(error.kind(), format!(
            "can't run shellcheck ({error}); on Debian `apt-get install shellcheck` brings it"
        )))?;
    let answer: Answer = serde_json::from_slice(&output.stdout).map_err(|error| {
        let said = String::from_utf8_lossy(&output.stderr);
        io::Error::other(format!("shellcheck did not answer with JSON ({error}): {said}"))
    })?;
    let mistakes: Vec<Mistake> =
        answer.comments.iter().filter_map(|comment| mistake(comment, &scripts)).collect();
    Ok(if mistakes.is_empty() { Ok(()) } else { Err(Mistakes(mistakes)) })
}

fn mistake(comment: &Comment, scripts: &[(&Source, Option<&Text>)]) -> Option<Mistake> {
    let (source, text) = scripts.get(comment.file.parse::<usize>().ok()?)?;
    let script = text.map_or(source.text.as_str(), |text| &text.value);
    let start = offset(script, comment.line, comment.column);
    let end = offset(script, comment.end_line, comment.end_column).max(start);
    let span = text.map_or(start..end, |text| source.within(text, start..end));
    let help = format!("https://www.shellcheck.net/wiki/SC{}", comment.code);
    Some(source.mistake(span, comment.message.clone()).help(help))
}

/// The byte at a line and a column in characters, both from 1.
fn offset(script: &str, line: usize, column: usize) -> usize {
    let before: usize = script.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = &script[before..];
    before + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at)
}
