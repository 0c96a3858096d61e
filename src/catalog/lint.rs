//! Mistakes in scripts that shellcheck can't know, because they come from the
//! way a host runs a step.

use std::ops::Range;

use super::reader::Report;
use super::source::Text;

/// Reports what is wrong with a script of a step.
pub fn script(report: &Report<'_>, key: &str, text: &Text) {
    let at = |part: Range<usize>| report.source.within(text, part);
    if text.trim().is_empty() {
        return report.add(text.span.clone(), format!("`{key}` is empty"));
    }
    if let Some(nul) = text.find('\0') {
        report.add(at(nul..nul + 1), "a script must not contain a NUL byte");
    }
    if let Some(cr) = text.find('\r') {
        report.add_with(
            at(cr..cr + 1),
            "a carriage return in a script: the shell takes it for part of a word",
            "save the file with Unix line ends",
        );
    }
    for (redirection, instead) in redirections_to_output(text) {
        report.add_with(
            at(redirection),
            "opens the output by its path: that is a plain file on the host, and would be emptied",
            format!("write `{instead}`"),
        );
    }
}

/// Redirections like `> /dev/stderr`, and what to write instead of each.
fn redirections_to_output(script: &str) -> Vec<(Range<usize>, &'static str)> {
    let paths = [
        ("/dev/stdout", ">&1"),
        ("/dev/stderr", ">&2"),
        ("/dev/fd/1", ">&1"),
        ("/dev/fd/2", ">&2"),
        ("/proc/self/fd/1", ">&1"),
        ("/proc/self/fd/2", ">&2"),
    ];
    let mut found = Vec::new();
    let mut line_start = 0;
    for line in script.split_inclusive('\n') {
        for (path, instead) in paths {
            for (at, _) in line.match_indices(path) {
                let before = line[..at].trim_end_matches(['"', '\'']).trim_end();
                let operator = before.trim_end_matches(['>', '|', '&']);
                let is_comment = line.trim_start().starts_with('#');
                if operator.len() < before.len() && before.contains('>') && !is_comment {
                    found
                        .push((line_start + operator.len()..line_start + at + path.len(), instead));
                }
            }
        }
        line_start += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::redirections_to_output;

    /// Only a redirection is found: not a path in an argument or a comment.
    #[test]
    fn redirections_are_told_from_other_uses() {
        for (script, count) in [
            ("echo x > /dev/stderr", 1),
            ("echo x >/dev/stdout", 1),
            ("echo x >> \"/dev/stderr\"", 1),
            ("echo x 2>|/dev/stdout\necho y &>/dev/stderr", 2),
            ("echo x >&2", 0),
            ("# not > /dev/stderr", 0),
            ("cat /dev/stdin; tee /etc/x </dev/stdin", 0),
            ("echo x >/dev/null", 0),
            ("echo x | cat /dev/stdout", 0),
        ] {
            assert_eq!(redirections_to_output(script).len(), count, "{script}");
        }
    }
}
