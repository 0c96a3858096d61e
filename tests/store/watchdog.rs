//! Cleans up when its owner is gone, however it went: a shell that waits for the end of
//! a pipe which only this process holds.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

pub struct Watchdog(Child);

impl Watchdog {
    /// Runs `first` now and waits for it, and `last` when this is dropped, or this process dies.
    pub fn new(first: &str, last: &str) -> Self {
        let script = format!("{first} || exit 1\necho ready\ncat > /dev/null\n{last}");
        let mut child = Command::new("sh")
            .args(["-c", &script])
            .process_group(0) // Ctrl-C is not for it.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh");
        let mut ready = [0; 6];
        let said = child.stdout.as_mut().expect("a pipe").read_exact(&mut ready);
        assert!(said.is_ok() && &ready == b"ready\n", "this did not work: {first}");
        Self(child)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
