//! What the running step printed so far, kept in case that it fails.

use std::collections::VecDeque;

use super::sanitize::Sanitizer;

/// How much memory a step's output may take. What came first is forgotten first:
/// the cause of a failure is near the end.
const MEMORY: usize = 10_000_000;

/// A step's output as lines that are safe to show.
pub(super) struct Output {
    sanitizer: Sanitizer,
    lines: VecDeque<String>,
    memory: usize,
    /// Bytes of text that are not in `lines` any more.
    forgotten: usize,
}

impl Output {
    pub(super) fn new(colours: bool) -> Self {
        Output {
            sanitizer: Sanitizer::new(colours),
            lines: VecDeque::new(),
            memory: 0,
            forgotten: 0,
        }
    }

    pub(super) fn push(&mut self, text: &str) {
        for line in self.sanitizer.feed(text) {
            self.memory += memory(&line);
            self.lines.push_back(line);
        }
        while self.memory > MEMORY
            && let Some(line) = self.lines.pop_front()
        {
            self.memory -= memory(&line);
            self.forgotten += line.len() + 1;
        }
    }

    /// The last lines, the unfinished one among them.
    pub(super) fn tail(&self, count: usize) -> Vec<String> {
        let partial = self.sanitizer.partial();
        let complete = count.saturating_sub(usize::from(partial.is_some()));
        let first = self.lines.len().saturating_sub(complete);
        self.lines.range(first..).cloned().chain(partial).collect()
    }

    /// All lines, after a note on what was forgotten.
    pub(super) fn all(&self) -> impl Iterator<Item = String> {
        let note = (self.forgotten > 0)
            .then(|| format!("… the first {:.1} MB are left out …", self.forgotten as f64 / 1e6));
        note.into_iter().chain(self.tail(usize::MAX))
    }
}

/// What a line takes; of empty ones there can be many.
fn memory(line: &String) -> usize {
    line.len() + size_of_val(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_counts_the_unfinished_line() {
        let mut output = Output::new(false);
        output.push("1\n2\n3\nunfin");
        assert_eq!(output.tail(2), ["3", "unfin"]);
        output.push("ished\n");
        assert_eq!(output.tail(2), ["3", "unfinished"]);
        assert_eq!(output.tail(0), [""; 0]);
        assert_eq!(output.all().count(), 4);
    }

    #[test]
    fn memory_is_bounded_and_the_end_is_kept() {
        let mut output = Output::new(false);
        for i in 0..120_000 {
            output.push(&format!("{i:099}\n"));
        }
        let all: Vec<String> = output.all().collect();
        assert_eq!(all[0], "… the first 3.9 MB are left out …");
        assert_eq!(all.len(), 81_301);
        assert!(all[81_300].ends_with("119999"));
    }
}
