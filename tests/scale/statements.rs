//! Every statement of the store, as its source has them: nothing is to be called for one to be
//! looked at, and none can be forgotten.

use std::fs;
use std::path::Path;

/// A statement, in the words of both databases, and the file that it is in.
#[derive(Debug, Clone)]
pub struct Statement {
    pub file: String,
    pub text: String,
}

/// All of them: texts that begin as SQL does.
pub fn all() -> Vec<Statement> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the store's source")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    let of = |path: &Path| {
        let file = path.file_name().expect("a name").to_string_lossy().into_owned();
        let source = fs::read_to_string(path).expect("a file");
        let texts = texts(&source).into_iter().filter(|text| is_sql(text));
        texts.map(|text| Statement { file: file.clone(), text }).collect::<Vec<_>>()
    };
    files.iter().flat_map(|path| of(path)).collect()
}

fn is_sql(text: &str) -> bool {
    ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH "]
        .iter()
        .any(|word| text.starts_with(word))
}

/// The texts in a source file, those of one `concat!` put together. `held!()` stands for the text
/// of the file's macro.
fn texts(source: &str) -> Vec<String> {
    let held = source.split_once("macro_rules! held").map(|(_, after)| {
        let begin = after.find('"').expect("its text");
        literal(&after[begin + 1..]).0
    });
    let (mut texts, mut rest, mut parts) = (Vec::new(), source, None::<String>);
    loop {
        let ends = ["//", "'\"'", "\"", "concat!(", "held!()", ")"];
        let found = ends.iter().filter_map(|end| rest.find(end).map(|at| (at, *end))).min();
        let Some((at, what)) = found else { return texts };
        rest = &rest[at + what.len()..];
        match what {
            "//" => rest = rest.split_once('\n').map_or("", |(_, after)| after),
            "concat!(" => parts = Some(String::new()),
            "held!()" => {
                if let (Some(parts), Some(held)) = (&mut parts, &held) {
                    *parts += held;
                }
            }
            ")" => texts.extend(parts.take()),
            "\"" => {
                let (text, length) = literal(rest);
                rest = &rest[length..];
                match &mut parts {
                    Some(parts) => *parts += &text,
                    None => texts.push(text),
                }
            }
            _ => {}
        }
    }
}

/// A text up to its closing quote, and how long it is in the source.
fn literal(source: &str) -> (String, usize) {
    let mut text = String::new();
    let mut letters = source.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (text, at + 1),
            '\\' => match letters.next() {
                Some((_, '\n')) => {
                    while letters.next_if(|(_, next)| next.is_whitespace()).is_some() {}
                }
                Some((_, next)) => text.push(next),
                None => break,
            },
            letter => text.push(letter),
        }
    }
    panic!("a text has no end: {source:.60}")
}
