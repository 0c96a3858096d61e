//! Makes a plan: the jobs in order, every value checked and filled in.

use std::collections::{BTreeMap, BTreeSet};

use super::job::Job;
use super::mistake::Mistake;
use super::nearest::did_you_mean;
use super::parameter::{Parameter, is_unix_user};
use super::source::Text;
use super::step::{FileTemplate, JobAction, is_file_path, wrong};
use super::{Catalog, order, template};
use crate::model::{Action, Handler, Plan, PlannedJob, Step, Value};

/// Why there is no plan for what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nothing was asked for.
    #[error("name at least one job; `groundcrew jobs list` shows all")]
    NoJob,
    /// There is no such job.
    #[error("there is no job `{name}`; {}", hint.as_deref().unwrap_or("`groundcrew jobs list` shows all"))]
    UnknownJob {
        /// The name as it was given.
        name: String,
        /// The question whether another one was meant.
        hint: Option<String>,
    },
    /// Two jobs of the run mean different things by one name.
    #[error("the jobs `{}` and `{}` can't be in one run: {message}", jobs.0, jobs.1)]
    Conflict {
        /// The two jobs.
        jobs: (String, String),
        /// How they differ.
        message: String,
    },
    /// Parameters that are missing, unknown or of the wrong type: all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Parameters(Vec<ParameterError>),
    /// With these values a file of the job can't be made.
    #[error("{0}")]
    File(Mistake),
}

/// What is wrong with one parameter; said to a person, also how it is given at the command line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", missing.then(|| format!(", with `-p {parameter}=…`")).unwrap_or_default())]
pub struct ParameterError {
    /// Its name.
    pub parameter: String,
    /// A whole sentence with cause and next step. Holds no secret.
    pub message: String,
    /// Whether it was not given, and must be.
    pub missing: bool,
}

impl Catalog {
    /// A plan for these jobs and all that they need, with these values of their parameters.
    pub fn plan(
        &self,
        names: &[impl AsRef<str>],
        values: &BTreeMap<String, String>,
    ) -> Result<Plan, PlanError> {
        let wanted: Vec<&Job> =
            names.iter().map(|name| self.job(name.as_ref())).collect::<Result<_, _>>()?;
        if wanted.is_empty() {
            return Err(PlanError::NoJob);
        }
        let jobs = order::order(&self.jobs, &wanted);
        let values = fill_in(&shared(&jobs)?, values)?;
        let rendered: template::Values =
            values.iter().map(|(p, v)| (p.name.clone(), template::value(&p.kind, v))).collect();

        let mut steps = Vec::new();
        let mut handlers: Vec<Handler> = Vec::new();
        for job in &jobs {
            for step in &job.steps {
                let on_change = step.on_change.as_ref().map(|command| {
                    let command = command.trim();
                    handlers.iter().position(|h| h.command == command).unwrap_or_else(|| {
                        let (job, command) = (job.name.clone(), command.to_owned());
                        handlers.push(Handler { job, command, timeout: step.timeout });
                        handlers.len() - 1
                    })
                });
                steps.push(Step {
                    job: job.name.clone(),
                    name: step.name.clone(),
                    title: step.title.clone(),
                    action: action(job, &step.action, &rendered).map_err(PlanError::File)?,
                    timeout: step.timeout,
                    on_change,
                });
            }
        }
        let planned = |job: &&Job| PlannedJob {
            name: job.name.clone(),
            title: job.title.clone(),
            systems: job.systems.clone(),
        };
        let value = |(p, value): (&Parameter, String)| Value {
            variable: p.variable(),
            value,
            secret: p.kind.is_secret(),
        };
        Ok(Plan {
            jobs: jobs.iter().map(planned).collect(),
            steps,
            handlers,
            values: values.into_iter().map(value).collect(),
        })
    }
}

