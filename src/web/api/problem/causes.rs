//! What modules say went wrong, as a problem. Next steps are told as the API has them; the
//! command line's are its own.

use super::{FieldError, Kind, Problem};
use crate::catalog::PlanError;
use crate::installation::{AskError, JoinError, OperateError, ServerError, TokenError};
use crate::store::StoreError;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::UnknownServer => {
                Self::not_found("there is no such server, or it is another user's")
                    .hint("GET /api/v1/servers lists yours")
            }
            StoreError::UnknownRun(_) => {
                Self::not_found("there is no such run, or it is another user's")
                    .hint("GET /api/v1/runs lists yours")
            }
            StoreError::NameTaken(_)
            | StoreError::TokenNameTaken(_)
            | StoreError::UserNameTaken(_) => {
                let detail = error.to_string();
                let errors = vec![FieldError::new("name", detail.clone())];
                Self::new(Kind::Conflict, detail).errors(errors)
            }
            StoreError::Illegal { .. }
            | StoreError::NoHostKey
            | StoreError::NotProvisionable(_)
            | StoreError::ServerBusy => Self::new(Kind::Conflict, error.to_string()),
            error if error.is_temporary() => {
                tracing::warn!("a request failed: {:#}", anyhow::Error::new(error));
                let detail = "the database does not answer; nothing is lost, try again in a moment";
                let hint = Some("with the same Idempotency-Key");
                Self { wait: Some(2), hint, ..Self::new(Kind::Unavailable, detail) }
            }
            error => Self::internal(format!("{:#}", anyhow::Error::new(error))),
        }
    }
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Self {
        let see = "GET /api/v1/jobs lists all";
        match error {
            PlanError::NoJob => Self::invalid("jobs", "name at least one job").hint(see),
            PlanError::UnknownJob { name, hint: None } => {
                Self::invalid("jobs", format!("there is no job {name:?}")).hint(see)
            }
            PlanError::UnknownJob { name, hint: Some(hint) } => {
                Self::invalid("jobs", format!("there is no job {name:?}; {hint}"))
            }
            PlanError::Parameters(errors) => {
                let errors: Vec<FieldError> = errors
                    .into_iter()
                    .map(|error| FieldError {
                        field: format!("parameters.{}", error.parameter),
                        detail: error.message,
                    })
                    .collect();
                let all: Vec<&str> = errors.iter().map(|error| error.detail.as_str()).collect();
                Self::new(Kind::Invalid, all.join("; ")).errors(errors)
            }
            error @ (PlanError::Conflict { .. } | PlanError::File(_)) => {
                Self::new(Kind::Invalid, error.to_string())
            }
        }
    }
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Plan(error) => error.into(),
            AskError::Store(error) => error.into(),
            error => Self::internal(format!("{:#}", anyhow::Error::new(error))),
        }
    }
}

impl From<ServerError> for Problem {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Store(error) => error.into(),
            ServerError::Name(_) => Self::invalid("name", error.to_string()),
            ServerError::Target(_) | ServerError::Address(_) => {
                Self::invalid("host", error.to_string())
            }
            ServerError::Provider(_) => Self::invalid("provider", error.to_string()),
            ServerError::HostKey(_) => Self::invalid("host_key", error.to_string()),
            ServerError::PrivateKey(_) => Self::invalid("private_key", error.to_string()),
            error @ ServerError::Keygen(_) => {
                Self::internal(format!("{:#}", anyhow::Error::new(error)))
            }
        }
    }
}

impl From<JoinError> for Problem {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Server(error) => error.into(),
            JoinError::Plan(error) => error.into(),
            error @ (JoinError::NoUrl | JoinError::NotOffered(_)) => {
                Self::new(Kind::Conflict, error.to_string())
            }
            error @ JoinError::Prepare(_) => Self::internal(error),
        }
    }
}

impl From<OperateError> for Problem {
    fn from(error: OperateError) -> Self {
        match error {
            OperateError::Store(error) => error.into(),
            OperateError::NoStep { .. } | OperateError::AmbiguousStep(_) => {
                Self::invalid("from", error.to_string())
            }
            OperateError::NoWorker(name) => {
                Self::not_found(format!("no worker {name:?} was heard of"))
                    .hint("GET /api/v1/workers lists all")
            }
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Store(error) => error.into(),
            TokenError::Name(_) => Self::invalid("name", error.to_string()),
            TokenError::NoScope => Self::invalid("scopes", error.to_string()),
            TokenError::Expired(_) => Self::invalid("expires_at", error.to_string()),
        }
    }
}
