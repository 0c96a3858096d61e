//! Puts the catalog into the binary: a new job is a new file in `jobs/`, and nothing else. And a
//! name of the build, the same for the same code: what was shown by another one is shown anew.

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

    let folder = root.join("jobs");
    let mut jobs: Vec<_> = fs::read_dir(&folder)?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    jobs.retain(|name| name.ends_with(".toml"));
    jobs.sort();

    let files: String = jobs
        .iter()
        .map(|name| format!("    ({name:?}, include_str!({:?})),\n", folder.join(name)))
        .collect();
    let code = format!("&[\n{files}]\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("jobs.rs"), code)
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
