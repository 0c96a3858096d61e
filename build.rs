//! Puts the catalog into the binary: a new job is a new file in `jobs/`, and nothing else. And the
//! pages, if `ui/build` has built them. And a name of the build, the same for the same code: what
//! was shown by another one is shown anew.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut hasher = DefaultHasher::new();
    for part in ["jobs", "migrations", "src", "Cargo.lock"] {
        println!("cargo:rerun-if-changed={part}");
        hash(&root.join(part), &mut hasher)?;
    }
    println!("cargo:rustc-env=GROUNDCREW_BUILD={:016x}", hasher.finish());

    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let jobs = root.join("jobs");
    let names = files(&jobs)?.into_iter().filter(|name| name.ends_with(".toml"));
    fs::write(out.join("jobs.rs"), list("include_str", &jobs, names))?;

    // There from the beginning, so that cargo sees when something comes into it.
    let pages = root.join("ui/dist");
    let _ = fs::create_dir_all(pages.join("assets"));
    println!("cargo:rerun-if-changed=ui/dist");
    let mut names = Vec::new();
    for folder in ["", "assets/"] {
        let inside = files(&pages.join(folder)).unwrap_or_default();
        names.extend(inside.into_iter().map(|name| format!("{folder}{name}")));
    }
    names.sort();
    fs::write(out.join("pages.rs"), list("include_bytes", &pages, names.into_iter()))
}

/// The names of the files in a folder, in order.
fn files(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Code for a list of names and contents.
fn list(include: &str, folder: &Path, names: impl Iterator<Item = String>) -> String {
    let files =
        names.map(|name| format!("    ({name:?}, {include}!({:?})),\n", folder.join(&name)));
    format!("&[\n{}]\n", files.collect::<String>())
}

/// Names and contents, in order.
fn hash(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    path.file_name().hash(hasher);
    if !path.is_dir() {
        fs::read(path)?.hash(hasher);
        return Ok(());
    }
    let mut inside: Vec<_> = fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    inside.sort();
    inside.iter().try_for_each(|path| hash(path, hasher))
}
