//! A wrong command touches no host: exit 2, and one message with the cause and
//! the next step on standard error.

use std::fs;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::job;

/// Job files, and commands that go wrong with them.
struct Jobs(TempDir);

impl Jobs {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder");
        for (name, text) in files {
            fs::write(folder.path().join(format!("{name}.toml")), text).expect("a job file");
        }
        Self(folder)
    }

    /// What `groundcrew apply` says to these arguments, with `--json` and without; it must refuse.
    #[track_caller]
    fn refuses(&self, arguments: &[&str]) -> String {
        let said = [true, false].map(|json| {
            let mut command = Command::new("setsid");
            command.arg(env!("CARGO_BIN_EXE_groundcrew")).arg("apply").args(arguments);
            command.arg("--jobs").arg(self.0.path()).args(json.then_some("--json"));
            let output = command
                .stdin(Stdio::null())
                .env("RUST_BACKTRACE", "1")
                .env_remove("GROUNDCREW_JOBS")
                .output()
                .expect("groundcrew");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{said}");
            said
        });
        let [_, one] = said;
        assert_eq!(one.matches("error: ").count(), 1, "one message: {one}");
        for word in ["backtrace", "panicked", "src/", "Error {"] {
            assert!(!one.contains(word), "{word}: {one}");
        }
        one
    }
}

/// An address that is nobody's: a run that gets so far fails otherwise.
const NOBODY: &str = "root@192.0.2.1";

/// `texts` are the cause and the next step.
#[track_caller]
fn says(said: &str, texts: &[&str]) {
    for text in texts {
        assert!(said.contains(text), "{text:?} is missing: {said}");
    }
}

/// A job with one parameter.
fn with_parameter(name: &str, kind: &str) -> String {
    job::with(&format!("[params.{name}]\ntype = \"{kind}\""), &[("one", "")])
}

#[test]
fn an_unknown_job() {
    let jobs = Jobs::new(&[]);
    says(&jobs.refuses(&["ngnix", NOBODY]), &["no job `ngnix`", "did you mean `nginx`?"]);
    says(&jobs.refuses(&["whatever", NOBODY]), &["no job `whatever`", "groundcrew jobs list"]);
    says(&jobs.refuses(&["nginx,", NOBODY]), &["one comma between them, as nginx,redis"]);
}

#[test]
fn a_parameter_of_the_wrong_type() {
    let jobs = Jobs::new(&[("web", &with_parameter("listen", "port"))]);
    for (value, shown) in [("http", "\"http\""), ("0", "\"0\""), ("70000", "\"70000\"")] {
        let given = format!("listen={value}");
        let said = jobs.refuses(&["web", NOBODY, "-p", &given]);
        says(&said, &["listen", "must be a port from 1 to 65535", shown]);
    }
    says(&jobs.refuses(&["web", NOBODY, "-p", "listen"]), &["NAME=VALUE"]);
}

/// Promise 8: a secret that is refused is not in the refusal.
#[test]
fn a_secret_that_is_too_short() {
    let jobs = Jobs::new(&[("web", &with_parameter("password", "secret"))]);
    let said = jobs.refuses(&["web", NOBODY, "-p", "password=q7z"]);
    says(&said, &["password", "at least 4 characters"]);
    assert!(!said.contains("q7z"), "{said}");
}

#[test]
fn a_missing_or_unknown_or_repeated_parameter() {
    let jobs = Jobs::new(&[("web", &with_parameter("domain", "domain"))]);
    says(&jobs.refuses(&["web", NOBODY]), &["domain", "-p domain="]);
    let said = jobs.refuses(&["web", NOBODY, "-p", "domain=a.org", "-p", "domian=b.org"]);
    says(&said, &["domian", "did you mean `domain`?"]);
    let said = jobs.refuses(&["web", NOBODY, "-p", "domain=a.org", "-p", "domain=b.org"]);
    says(&said, &["domain", "given twice; give it once"]);
    let file = jobs.0.path().join("gone").display().to_string();
    let said = jobs.refuses(&["web", NOBODY, "-P", &format!("domain={file}")]);
    says(&said, &["domain", &file, "No such file"]);
}

