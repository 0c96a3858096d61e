//! Where a run's output ends: what is kept of all attempts, one after the other, as one text that
//! only grows, and what is kept of each step, as another.

use std::collections::BTreeMap;

/// By step, how many bytes are kept of what it wrote. A step that wrote nothing is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutputEnds(pub BTreeMap<i64, u64>);

impl OutputEnds {
    /// Of all steps together, in bytes.
    pub fn whole(&self) -> u64 {
        self.0.values().sum()
    }

    /// Of one step, in bytes.
    pub fn of(&self, step: i64) -> u64 {
        self.0.get(&step).copied().unwrap_or(0)
    }

    /// The step wrote so many bytes more.
    pub fn grow(&mut self, step: i64, length: u64) {
        *self.0.entry(step).or_default() += length;
    }
}
