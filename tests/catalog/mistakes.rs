//! Mistakes in job files: each is told with its place and a way out.

use std::fs;

use groundcrew::catalog::Catalog;

use crate::{job, load, step};

/// The mistakes of these files, each as "file:line:column: message | help".
fn mistakes(files: &[(&str, &str)]) -> Vec<String> {
    let mistakes = load(files).expect_err("a broken catalog").0;
    let told = mistakes.iter().map(|mistake| {
        let file = mistake.file.rsplit('/').next().unwrap_or_default();
        let place = mistake.place.as_ref().map(|p| format!("{}:{}", p.line, p.column));
        let (place, help) = (place.unwrap_or_default(), mistake.help.clone().unwrap_or_default());
        format!("{file}:{place}: {} | {help}", mistake.message)
    });
    told.collect()
}

/// Asserts that the only mistake of one file is this one.
#[track_caller]
fn only_mistake(text: &str, expected: &str) {
    assert_eq!(mistakes(&[("test.toml", text)]), [format!("test.toml:{expected}")]);
}

/// A typo in a key is told with file, line, column, the line, a caret and what was meant.
#[test]
fn a_typo_is_shown_where_it_is() {
    let text = "needs = []\ntitel = \"Test\"\n[[steps]]\nname = \"ok\"\ntitle = \"Ok\"\nassert = \"true\"\n";
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("test.toml"), text).expect("a job file");
    let told = Catalog::load(folder.path()).expect_err("a typo").to_string();
    let expected = format!(
        "{}/test.toml:2:1: unknown key `titel`\n  \
           |\n\
         2 | titel = \"Test\"\n  \
           | ^^^^^ did you mean `title`?\n\n\
         The catalog has a mistake.",
        folder.path().display()
    );
    assert_eq!(told, expected);
}

/// Every mistake of every file is told in one go.
#[test]
fn all_mistakes_are_told() {
    let found = mistakes(&[
        (
            "a.toml",
            "titel = \"A\"\nneeds = 3\n[[steps]]\nname = \"A\"\ntitle = \"x\"\nassert = \"\"\n",
        ),
        ("b.toml", "title = \"B\n"),
    ]);
    assert_eq!(
        found,
        [
            "a.toml:1:1: unknown key `titel` | did you mean `title`?",
            "a.toml:2:9: `needs` must be a list of strings, not an integer | ",
            "a.toml:4:8: `A` can't be the name of a step | \
         use a-z, 0-9 and _, beginning with a letter, at most 64",
            "a.toml:6:10: `assert` is empty | ",
            "b.toml:1:11: not TOML: invalid basic string, expected `\"` | ",
        ]
    );
}

/// What is no job at all: an empty file, no UTF-8, a bad name, a folder that is not there.
#[test]
fn files_that_are_no_jobs_are_refused() {
    assert_eq!(
        mistakes(&[("test.toml", "")]),
        [
            "test.toml:1:1: `title` is missing | add `title = \"…\"`",
            "test.toml:1:1: `steps` is missing | add `[[steps]]`",
        ]
    );
    assert!(
        mistakes(&[("Test 1.toml", &job(""))])[0].contains("`Test 1` can't be the name of a job")
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("test.toml"), b"title = \"\xff\"").expect("a job file");
    let told = Catalog::load(folder.path()).expect_err("no UTF-8").to_string();
    assert!(told.contains("test.toml: is not UTF-8 text"), "{told}");
    let told = Catalog::load(&folder.path().join("gone")).expect_err("no folder").to_string();
    assert!(told.contains("can't read the folder of jobs: No such file"), "{told}");
}

/// A step does exactly one thing, has a name of its own and a sensible time limit.
#[test]
fn steps_are_checked() {
    let action = |body: &str| mistakes(&[("test.toml", &step(body))]).concat();
    assert!(action("").contains("2:1: the step does nothing"));
    assert!(action("run = \"x\"").contains("a `run` without a `check`"));
    assert!(action("check = \"x\"").contains("a `check` without a `run`"));
    assert!(action("check = \"x\"\nrun = \"x\"\nassert = \"x\"").contains("more than one thing"));
    assert!(action("assert = \"x\"\non_change = \"reload x\"").contains("changes nothing"));
    assert!(action("assert = \"x\"\ntimeout = \"10\"").contains("6:11: `timeout` must be"));
    assert!(action("assert = \"x\"\ntimeout = \"25h\"").contains("at most a day"));
    assert!(action("assert = \"x\"\ntimeout = \"0s\"").contains("6:11: `timeout` must be"));
    let twice = format!(
        "{}{}",
        step("assert = \"x\""),
        step("assert = \"x\"").replacen("title = \"Test\"\n", "", 1)
    );
    only_mistake(&twice, "7:8: a second step `ok` | name it otherwise");
}

/// A script that opens its output by path would empty the run's output on the host.
#[test]
fn opening_the_output_by_path_is_refused() {
    only_mistake(
        &step("check = \"x\"\nrun = '''\ntrue\n\techo no > /dev/stderr\n'''"),
        "8:10: opens the output by its path: that is a plain file on the host, and would be \
         emptied | write `>&2`",
    );
}

