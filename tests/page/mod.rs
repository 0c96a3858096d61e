//! A page of docs/ as a script: its blocks of code are run, so that it can't rot.

use std::fs;
use std::path::Path;

/// A block of code.
#[derive(Debug)]
pub struct Block {
    /// What it is written in: the word behind the fence, as `sh`.
    pub language: String,
    /// The heading that it stands under.
    pub heading: String,
    pub code: String,
}

/// The blocks of a page, in order.
pub fn blocks(page: &str) -> Vec<Block> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let (mut blocks, mut heading, mut is_open) = (Vec::<Block>::new(), "", false);
    for line in text.lines() {
        match (line.strip_prefix("```"), is_open) {
            (Some(language), false) => {
                let (language, heading) = (language.to_owned(), heading.to_owned());
                blocks.push(Block { language, heading, code: String::new() });
                is_open = true;
            }
            (Some(_), true) => is_open = false,
            (None, true) => {
                let block = blocks.last_mut().expect("it is open");
                block.code += line;
                block.code.push('\n');
            }
            (None, false) => {
                heading = line
                    .strip_prefix('#')
                    .map_or(heading, |line| line.trim_start_matches(['#', ' ']))
            }
        }
    }
    assert!(!is_open, "{page}: a block has no end");
    blocks
}
