//! From what a person asks for to a plan, or to a clear refusal.

use groundcrew::catalog::Catalog;
use groundcrew::model::Action;

use crate::{environment, job, load, plan};

/// Jobs come after those that they need, and what several need comes once.
#[test]
fn needed_jobs_come_first_and_once() {
    let (base, web, db) = (job(""), job("needs = [\"base\"]"), job("needs = [\"base\"]"));
    let all = job("needs = [\"web\", \"db\"]");
    let catalog = load(&[
        ("zz-base.toml", &base.replace("Test", "Base")),
        ("web.toml", &web.replace("base", "zz-base")),
        ("db.toml", &db.replace("base", "zz-base")),
        ("all.toml", &all),
    ])
    .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let names = |jobs: &[&str]| -> Vec<String> {
        plan(&catalog, jobs, &[]).expect("a plan").jobs.into_iter().map(|job| job.name).collect()
    };
    assert_eq!(names(&["all"]), ["zz-base", "web", "db", "all"]);
    assert_eq!(names(&["db", "all", "db"]), ["zz-base", "db", "web", "all"]);
}

/// An operator's file wins over the built-in one of its name.
#[test]
fn an_operators_job_wins() {
    let catalog = load(&[("nginx.toml", &job("")), ("README.md", "no job")]).expect("sound jobs");
    assert_eq!(catalog.job("nginx").expect("a job").title, "Test");
}

/// An unknown job names the one that was meant.
#[test]
fn an_unknown_job_is_refused() {
    let catalog = Catalog::embedded().expect("sound jobs");
    assert_eq!(
        plan(&catalog, &["ngnix"], &[]).expect_err("unknown"),
        "there is no job `ngnix`; did you mean `nginx`?"
    );
    assert_eq!(
        plan(&catalog, &["kubernetes"], &[]).expect_err("unknown"),
        "there is no job `kubernetes`; `groundcrew jobs list` shows all"
    );
}

/// Missing, unknown and wrong parameters are told together, each with a way out.
#[test]
fn bad_parameters_are_refused() {
    let text = job(
        "[params.site]\ntitle = \"The site\"\ntype = \"domain\"\n[params.web_port]\ntype = \"port\"",
    );
    let catalog = load(&[("test.toml", &text)]).expect("sound jobs");
    let told = plan(&catalog, &["test"], &[("web_prt", "1"), ("web_port", "http")]);
    assert_eq!(
        told.expect_err("three errors").lines().collect::<Vec<_>>(),
        [
            "these jobs have no parameter `web_prt`; did you mean `web_port`?",
            "parameter `site` (The site) is missing: give a domain, as in example.org (an \
         international one as xn--…), with `-p site=…`",
            "parameter `web_port` must be a port from 1 to 65535, not \"http\"",
        ]
    );
}

/// Promise 8: a refused secret is not in the message, and a secret's value not in `{:?}` of a plan.
#[test]
fn secrets_are_not_shown() {
    let catalog =
        load(&[("test.toml", &job("[params.key]\ntype = \"secret\""))]).expect("sound jobs");
    let told = plan(&catalog, &["test"], &[("key", "q7z")]).expect_err("too short");
    assert!(told.contains("can't be masked") && !told.contains("q7z"), "{told}");
    let plan = plan(&catalog, &["test"], &[("key", "q7z-q7z")]).expect("a plan");
    assert_eq!(plan.secrets().collect::<Vec<_>>(), ["q7z-q7z"]);
    assert!(!format!("{plan:?}").contains("q7z"));
}

