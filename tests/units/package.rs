//! The Debian package of the binary that is tested, and how it comes to a machine.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::lab::Host;

/// The package's file, made now if it is not there.
pub fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut package = Command::new(folder.join("deploy/package"));
        let output = package.env("PROFILE", "dev").output().expect("deploy/package");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        folder.join(String::from_utf8_lossy(&output.stdout).trim_end())
    })
}

/// Brings it to a machine, into root's folder.
pub fn bring(host: &Host<'_>) {
    send(host, built(), "/root/groundcrew.deb");
}

/// Brings a file to a machine.
pub fn send(host: &Host<'_>, file: &Path, to: &str) {
    let mut copy = host.command(&format!("cat >{to}"));
    let status = copy.stdin(File::open(file).expect("a file")).status().expect("lab ssh");
    assert!(status.success(), "{} can't be brought to the host", file.display());
}
