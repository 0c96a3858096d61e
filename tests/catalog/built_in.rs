//! The jobs inside the binary.

use std::fs;

use groundcrew::catalog::{Catalog, shellcheck};
use groundcrew::model::Action;

use crate::{environment, load, plan, step};

/// Every job of the binary loads, and can be planned with its defaults where it has them all.
#[test]
fn built_in_jobs_are_sound() {
    let catalog = Catalog::embedded().unwrap_or_else(|mistakes| panic!("{mistakes}"));
    for job in catalog.jobs().filter(|job| job.parameters.iter().all(|p| p.default.is_some())) {
        plan(&catalog, &[&job.name], &[]).unwrap_or_else(|error| panic!("{}: {error}", job.name));
    }
    let files = fs::read_dir("jobs").expect("the folder of jobs").filter(|entry| {
        entry.as_ref().is_ok_and(|e| e.path().extension().is_some_and(|end| end == "toml"))
    });
    assert_eq!(catalog.jobs().count(), files.count(), "each file in jobs/ is in the binary");
}

/// The Nginx installer has its ten steps, in this order.
#[test]
fn nginx_has_ten_steps() {
    let catalog = Catalog::embedded().expect("sound jobs");
    let plan = plan(&catalog, &["nginx"], &[]).expect("a plan");
    let names: Vec<&str> = plan.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "prepare_system",
            "package_source",
            "remove_conflicting_web_servers",
            "install_software",
            "enable_service",
            "default_site",
            "set_permissions",
            "configure_nginx",
            "verify",
            "finish",
        ]
    );
    assert_eq!(environment(&plan), [("APP_USER", "deploy")]);
    assert_eq!(plan.handlers.len(), 1, "one reload, whatever changed");
    let site = plan.steps.iter().find_map(|step| match &step.action {
        Action::File { path, mode, content, .. } => Some((path.as_str(), mode.as_str(), content)),
        _ => None,
    });
    let (path, mode, content) = site.expect("a file");
    assert_eq!((path, mode), ("/etc/nginx/sites-available/default", "0644"));
    assert!(content.ends_with("}\n"), "the last line break is kept");
}

/// The prelude and every script of every built-in job pass shellcheck.
#[test]
fn scripts_pass_shellcheck() {
    let catalog = Catalog::embedded().expect("sound jobs");
    let checked = shellcheck(&catalog).unwrap_or_else(|error| panic!("{error}"));
    checked.unwrap_or_else(|mistakes| panic!("{mistakes}"));
}

/// What shellcheck finds is told at its line and column in the job file.
#[test]
fn shellcheck_answers_by_place_in_the_job_file() {
    let script = step("check = '''\ntrue\n  echo $HOME\n'''\nrun = \"true\"");
    let catalog = load(&[("test.toml", &script)]).expect("a sound job");
    let found = shellcheck(&catalog).expect("shellcheck is installed").expect_err("a finding");
    let place = found.0[0].place.clone().expect("a place");
    assert_eq!((place.line, place.column, place.text.as_str()), (7, 8, "  echo $HOME"));
    assert_eq!(place.width, "$HOME".len());
}