/// The parameters of all jobs of a run, each once, in the order of the jobs.
/// Where jobs share one, the last job's default counts: a job knows the ones
/// that it needs, and not the other way round.
fn shared<'a>(jobs: &[&'a Job]) -> Result<Vec<&'a Parameter>, PlanError> {
    let mut shared: Vec<(&Job, &Parameter)> = Vec::new();
    for job in jobs {
        for parameter in &job.parameters {
            let Some(known) = shared.iter_mut().find(|(_, p)| p.name == parameter.name) else {
                shared.push((job, parameter));
                continue;
            };
            if known.1.kind != parameter.kind {
                return Err(PlanError::Conflict {
                    jobs: (known.0.name.clone(), job.name.clone()),
                    message: format!(
                        "in one the parameter `{}` is {}, in the other {}",
                        parameter.name,
                        known.1.kind.wanted(),
                        parameter.kind.wanted()
                    ),
                });
            }
            *known = (job, parameter);
        }
    }
    Ok(shared.into_iter().map(|(_, parameter)| parameter).collect())
}

/// Jobs that can never run, because they and what they need mean different
/// things by one parameter.
pub(super) fn conflicts(jobs: &BTreeMap<String, Job>) -> Vec<Mistake> {
    let mut told = BTreeSet::new();
    let mut mistakes = Vec::new();
    for job in jobs.values() {
        if let Err(PlanError::Conflict { jobs: pair, message }) =
            shared(&order::order(jobs, &[job]))
            && told.insert(pair.clone())
        {
            let at = job.needs.first().map_or(0..0, |need| need.span.clone());
            let message = format!("brings `{}` and `{}` into one run: {message}", pair.0, pair.1);
            mistakes.push(job.source.mistake(at, message).help("rename the parameter in one"));
        }
    }
    mistakes
}

/// Each parameter with its value, or everything that is wrong with the values.
fn fill_in<'a>(
    parameters: &[&'a Parameter],
    given: &BTreeMap<String, String>,
) -> Result<Vec<(&'a Parameter, String)>, PlanError> {
    let mut filled = Vec::new();
    let mut errors = Vec::new();
    let names = || parameters.iter().map(|parameter| parameter.name.as_str());
    for name in given.keys().filter(|name| !names().any(|known| known == name.as_str())) {
        let known = match names().collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => "they take none".into(),
            known => format!("they take {known}"),
        };
        let hint = did_you_mean(name, names()).unwrap_or(known);
        let message = format!("these jobs have no parameter `{name}`; {hint}");
        errors.push(ParameterError { parameter: name.clone(), message, missing: false });
    }
    for parameter in parameters {
        let Parameter { name, title, kind, .. } = parameter;
        let value = given.get(name);
        let message = match (value, &parameter.default) {
            (Some(value), _) => match kind.check(value) {
                Ok(value) => {
                    filled.push((*parameter, value));
                    continue;
                }
                Err(why) => format!("parameter `{name}` {why}"),
            },
            (None, Some(default)) => {
                filled.push((*parameter, default.clone()));
                continue;
            }
            (None, None) => {
                let title = title.as_ref().map(|title| format!(" ({title})")).unwrap_or_default();
                let wanted = kind.wanted();
                format!("parameter `{name}`{title} is missing: give {wanted}")
            }
        };
        let (parameter, missing) = (name.clone(), value.is_none());
        errors.push(ParameterError { parameter, message, missing });
    }
    if errors.is_empty() { Ok(filled) } else { Err(PlanError::Parameters(errors)) }
}

fn action(job: &Job, action: &JobAction, values: &template::Values) -> Result<Action, Mistake> {
    Ok(match action {
        JobAction::Command { check, run } => {
            Action::Command { check: check.value.clone(), run: run.value.clone() }
        }
        JobAction::Assert { assert } => Action::Assert { assert: assert.value.clone() },
        JobAction::File(FileTemplate { path, owner, group, mode, content }) => {
            let render = |text: &Text| {
                template::render(text, values).map_err(|error| {
                    let place = template::place(&job.source, text, &error);
                    job.source.mistake(place, template::reason(&error))
                })
            };
            let checked = |key: &str, text: &Text, fits: fn(&str) -> bool| {
                let value = render(text)?;
                match fits(&value) {
                    true => Ok(value),
                    false => Err(job.source.mistake(text.span.clone(), wrong(key, &value))),
                }
            };
            Action::File {
                path: checked("path", path, is_file_path)?,
                owner: checked("owner", owner, is_unix_user)?,
                group: checked("group", group, is_unix_user)?,
                mode: mode.clone(),
                content: render(content)?,
            }
        }
    })
}
