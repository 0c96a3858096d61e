//! What commands print that is not live: aligned rows, JSON, text.

use std::io::{self, Write};

use anyhow::Result;
use serde_json::Value;

/// Rows with their columns aligned, a line each.
pub fn aligned<const N: usize>(
    indent: &str,
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let rows: Vec<[String; N]> = rows.into_iter().collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{indent}{}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// Prints JSON over several lines.
pub fn print_json(value: Value) -> Result<()> {
    print(&format!("{value:#}\n"))
}

/// Prints, and does not mind a reader that has seen enough, as `head` has.
pub fn print(text: &str) -> Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
