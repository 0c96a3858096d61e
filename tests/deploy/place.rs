//! Where the blocks of the page are run: each says so in its first line.

use crate::page::{self, Block};

/// Where a block is run.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// `# in the clone`
    Clone,
    /// `# on NAME`, by root.
    On(String),
}

/// The blocks of a page that are commands, in order, with names and addresses replaced by others.
pub fn blocks(page: &str, words: &[(&str, String)]) -> Vec<(Place, String)> {
    let blocks = page::blocks(page);
    for (theirs, _) in words {
        let has = |block: &Block| block.code.contains(theirs);
        assert!(blocks.iter().any(has), "the page has no {theirs} any more");
    }
    let commands = blocks.into_iter().filter(|block| block.language == "sh");
    let replace = |text: String, (theirs, ours): &(&str, String)| text.replace(theirs, ours);
    commands
        .map(|block| {
            let code = words.iter().fold(block.code, replace);
            let first = code.lines().next().unwrap_or_default();
            let place = match (first, first.strip_prefix("# on ")) {
                ("# in the clone", _) => Place::Clone,
                (_, Some(name)) => Place::On(name.to_owned()),
                _ => panic!("where is this run? The block that begins with {first}"),
            };
            (place, code)
        })
        .collect()
}
