//! A page of the docs as its blocks of commands, each of which says in its first line where it is
//! to be run.

use std::fs;
use std::path::Path;

/// Where a block is run.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// `# in the clone`
    Clone,
    /// `# on NAME`, by root.
    On(String),
}

/// Some lines of commands, as a person would paste them.
#[derive(Debug)]
pub struct Block {
    pub place: Place,
    pub text: String,
}

impl Block {
    pub fn has(&self, words: &str) -> bool {
        self.text.contains(words)
    }
}

/// All blocks of a page, in order.
pub struct Page {
    pub blocks: Vec<Block>,
}

impl Page {
    /// Reads a page, with names and addresses replaced by others.
    pub fn read(path: &str, words: &[(&str, String)]) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let mut page = fs::read_to_string(path).expect("the page");
        for (theirs, ours) in words {
            assert!(page.contains(theirs), "the page has no {theirs} any more");
            page = page.replace(theirs, ours);
        }
        let mut blocks = Vec::new();
        let mut lines = page.lines();
        while let Some(line) = lines.next() {
            if line != "```sh" {
                continue;
            }
            let first = lines.next().expect("a block has lines");
            let place = match (first.strip_prefix("# in the clone"), first.strip_prefix("# on ")) {
                (Some(_), _) => Place::Clone,
                (_, Some(name)) => Place::On(name.to_owned()),
                _ => panic!("where is this run? The block that begins with {first}"),
            };
            let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(Block { place, text: text.join("\n") });
        }
        Self { blocks }
    }
}
