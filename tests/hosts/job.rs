//! Job files for tests, and what their steps use to wait for the test.

/// A job of these steps, each a name and what it runs. A step is in place once it has run.
pub fn of(steps: &[(&str, &str)]) -> String {
    with("", steps)
}

/// The same with something before the steps: `needs`, `systems`, parameters.
pub fn with(head: &str, steps: &[(&str, &str)]) -> String {
    let mut text = format!("title = \"Test\"\n{head}\n");
    for (name, run) in steps {
        text.push_str(&format!(
            "[[steps]]\nname = \"{name}\"\ntitle = \"Step {name}\"\n\
             check = \"[ -e /root/{name}.done ]\"\nrun = '''\n{run}\ntouch /root/{name}.done\n'''\n"
        ));
    }
    text
}

/// What a step runs to say that it runs, and to wait until the host's `/root/go` is there.
pub const WAIT: &str = "touch /root/waits; until [ -e /root/go ]; do sleep 0.05; done";

/// On the host: whether a step is at [`WAIT`].
pub const WAITS: &str = "[ -e /root/waits ]";

/// On the host: lets the step go on.
pub const GO: &str = "touch /root/go";
