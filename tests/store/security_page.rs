//! docs/security.md says what is stored where: every table is named there, and every column that
//! holds bytes, for these are what is sealed, hashed or written by a host.

use std::fs;
use std::path::Path;

#[test]
fn names_all_that_is_stored() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(project.join("docs/security.md")).expect("the page");
    let mut names = 0;
    for file in fs::read_dir(project.join("migrations/postgres")).expect("the migrations") {
        let sql = fs::read_to_string(file.expect("a file").path()).expect("text");
        for line in sql.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let name = match words[..] {
                ["CREATE", "TABLE", table, "("] => table,
                ["ALTER", "TABLE", _, "ADD", "COLUMN", column, kind, ..] | [column, kind, ..]
                    if kind.starts_with("BYTEA") =>
                {
                    // The output is told of by its table.
                    if column == "bytes" { "run_output" } else { column }
                }
                _ => continue,
            };
            names += 1;
            assert!(
                page.contains(&format!("`{name}`")),
                "docs/security.md does not say what {name} holds"
            );
        }
    }
    assert!(names > 20, "only {names} were found");
}
