//! What an operator does about a run or a worker. Each verb is one change in the store; the
//! hint and the announcement follow it.

use thiserror::Error;

use super::Installation;
use crate::model::{Actor, Deed, RunResource};
use crate::store::{CancelAnswer, StoreError};

/// Why it was not done.
#[derive(Debug, Error)]
pub enum OperateError {
    /// The run does not allow it, or the store can't be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The run has no such step.
    #[error("run {run} has no step {step:?}; name one of {}", known.join(", "))]
    NoStep {
        /// The run's id.
        run: String,
        /// What was asked for.
        step: String,
        /// Its steps, as `JOB.STEP`.
        known: Vec<String>,
    },
    /// Several jobs have a step of this name.
    #[error("more than one job has a step {0:?}; name it as JOB.STEP, or by its number")]
    AmbiguousStep(String),
    /// No worker has this name.
    #[error("no worker {0:?} was heard of; `groundcrew workers list` shows all")]
    NoWorker(String),
}

impl Installation {
    /// Asks that a run be cancelled.
    ///
    /// # Errors
    /// Says why it can't be.
    pub async fn cancel(&self, by: &Actor, run: &RunResource) -> Result<CancelAnswer, StoreError> {
        let answer = self.store.request_cancel(&run.run.id).await?;
        self.audit(by, deed("run.cancel", run)).await;
        self.announce(answer.changed).await;
        if answer.over {
            self.hint_next(run.run.server_id).await;
        } else {
            self.hint(&run.run.id).await;
        }
        Ok(answer)
    }

    /// Has a failed run go on from the step that failed, or from an earlier one, which is
    /// named by its number, its name, or as `JOB.STEP`. Gives that one's number.
    ///
    /// # Errors
    /// Says why it can't.
    pub async fn retry(
        &self,
        by: &Actor,
        run: &RunResource,
        from: Option<&str>,
    ) -> Result<Option<i64>, OperateError> {
        let from = from.map(|step| step_number(run, step)).transpose()?;
        let changed = self.store.retry(&run.run.id, from).await?;
        let detail = from.map(|step| format!("from step {step}"));
        self.audit(by, Deed { detail, ..deed("run.retry", run) }).await;
        self.hint(&run.run.id).await;
        self.announce(changed).await;
        Ok(from)
    }

    /// Gives a run up whose host is gone for good.
    ///
    /// # Errors
    /// Says why it can't be.
    pub async fn abandon(&self, by: &Actor, run: &RunResource) -> Result<(), StoreError> {
        let changed = self.store.abandon(&run.run.id).await?;
        self.audit(by, deed("run.abandon", run)).await;
        self.announce(changed).await;
        self.hint_next(run.run.server_id).await;
        Ok(())
    }

    /// Has a worker take nothing new, and end when its last run has ended.
    ///
    /// # Errors
    /// `NoWorker`.
    pub async fn drain(&self, by: &Actor, worker: &str) -> Result<(), OperateError> {
        if !self.store.drain_worker(worker).await? {
            return Err(OperateError::NoWorker(worker.to_owned()));
        }
        let detail = Some(worker.to_owned());
        self.audit(by, Deed { action: "worker.drain", detail, ..Deed::default() }).await;
        Ok(())
    }

    /// The run that waited behind one that is over. Workers find it without us, a little later.
    async fn hint_next(&self, server_id: i64) {
        if let Ok(Some(next)) = self.store.next_on(server_id).await {
            self.hint(&next).await;
        }
    }
}

fn deed(action: &'static str, run: &RunResource) -> Deed {
    let run = &run.run;
    Deed { action, server_id: Some(run.server_id), run_id: Some(run.id.clone()), detail: None }
}

fn step_number(resource: &RunResource, text: &str) -> Result<i64, OperateError> {
    let steps = || resource.steps.iter().filter(|step| !step.handler);
    let full = |job: &str, name: &str| format!("{job}.{name}");
    let found: Vec<i64> = steps()
        .filter(|step| {
            step.number.to_string() == text
                || step.name == text
                || full(&step.job, &step.name) == text
        })
        .map(|step| step.number)
        .collect();
    match found[..] {
        [number] => Ok(number),
        [] => Err(OperateError::NoStep {
            run: resource.run.id.clone(),
            step: text.to_owned(),
            known: steps().map(|step| full(&step.job, &step.name)).collect(),
        }),
        _ => Err(OperateError::AmbiguousStep(text.to_owned())),
    }
}
