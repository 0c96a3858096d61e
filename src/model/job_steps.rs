//! A run, job by job: where each job stands follows from its steps and from the run.

use super::provisioning::{advice, word};
use super::{JobStepResource, Outline, Run, RunResource, RunStep, Status, StepError, StepResource};

/// The jobs of a run that is not asked for yet.
pub(super) fn to_come(outline: &Outline) -> Vec<(String, StepResource)> {
    let job = |name: &str| {
        let steps = (1_i64..).zip(&outline.steps).filter(|(_, step)| step.job == name);
        let steps = steps.map(|(number, step)| JobStepResource {
            number,
            name: step.step.clone(),
            title: step.title.clone(),
            status: Status::Pending,
            changed: None,
            started_at: None,
            finished_at: None,
        });
        (
            name.to_owned(),
            StepResource { steps: steps.collect(), ..StepResource::bare(Status::Pending) },
        )
    };
    names(outline.steps.iter().map(|step| step.job.as_str())).into_iter().map(job).collect()
}

/// The jobs of a run.
pub(super) fn of_run(resource: &RunResource) -> Vec<(String, StepResource)> {
    let run = &resource.run;
    let steps = resource.steps.iter().filter(|step| !step.handler);
    let names = names(steps.map(|step| step.job.as_str()));
    // The run is about the first job that is not in place; those after it wait.
    let mut reached = false;
    let last = names.len().saturating_sub(1);
    let jobs = names.into_iter().enumerate().map(|(place, name)| {
        // A handler that nothing has asked for yet is no step of it.
        let is_shown =
            |step: &&RunStep| step.job == name && !(step.handler && step.status == Status::Pending);
        let steps: Vec<&RunStep> = resource.steps.iter().filter(is_shown).collect();
        // Handlers come after all steps, and with them the last job ends.
        let in_place = steps.iter().all(|step| step.status == Status::Completed)
            && (place < last || run.status == Status::Completed);
        let status = match (in_place, reached) {
            (true, _) => Status::Completed,
            (false, true) => Status::Pending,
            (false, false) => run.status,
        };
        reached = !in_place || reached;
        (name.to_owned(), job(run, &steps, status))
    });
    jobs.collect()
}

/// Each job once: the steps of one stand together.
fn names<'a>(jobs: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = jobs.collect();
    names.dedup();
    names
}

fn job(run: &Run, steps: &[&RunStep], status: Status) -> StepResource {
    let begun = steps.iter().filter_map(|step| step.started_at).min();
    let ended = steps.iter().filter_map(|step| step.finished_at).max();
    let (started_at, finished_at) = match status {
        Status::Pending => (None, None),
        Status::Installing => (begun.or(run.started_at), None),
        Status::Completed => (begun, ended),
        Status::Failed | Status::Cancelled => (begun.or(run.started_at), run.finished_at),
    };
    let error = match status {
        Status::Failed => run.error_kind.map(|kind| StepError {
            kind: word(kind),
            message: run.error.clone().unwrap_or_default(),
            advice: advice(kind),
        }),
        Status::Cancelled => Some(StepError {
            kind: Status::Cancelled.as_str().to_owned(),
            message: "A person cancelled it; nothing of it runs on the server any more".to_owned(),
            advice: "Ask for it again: what is in place stays.",
        }),
        _ => None,
    };
    let steps = steps.iter().map(|step| JobStepResource {
        number: step.number,
        name: step.name.clone(),
        title: step.title.clone(),
        status: step.status,
        changed: step.changed,
        started_at: step.started_at,
        finished_at: step.finished_at,
    });
    let (status, steps) = (status.into(), steps.collect());
    let bare = StepResource::bare(Status::Pending);
    StepResource { status, started_at, finished_at, error, steps, ..bare }
}
