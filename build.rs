//! Puts the catalog into the binary: a new job is a new file in `jobs/`, and nothing else.

use std::{env, fs, io, path::PathBuf};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=jobs");
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("jobs");
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