/// Promise 10: names that the shell or the system's tools read are refused.
#[test]
fn reserved_names_are_refused() {
    only_mistake(
        &job("[params.path]\ntype = \"string\""),
        "2:9: a parameter can't be called `path` | $PATH is read by the shell; choose another name",
    );
    only_mistake(
        &job("[params.ld_preload]\ntype = \"path\""),
        "2:9: a parameter can't be called `ld_preload` | $LD_PRELOAD is read by the C library; \
         choose another name",
    );
}

/// Parameters have a known type, a default that fits it, and secrets have none.
#[test]
fn parameters_are_checked() {
    only_mistake(
        &job("[params.a]\ntype = \"strng\""),
        "3:8: unknown type `strng` | did you mean `string`?",
    );
    only_mistake(
        &job("[params.a]\ntitle = \"A\""),
        "2:1: `type` is missing | add `type = \"string\"`",
    );
    only_mistake(
        &job("[params.a]\ntype = \"port\"\ndefault = 70000"),
        "4:11: the default must be a port from 1 to 65535, not \"70000\" | ",
    );
    only_mistake(
        &job("[params.a]\ntype = \"secret\"\ndefault = \"hunter22\""),
        "4:11: a secret with a default is none | \
         remove the default: whoever runs the job gives the secret",
    );
    only_mistake(
        &job("[params.a]\ntype = \"choice\""),
        "2:1: `choices` is missing | add `choices = [\"small\", \"big\"]`",
    );
    only_mistake(
        &job("[params.A-b]\ntype = \"string\""),
        "2:9: `A-b` can't be the name of a parameter | \
         use a-z, 0-9 and _, beginning with a letter, at most 64",
    );
}

/// A template that names what is no parameter is found when the catalog is
/// read, not when a host waits for its file.
#[test]
fn templates_are_checked() {
    let file = |template: &str| {
        format!(
            "{}[params.name]\ntype = \"string\"\n",
            step(&format!(
                "[steps.file]\npath = \"/etc/x\"\ntemplate = '''\nname\n{template}\n'''"
            ))
        )
    };
    only_mistake(
        &file("a {{ nam }}"),
        "9:6: the job has no parameter `nam` | did you mean `name`?",
    );
    only_mistake(
        &file("a {{ name }"),
        "9:11: syntax error: unexpected `}`, expected end of variable block | ",
    );
    only_mistake(&file("{{ name | uper }}"), "9:11: unknown filter: filter uper is unknown | ");
}

/// A file's path, mode and owner are checked, and one with a secret says who may read it.
#[test]
fn files_are_checked() {
    let file = |lines: &str| step(&format!("[steps.file]\ntemplate = \"x\"\n{lines}"));
    let told = |lines: &str| mistakes(&[("test.toml", &file(lines))]).concat();
    assert!(told("path = \"etc/x\"").contains("7:8: `path` must be an absolute path"));
    assert!(told("path = \"/etc/../x\"").contains("without `..`"));
    assert!(told("path = \"/x\"\nmode = \"644\"").contains("did you mean `0644`?"));
    assert!(told("path = \"/x\"\nowner = \"a b\"").contains("8:9: `owner` must be a name"));
    assert!(told("").contains("`path` is missing"));
    let secret = format!(
        "{}[params.key]\ntype = \"secret\"\n",
        step("[steps.file]\npath = \"/x\"\ntemplate = \"{{ key }}\"")
    );
    only_mistake(
        &secret,
        "5:1: the file holds a secret, and does not say who may read it | add `mode = \"0600\"`",
    );
}

/// `needs` that names no job, or goes round in a circle, is told with its place.
#[test]
fn needs_are_checked() {
    only_mistake(
        &job("needs = [\"ngnix\"]"),
        "2:10: there is no job `ngnix` | did you mean `nginx`?",
    );
    let (a, b, c) = (job("needs = [\"b\"]"), job("needs = [\"c\"]"), job("needs = [\"a\"]"));
    assert_eq!(
        mistakes(&[("a.toml", &a), ("b.toml", &b), ("c.toml", &c)]),
        ["a.toml:2:10: `needs` goes round in a circle: a → b → c → a | take one of them out"]
    );
    only_mistake(
        &job("needs = [\"test\"]"),
        "2:10: `needs` goes round in a circle: test → test | take one of them out",
    );
}

/// A job that brings two others into one run, which mean different things by
/// one parameter, is refused before anyone asks for it.
#[test]
fn needs_that_can_not_share_a_parameter_are_refused() {
    let port = job("[params.size]\ntype = \"port\"");
    let text = job("needs = [\"port\"]\n[params.size]\ntype = \"string\"");
    let found = mistakes(&[("port.toml", &port), ("text.toml", &text)]);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("text.toml:2:10: brings `port` and `text` into one run"),
        "{found:?}"
    );
}
