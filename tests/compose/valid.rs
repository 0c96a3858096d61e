//! The files by themselves: no engine is needed.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::engine::said;

/// A tool of tests/compose/install, in the project's folder.
fn tool(name: &str) -> Command {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = project.join("target/compose");
    assert!(tools.join("installed").exists(), "not installed: run tests/compose/install");
    let mut command = Command::new(tools.join("bin").join(name));
    command.current_dir(project).env_clear();
    command
}

/// Compose reads it by its own schema, and with only the two values that nobody can guess. Without
/// them it says what to do.
#[test]
fn compose_takes_the_file() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("env");
    fs::write(&file, "GROUNDCREW_KEY=k\nPOSTGRES_PASSWORD=p\n").expect("a file");
    let env_file = format!("--env-file={}", file.display());
    let words = [&env_file, "--profile=try", "config"];
    let read = said(tool("docker-compose").args(words).output(), &words);
    assert!(!read.contains("container_name"), "a name would forbid --scale");

    fs::write(&file, "").expect("a file");
    let refused = tool("docker-compose").args(words).output().expect("it starts");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("docs/compose.md"), "{said}");
}

#[test]
fn hadolint_has_nothing_against_the_dockerfiles() {
    let files = ["Dockerfile", "deploy/compose/target.Dockerfile"];
    said(tool("hadolint").args(files).output(), &files);
}
