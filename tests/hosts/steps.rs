//! Job files for tests, and what must be true of a run's output.

use std::fmt::Write;

use crate::harness::{Done, Host, Lab};

/// One step of a job, as its file has it.
pub fn step(name: &str, check: &str, run: &str) -> String {
    format!(
        "[[steps]]\nname = \"{name}\"\ntitle = \"{name}\"\ncheck = '''\n{check}\n'''\nrun = '''\n{run}\n'''\n"
    )
}

/// A step with one more line in its table, like a time limit.
pub fn step_with(name: &str, check: &str, run: &str, line: &str) -> String {
    step(name, check, run) + line + "\n"
}

/// A step that touches a file.
pub fn touch(name: &str) -> String {
    step(name, &format!("test -e /root/{name}"), &format!("touch /root/{name}"))
}

/// A step that counts how often it was executed, in a file of its name, and
/// waits until there is a file `go`.
pub fn wait_for_go(name: &str) -> String {
    step(
        name,
        &format!("test -e /root/{name}.done"),
        &format!(
            "echo started >>/root/{name}\nuntil [ -e /root/go ]; do sleep 0.05; done\ntouch /root/{name}.done"
        ),
    )
}

/// A step that prints so many lines, one every 100 ms.
pub fn ticks(name: &str, lines: u32) -> String {
    step(
        name,
        &format!("test -e /root/{name}"),
        &format!(
            "i=0\nwhile [ $i -lt {lines} ]; do i=$((i + 1)); echo \"tick $i of {lines}\"; sleep 0.1; done\n\
             touch /root/{name}"
        ),
    )
}

impl Lab {
    /// A job of these steps in the lab's folder.
    pub fn steps(&self, name: &str, steps: &[String]) {
        let mut text = format!("title = \"{name}\"\n");
        for step in steps {
            let _ = write!(text, "\n{step}");
        }
        self.job(name, &text);
    }
}

impl Host<'_> {
    /// The output file of an attempt of the newest run.
    pub fn out(&self, attempt: u32) -> Vec<u8> {
        self.try_run(&format!("cat {}/attempt-{attempt}/out", self.last_run())).stdout
    }

    /// How many lines a file has there; 0 where there is none.
    pub fn lines(&self, path: &str) -> usize {
        self.run(&format!("cat {path} 2>/dev/null || true")).lines().count()
    }
}

impl Done {
    /// Every byte of the output was reported once, in order: the offsets go on
    /// where the last text ended, and all of it is what the host has.
    #[track_caller]
    pub fn has_all_output(&self, host: &Host<'_>) {
        let mut at = 0;
        for event in self.all("step.output") {
            assert_eq!(event["offset"], at, "a gap or an overlap: {event}");
            at += event["output"].as_str().expect("text").len();
        }
        let out = host.out(1);
        assert!(
            self.output().as_bytes() == out,
            "reported and written differ:\n{}\n--- the host's:\n{}",
            self.output(),
            String::from_utf8_lossy(&out)
        );
    }

    /// The id of the run that the last event is about.
    pub fn run(&self) -> &str {
        self.last()["run"].as_str().expect("a run")
    }

    /// Each step (and handler) was started once in the first attempt's journal, in order.
    #[track_caller]
    pub fn each_step_started_once(&self, host: &Host<'_>) {
        let journal = host.journal(1);
        let started: Vec<usize> = journal
            .iter()
            .filter_map(|line| line.split_once(" start ")?.1.split(' ').next()?.parse().ok())
            .collect();
        let mut once = started.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(started, once, "{journal:#?}");
        assert_eq!(started.len(), self.all("step.started").len(), "{journal:#?}");
    }
}
