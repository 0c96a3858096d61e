//! Makes of a claimed run what `remote::drive` is asked to do: its plan, its secrets,
//! and the way to its host.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Worker;
use crate::catalog::PlanError;
use crate::installation::first_key_of;
use crate::model::{Claim, FailureKind, Plan, Server};
use crate::remote::{Failure, FleetRun, Mode, Request, Ssh, Target};
use crate::store::StoreError;
use crate::vault::Place;

impl Worker {
    /// The request of a claimed run. A run that no host has yet takes the job files as
    /// they are now; one that is going on keeps the steps that it began with.
    pub(super) async fn prepare(
        &self,
        claim: &Claim,
    ) -> Result<Result<Request, Failure>, StoreError> {
        let prepared = match self.read(claim) {
            Ok(prepared) => prepared,
            Err(failure) => return Ok(Err(failure)),
        };
        let Prepared { plan, mut fleet, ssh, target } = prepared;
        let is_other = !fleet.same_plan || fleet.outline != plan.outline();
        if claim.attempts.is_empty() && fleet.misfit.is_none() && is_other {
            fleet.outline = plan.outline();
            fleet.same_plan = true;
            let changed = self
                .installation
                .store
                .replan(&claim.lease, &fleet.outline, &plan.digest())
                .await?;
            self.installation.announce(changed).await;
        }
        Ok(Ok(Request {
            ssh: Arc::new(ssh),
            target,
            plan: Arc::new(plan),
            mode: Mode::Apply,
            untested_system: claim.run.untested_system,
            installation: self.installation.id.to_string(),
            fingerprints: Vec::new(),
            fleet: Some(fleet),
        }))
    }

    /// The way to a server with its own key, or else with what ssh finds on this machine.
    pub(super) fn login(
        &self,
        server: &Server,
        private_key: Option<&[u8]>,
    ) -> Result<Ssh, Failure> {
        let id = server.id.to_string();
        self.login_with(server, Place("servers", &id, "private_key"), private_key)
    }

    /// The same with a private key that was sealed for this place.
    fn login_with(
        &self,
        server: &Server,
        place: Place<'_>,
        private_key: Option<&[u8]>,
    ) -> Result<Ssh, Failure> {
        let private_key = private_key.map(|sealed| self.installation.vault.open(place, sealed));
        let private_key = private_key.transpose().map_err(|error| key_lost(&error))?;
        let private_key = private_key
            .as_ref()
            .map(|key| std::str::from_utf8(key))
            .transpose()
            .map_err(|error| Failure::internal("reading the server's private key", error))?;
        let host_key = server.host_key.as_deref().ok_or_else(|| {
            let message = "the server's host key is not known: it has to join first";
            Failure::new(FailureKind::HostKeyUnknown, message)
        })?;
        Ssh::pinned(host_key, private_key)
            .map(|ssh| ssh.counted(&self.installation.metrics.logins))
            .map_err(|error| Failure::internal("making a private folder for the connection", error))
    }

    fn read(&self, claim: &Claim) -> Result<Prepared, Failure> {
        let (run, server) = (&claim.run, &claim.server);
        let target = target(server)?;
        let secrets = self
            .installation
            .secrets(&run.id, claim.secrets.as_deref())
            .map_err(|error| key_lost(&error))?;
        let private_key = claim.private_key.as_deref();
        let ssh = match claim.first_key {
            true => self.login_with(server, first_key_of(server), private_key),
            false => self.login(server, private_key),
        }?;

        let mut values = run.parameters.clone();
        values.extend(secrets.clone());
        let (plan, misfit) = match self.jobs.now().plan(&run.jobs, &values) {
            Ok(plan) => (plan, None),
            Err(error) => {
                let message = format!(
                    "what was asked for can't be done with this worker's job files: {}. \
                     Give all roles the same files, and ask again",
                    without_secrets(&error, &secrets)
                );
                let misfit = Failure::new(FailureKind::JobChanged, message);
                if claim.attempts.is_empty() && !claim.restored {
                    return Err(misfit);
                }
                // The host goes on with the steps that it has; no new attempt can be made.
                let nothing =
                    Plan { jobs: vec![], steps: vec![], handlers: vec![], values: vec![] };
                (nothing, Some(misfit))
            }
        };
        let fleet = FleetRun {
            id: run.id.clone(),
            epoch: claim.lease.epoch.unsigned_abs(),
            attempts: claim.attempts.clone(),
            outline: claim.outline.clone(),
            secrets: plan.secrets().map(str::to_owned).chain(secrets.into_values()).collect(),
            // A retry takes the scripts as they are now: they may be what was mended.
            same_plan: plan.digest() == claim.digest
                || claim.retry.is_some() && plan.outline() == claim.outline,
            misfit,
            restored: claim.restored,
            retry: claim.retry,
            away_since: run.unreachable_since,
            patience: self.patience,
        };
        Ok(Prepared { plan, fleet, ssh, target })
    }
}

/// Where a server is logged in to. It was checked when it was entered; who has written in the
/// database since must not get options of ssh on this machine out of it.
pub(super) fn target(server: &Server) -> Result<Target, Failure> {
    Target::new(Some(&server.ssh_user), &server.host, Some(server.ssh_port))
        .map_err(|error| Failure::new(FailureKind::AddressRefused, error.to_string()))
}

fn key_lost(error: &dyn std::error::Error) -> Failure {
    let message = format!("{error}. Bring the right GROUNDCREW_KEY back, or enter the secret anew");
    Failure::new(FailureKind::KeyLost, message)
}

/// What does not fit, for all to read. A parameter that was a secret when it was asked for may
/// be none for the job files as they are now, which then show its value.
fn without_secrets(error: &PlanError, secrets: &BTreeMap<String, String>) -> String {
    let text = match error {
        PlanError::Parameters(errors) => {
            let sentences = errors.iter().map(|error| match secrets.get(&error.parameter) {
                Some(_) => format!("the secret parameter `{}` does not fit", error.parameter),
                None => error.message.clone(),
            });
            sentences.collect::<Vec<_>>().join("\n")
        }
        error => error.to_string(),
    };
    secrets.values().fold(text, |text, secret| text.replace(secret, "********"))
}

struct Prepared {
    plan: Plan,
    fleet: FleetRun,
    ssh: Ssh,
    target: Target,
}
