//! Promise 10: a value is never spliced into shell text. Whatever it holds
//! arrives byte for byte, in a step's environment and in a rendered file, and
//! runs nothing.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::harness::{Done, Host, Lab};
use crate::job;

/// Writes each of so many values from its environment, and from a template.
fn job_of_values(count: usize) -> String {
    let (mut head, mut run, mut files) = (String::new(), String::new(), String::new());
    for i in 0..count {
        head.push_str(&format!("[params.value_{i}]\ntype = \"string\"\n"));
        run.push_str(&format!("printf %s \"$VALUE_{i}\" >/root/environment_{i}\n"));
        run.push_str(&format!("printf '[%s]\\n' \"$VALUE_{i}\"\n"));
        files.push_str(&format!(
            "[[steps]]\nname = \"file_{i}\"\ntitle = \"File\"\n\
             file = {{ path = \"/root/file_{i}\", template = \"{{{{ value_{i} }}}}\" }}\n"
        ));
    }
    job::with(&head, &[("environment", &run)]) + &files
}

/// The content of such files on the host, in the order of their numbers.
fn contents(host: &Host<'_>, name: &str, count: usize) -> Vec<Vec<u8>> {
    let all = host.run(&format!(
        "for i in $(seq 0 {}); do base64 -w0 /root/{name}_$i; echo .; done",
        count - 1
    ));
    let decode = |line: &str| STANDARD.decode(line.trim_end_matches('.')).expect("base64");
    all.lines().map(decode).collect()
}

/// The output, whose offsets have no holes and end where the host's file ends.
#[track_caller]
fn whole_output(host: &Host<'_>, done: &Done) -> String {
    let mut end = 0;
    for event in done.all("step.output") {
        assert_eq!(event["offset"], end, "a hole or an overlap: {event}");
        end += event["output"].as_str().expect("output").len() as u64;
    }
    let size = host.run(&format!("stat -c %s {}/attempt-1/out", host.last_run()));
    assert_eq!(size, end.to_string(), "all of it");
    done.output()
}

fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "$(touch /root/pwned); \"",
        "`touch /root/pwned`",
        "'; touch /root/pwned; '",
        "\n touch /root/pwned\n",
        "line\nline\n\n\n",
        "\n",
        "",
        "\\ \\\\ \\n \\0 \\x41 \\",
        "%s %d %% %n",
        "-n",
        "--help",
        "$HOME ${VALUE} $$ !! ~ * ? [a-z] {a,b}",
        "{{ value }} {% raw %} {# no #} <&>",
        "a\tb\rc\u{1b}[31md\u{7f}",
        "ü€🦀\u{202e}\u{0}".trim_end_matches('\0'),
        "  spaces  ",
        "EOF\nEND\n.\n",
    ]
    .map(str::to_owned)
    .to_vec();
    values.push("0123456789 \"'\\\n$(touch /root/pwned)".repeat(60 * 1024 / 36));
    // One that no list thought of: each character that there is in ASCII.
    values.push((1..=127).map(char::from).collect());
    values
}

/// Both arrived, and nothing of any of them was executed.
#[track_caller]
fn arrived(host: &Host<'_>, values: &[String]) {
    for name in ["environment", "file"] {
        let contents = contents(host, name, values.len());
        for (content, value) in contents.iter().zip(values) {
            let shown = value.chars().take(60).collect::<String>();
            assert_eq!(content, value.as_bytes(), "{name}: {shown:?}");
        }
    }
    host.run("[ ! -e /root/pwned ]");
}

/// Issue 2, point 6, for values on the command line.
#[test]
fn values_arrive_byte_for_byte() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let values = values();
    lab.job("values", &job_of_values(values.len()));
    let given: Vec<String> =
        values.iter().enumerate().map(|(i, value)| format!("value_{i}={value}")).collect();
    let given: Vec<&str> = given.iter().flat_map(|given| ["-p", given]).collect();
    let done = host.apply("values").args(&given).json().completed();
    arrived(&host, &values);
    let printed: String = values.iter().map(|value| format!("[{value}]\n")).collect();
    assert_eq!(whole_output(&host, &done), printed);
    // Twice changes nothing: the check compares the same bytes.
    assert_eq!(host.apply("values").args(&given).json().completed().count(true), 0);
}

/// The same for values in files; the newline that an editor leaves at the end is not part of it.
#[test]
fn values_of_files_arrive_byte_for_byte() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let values = values();
    lab.job("values", &job_of_values(values.len()));
    let mut apply = host.apply("values");
    for (i, value) in values.iter().enumerate() {
        let file = lab.folder.path().join(format!("value {i}"));
        fs::write(&file, format!("{value}\n")).expect("a file");
        apply = apply.arg("-P").arg(format!("value_{i}={}", file.display()));
    }
    apply.json().completed();
    arrived(&host, &values);

    let file = lab.folder.path().join("value 0");
    fs::write(&file, "no newline").expect("a file");
    lab.job("one", &job_of_values(1));
    let given = format!("value_0={}", file.display());
    host.run("rm /root/environment*");
    host.apply("one").args(&["-P", &given]).json().completed();
    arrived(&host, &["no newline".to_owned()]);
}