/// Promise 10: a value with shell syntax or a line break arrives as it is, and is in no script.
#[test]
fn values_are_never_part_of_a_script() {
    let nasty = "$(touch pwned); \"\n'`x`{{ motd }}";
    let text = "title = \"Test\"\n[params.motd]\ntype = \"string\"\n[[steps]]\nname = \"ok\"\ntitle = \"Ok\"\n\
        check = \"false\"\nrun = 'echo \"$MOTD\"'\n[[steps]]\nname = \"motd\"\ntitle = \"Ok\"\n\
        file = { path = \"/etc/motd\", template = '<{{ motd }}>' }\n";
    let catalog = load(&[("test.toml", text)]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let plan = plan(&catalog, &["test"], &[("motd", nasty)]).expect("a plan");
    assert_eq!(environment(&plan), [("MOTD", nasty)]);
    let Action::Command { check, run } = &plan.steps[0].action else { panic!("a command") };
    assert_eq!((check.as_str(), run.as_str()), ("false", "echo \"$MOTD\""));
    let Action::File { content, .. } = &plan.steps[1].action else { panic!("a file") };
    assert_eq!(*content, format!("<{nasty}>"));
}

/// Templates see typed values, and a path that a value makes unsafe is refused.
#[test]
fn files_are_rendered_with_typed_values() {
    let text = "title = \"Test\"\n[params.tls]\ntype = \"boolean\"\ndefault = false\n[params.site]\n\
        type = \"string\"\n[[steps]]\nname = \"ok\"\ntitle = \"Ok\"\n[steps.file]\n\
        path = \"/etc/sites/{{ site }}\"\ntemplate = '''\n{% if tls %}\ntls on\n{% else %}\n\
        tls off\n{% endif %}\nend\n'''\n";
    let catalog = load(&[("test.toml", text)]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let file = |tls: &str, site: &str| {
        let plan = plan(&catalog, &["test"], &[("tls", tls), ("site", site)])?;
        match &plan.steps[0].action {
            Action::File { path, content, .. } => Ok((path.clone(), content.clone())),
            other => Err(format!("{other:?}")),
        }
    };
    assert_eq!(file("true", "a"), Ok(("/etc/sites/a".into(), "tls on\nend\n".into())));
    assert_eq!(file("false", "a"), Ok(("/etc/sites/a".into(), "tls off\nend\n".into())));
    let told = file("true", "../passwd").expect_err("an unsafe path");
    assert!(told.contains("test.toml:11:8: `path` must be an absolute path"), "{told}");
}

/// Jobs of one run share a parameter of the same name and type; with another type they can't run together.
#[test]
fn jobs_share_parameters_of_one_type() {
    let first = job("[params.size]\ntype = \"integer\"\ndefault = 1");
    let second = job("needs = [\"first\"]\n[params.size]\ntype = \"integer\"\ndefault = 2");
    let other = job("[params.size]\ntype = \"string\"\ndefault = \"x\"");
    let catalog = load(&[("first.toml", &first), ("second.toml", &second), ("other.toml", &other)])
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let shared = plan(&catalog, &["second"], &[]).expect("a plan");
    assert_eq!(environment(&shared), [("SIZE", "2")], "the job knows what it needs: its default");
    let told = plan(&catalog, &["first", "other"], &[]).expect_err("two types");
    assert!(told.starts_with("the jobs `first` and `other` can't be in one run:"), "{told}");
}

/// Steps that name the same command share one handler.
#[test]
fn equal_commands_are_one_handler() {
    let file = |name: &str, command: &str| {
        format!(
            "[[steps]]\nname = \"{name}\"\ntitle = \"Ok\"\non_change = \"{command}\"\n\
             file = {{ path = \"/etc/{name}\", template = \"\" }}\n"
        )
    };
    let text = format!(
        "title = \"Test\"\n{}{}{}",
        file("a", "reload nginx"),
        file("b", "restart php"),
        file("c", " reload nginx ")
    );
    let catalog = load(&[("test.toml", &text)]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let plan = plan(&catalog, &["test"], &[]).expect("a plan");
    let named: Vec<_> = plan.steps.iter().map(|step| step.on_change).collect();
    assert_eq!(named, [Some(0), Some(1), Some(0)]);
    assert_eq!(plan.handlers.len(), 2);
}
