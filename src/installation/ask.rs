//! Asks for runs: checks what is wanted against the catalog, stores it, and tells the workers.

use std::collections::BTreeMap;

use thiserror::Error;
use uuid::Uuid;

use super::Installation;
use crate::catalog::{Catalog, PlanError};
use crate::model::{Actor, Deed, NewRun, Plan};
use crate::store::StoreError;
use crate::vault::{Place, VaultError};

/// What a person, or a program, wants to be done.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The server's id.
    pub server_id: i64,
    /// Names of jobs.
    pub jobs: Vec<String>,
    /// Values of their parameters.
    pub parameters: BTreeMap<String, String>,
    /// Also on a system that a job was not tested on.
    pub untested_system: bool,
}

/// Why a run can't be asked for.
#[derive(Debug, Error)]
pub enum AskError {
    /// A job, or a parameter of it, is wrong.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// It can't be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was stored can't be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// What was stored is not what we store.
    #[error("the secret parameters of run {0} are not readable")]
    Unreadable(String),
}

impl Installation {
    /// Asks for a run, and gives its id and its plan. The row comes first, the hint after it:
    /// whatever happens to the hint, the run is there (promise 1).
    ///
    /// # Errors
    /// Says what is wrong with the wish, or that the store can't be reached.
    pub async fn ask(
        &self,
        by: &Actor,
        catalog: &Catalog,
        wanted: Wanted,
    ) -> Result<(String, Plan), AskError> {
        let plan = catalog.plan(&wanted.jobs, &wanted.parameters)?;
        let id = Uuid::now_v7().to_string();
        self.ask_planned(by, &id, &plan, wanted).await?;
        Ok((id, plan))
    }

    /// The same for a run whose plan is made and whose id (UUID v7) is known. Asked again with
    /// the same id, the run is there once.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn ask_planned(
        &self,
        by: &Actor,
        id: &str,
        plan: &Plan,
        wanted: Wanted,
    ) -> Result<(), StoreError> {
        let detail = Some(wanted.jobs.join(", "));
        let server_id = wanted.server_id;
        let asked = self.store.ask(&self.new_run(id, plan, wanted)).await?;
        if asked.claimable {
            self.hint(id).await;
        }
        self.announce(asked.changed).await;
        if asked.added {
            let (server_id, run_id) = (Some(server_id), Some(id.to_owned()));
            self.audit(by, Deed { action: "run.ask", server_id, run_id, detail }).await;
        }
        Ok(())
    }

    /// What is wanted, as it is stored: secrets are sealed for the run with this id.
    pub(super) fn new_run(&self, id: &str, plan: &Plan, wanted: Wanted) -> NewRun {
        let (secrets, parameters): (BTreeMap<_, _>, BTreeMap<_, _>) =
            wanted.parameters.into_iter().partition(|(name, _)| is_secret(plan, name));
        let secrets = (!secrets.is_empty()).then(|| {
            let json = serde_json::to_vec(&secrets).expect("text is JSON");
            self.vault.seal(secrets_of(id), &zeroize::Zeroizing::new(json))
        });
        NewRun {
            id: id.to_owned(),
            server_id: wanted.server_id,
            jobs: wanted.jobs,
            parameters,
            secrets,
            untested_system: wanted.untested_system,
            outline: plan.outline(),
            digest: plan.digest(),
        }
    }

    /// The secret parameters of a run, as they were asked with.
    ///
    /// # Errors
    /// Fails if they can't be decrypted.
    pub fn secrets(
        &self,
        run: &str,
        sealed: Option<&[u8]>,
    ) -> Result<BTreeMap<String, String>, AskError> {
        let Some(sealed) = sealed else { return Ok(BTreeMap::new()) };
        let json = self.vault.open(secrets_of(run), sealed)?;
        serde_json::from_slice(&json).map_err(|_| AskError::Unreadable(run.to_owned()))
    }
}

fn secrets_of(run: &str) -> Place<'_> {
    Place("runs", run, "secrets")
}

/// Whether the plan keeps the parameter of this name secret.
fn is_secret(plan: &Plan, name: &str) -> bool {
    let variable = name.to_uppercase();
    plan.values.iter().any(|value| value.secret && value.variable == variable)
}
