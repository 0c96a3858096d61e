//! Jobs as programs see them: what `jobs show --json` and the API say of one.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Job, JobAction, JobStep, Kind, Parameter};

/// A job that can be asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JobDescription {
    /// As in `nginx`.
    pub name: String,
    /// What people read.
    pub title: String,
    /// A longer explanation.
    pub description: Option<String>,
    /// Systems that it was tested on, as `debian 12`. Empty: any system.
    pub systems: Vec<String>,
    /// Jobs that run before it, in the same run.
    pub needs: Vec<String>,
    /// What it wants to know.
    pub parameters: Vec<ParameterDescription>,
    /// What it does, in order.
    pub steps: Vec<StepDescription>,
}

/// What a job wants to know.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ParameterDescription {
    /// As in `app_user`.
    pub name: String,
    /// As in `string`, `port`, `choice`, `secret`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The words that a choice has.
    pub choices: Option<Vec<String>>,
    /// The value where none is given; without a default one must be given.
    pub default: Option<String>,
    /// What people read.
    pub title: Option<String>,
    /// A longer explanation.
    pub description: Option<String>,
}

/// A step of a job.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StepDescription {
    /// Its name within the job.
    pub name: String,
    /// What people read.
    pub title: String,
    /// `command`, `file` or `assert`.
    pub kind: &'static str,
    /// How long it may take, in seconds.
    pub timeout: u64,
    /// What runs after the steps, if this one changed something.
    pub on_change: Option<String>,
}

impl Job {
    /// The job as programs see it.
    pub fn describe(&self) -> JobDescription {
        JobDescription {
            name: self.name.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            systems: self.systems.clone(),
            needs: self.needs.iter().map(|need| need.value.clone()).collect(),
            parameters: self.parameters.iter().map(parameter).collect(),
            steps: self.steps.iter().map(step).collect(),
        }
    }
}

fn parameter(parameter: &Parameter) -> ParameterDescription {
    let choices = match &parameter.kind {
        Kind::Choice(choices) => Some(choices.clone()),
        _ => None,
    };
    ParameterDescription {
        name: parameter.name.clone(),
        kind: parameter.kind.name(),
        choices,
        default: parameter.default.clone(),
        title: parameter.title.clone(),
        description: parameter.description.clone(),
    }
}

fn step(step: &JobStep) -> StepDescription {
    let kind = match step.action {
        JobAction::Command { .. } => "command",
        JobAction::File(_) => "file",
        JobAction::Assert { .. } => "assert",
    };
    StepDescription {
        name: step.name.clone(),
        title: step.title.clone(),
        kind,
        timeout: step.timeout.as_secs(),
        on_change: step.on_change.as_ref().map(|command| command.value.clone()),
    }
}