/// Promise 10: a parameter must not take a name that the shell or a tool reads.
#[test]
fn a_reserved_parameter_name() {
    let jobs = Jobs::new(&[("web", &with_parameter("path", "string"))]);
    let said = jobs.refuses(&["web", NOBODY, "-p", "path=x"]);
    says(&said, &["web.toml:2:9: ", "`path`", "is read by the shell; choose another name"]);
}

#[test]
fn needs_that_go_in_circles() {
    let needing = |name: &str| job::with(&format!("needs = [\"{name}\"]"), &[("one", "")]);
    let jobs = Jobs::new(&[("a", &needing("b")), ("b", &needing("c")), ("c", &needing("a"))]);
    let said = jobs.refuses(&["a", NOBODY]);
    says(&said, &["a.toml:2:10: ", "a → b → c → a", "take one of them out"]);
}

#[test]
fn a_job_file_with_a_typo() {
    let text = job::of(&[("one", "")]).replace("check = ", "chek = ");
    let jobs = Jobs::new(&[("web", &text)]);
    // Any job: a catalog is sound as a whole, or not at all.
    let said = jobs.refuses(&["nginx", NOBODY]);
    says(&said, &["web.toml:6:1: unknown key `chek`", "did you mean `check`?"]);
    let jobs = Jobs::new(&[("web", "title = \"Web")]);
    says(&jobs.refuses(&["nginx", NOBODY]), &["web.toml:1:"]);
    let said = Jobs::new(&[]).refuses_folder();
    says(&said, &["can't read the folder of jobs", "--jobs or GROUNDCREW_JOBS"]);
}

impl Jobs {
    /// The same for a folder that is not there.
    #[track_caller]
    fn refuses_folder(mut self) -> String {
        let folder = self.0.path().to_owned();
        fs::remove_dir(&folder).expect("an empty folder");
        self.0.disable_cleanup(true);
        self.refuses(&["nginx", NOBODY])
    }
}

#[test]
fn a_host_that_is_given_twice() {
    let said = Jobs::new(&[]).refuses(&["nginx", NOBODY, "root@192.0.2.2", NOBODY]);
    says(&said, &[NOBODY, "given twice; name it once"]);
}

#[test]
fn a_target_that_is_none() {
    let jobs = Jobs::new(&[]);
    says(&jobs.refuses(&["nginx", "root@"]), &["names no host", "USER@HOST:PORT"]);
    says(&jobs.refuses(&["nginx", "root@a:ssh"]), &["\"ssh\" is no port (1 to 65535)"]);
    says(&jobs.refuses(&["nginx", "root@-oProxyCommand=id"]), &["begins with `-`"]);
    says(&jobs.refuses(&["nginx", "root@a;id"]), &["no host or user has: ';'"]);
    says(&jobs.refuses(&["nginx"]), &["USER@HOST", "--help"]);
}

#[test]
fn a_key_or_a_configuration_that_can_not_be_read() {
    let jobs = Jobs::new(&[]);
    let gone = jobs.0.path().join("gone").display().to_string();
    for flag in ["-i", "-F"] {
        let said = jobs.refuses(&["nginx", NOBODY, flag, &gone]);
        says(&said, &[flag, "can't read", &gone, "No such file"]);
    }
    let folder = jobs.0.path().display().to_string();
    says(&jobs.refuses(&["nginx", NOBODY, "-i", &folder]), &[&folder, "it is a folder"]);
}

#[test]
fn a_fingerprint_that_is_none() {
    let said = Jobs::new(&[]).refuses(&["nginx", NOBODY, "--fingerprint", "MD5:00:11"]);
    says(&said, &["SHA256:", "ssh-keygen -l"]);
}
