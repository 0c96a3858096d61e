//! Figures of all tries, and a Markdown table of them.

use std::fmt;

/// What one side has measured, a list a try: one rate, or many times in ms.
#[derive(Debug, Default)]
pub struct Figures {
    pub tries: Vec<Vec<f64>>,
}

/// Of one rate a try.
pub struct Rate {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

/// Medians of what the tries' times are; `max` is of all.
pub struct Time {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

impl Figures {
    pub fn rate(&self) -> Rate {
        let rates = sorted(self.tries.iter().flatten().copied());
        Rate { median: at(&rates, 0.5), min: at(&rates, 0.0), max: at(&rates, 1.0) }
    }

    pub fn time(&self) -> Time {
        let tries: Vec<_> = self.tries.iter().map(|times| sorted(times.iter().copied())).collect();
        let median = |part: f64| at(&sorted(tries.iter().map(|times| at(times, part))), 0.5);
        let max = tries.iter().map(|times| at(times, 1.0)).fold(0.0, f64::max);
        Time { p50: median(0.5), p95: median(0.95), p99: median(0.99), max }
    }

    /// The median of the ratios within each turn.
    pub fn ratio_to(&self, other: &Self) -> f64 {
        let turns = self.tries.iter().flatten().zip(other.tries.iter().flatten());
        at(&sorted(turns.map(|(one, other)| one / other)), 0.5)
    }
}

/// A try in a few words, to see that it goes on.
pub fn brief(tried: &[f64]) -> String {
    match tried {
        [rate] => format!("{rate:.0} a second"),
        times => {
            let times = sorted(times.iter().copied());
            format!("p50 {:.2} ms, p99 {:.2} ms", at(&times, 0.5), at(&times, 0.99))
        }
    }
}

fn sorted(figures: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures
}

/// The figure below which this part of them is; the nearest rank.
fn at(sorted: &[f64], part: f64) -> f64 {
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// Rows of cells, the first of which are the columns' names.
pub struct Table(Vec<Vec<String>>);

impl Table {
    pub fn new(columns: &[&str]) -> Self {
        Self(vec![columns.iter().map(|&name| name.to_owned()).collect()])
    }

    pub fn row(&mut self, cells: Vec<String>) {
        self.0.push(cells);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| self.0.iter().map(|row| row[column].chars().count()).max();
        let widths: Vec<usize> = (0..self.0[0].len()).filter_map(width).collect();
        for (number, row) in self.0.iter().enumerate() {
            for (cell, width) in row.iter().zip(&widths) {
                write!(f, "| {cell:width$} ")?;
            }
            writeln!(f, "|")?;
            if number == 0 {
                let lines: Vec<_> = widths.iter().map(|&width| "-".repeat(width)).collect();
                writeln!(f, "| {} |", lines.join(" | "))?;
            }
        }
        Ok(())
    }
}
