//! `GET /healthz`, whether the process is alive, and `GET /readyz`, whether it can do its work: for
//! supervisors, balancers and `groundcrew doctor`.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::catalog::Jobs;
use crate::installation::Installation;
use crate::listen::Peer;

/// Each part has so long to answer: one that hangs must not have us hang. Queue and bus give up after
/// 2 s by themselves, and count that.
const ANSWER: Duration = Duration::from_millis(2500);
/// However many ask, the parts are asked this often at most.
const FRESH: Duration = Duration::from_secs(1);

/// The health of one process. Clones are the same.
#[derive(Debug, Clone)]
pub struct Health(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    role: &'static str,
    installation: Installation,
    /// None for a role that plans nothing.
    jobs: Option<Arc<Jobs>>,
    leaving: AtomicBool,
    last: Mutex<Option<(Instant, Readiness)>>,
}

/// What each part said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// The part, and None or in a word what is wrong with it.
    pub parts: Vec<(&'static str, Option<&'static str>)>,
    /// Whether it was told to end: it still works, and is not to be sent anybody new.
    pub leaving: bool,
}

impl Readiness {
    /// Whether there is nothing that it lacks.
    pub fn is_ready(&self) -> bool {
        !self.leaving && self.parts.iter().all(|(_, problem)| problem.is_none())
    }
}

impl Health {
    /// Of a process with this role, and these job files if it uses any.
    pub fn of(role: &'static str, installation: &Installation, jobs: Option<&Arc<Jobs>>) -> Self {
        Self(Arc::new(Shared {
            role,
            installation: installation.clone(),
            jobs: jobs.cloned(),
            leaving: AtomicBool::new(false),
            last: Mutex::new(None),
        }))
    }

    /// What the process is there for.
    pub fn role(&self) -> &'static str {
        self.0.role
    }

    /// What it is a part of.
    pub fn installation(&self) -> &Installation {
        &self.0.installation
    }

    /// The job files, if it uses any.
    pub fn jobs(&self) -> Option<&Arc<Jobs>> {
        self.0.jobs.as_ref()
    }

    /// From now on it is not ready: nobody new is to be sent here.
    pub fn leave(&self) {
        self.0.leaving.store(true, Ordering::Relaxed);
    }

    /// Asks each part, at most once a second. Takes at most 2.5 s.
    pub async fn check(&self) -> Readiness {
        let leaving = self.0.leaving.load(Ordering::Relaxed);
        let mut last = self.0.last.lock().await;
        if let Some((at, readiness)) = &*last
            && at.elapsed() < FRESH
        {
            return Readiness { leaving, ..readiness.clone() };
        }
        let readiness = Readiness { parts: self.0.parts().await, leaving };
        let before = last.replace((Instant::now(), readiness.clone()));
        // Said once, not at each request.
        if before.is_none_or(|(_, before)| before.parts != readiness.parts) {
            for (part, problem) in &readiness.parts {
                if let Some(problem) = problem {
                    tracing::warn!("not ready: {part}: {problem}");
                }
            }
        }
        readiness
    }

    /// The addresses under which it is asked.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        Router::new()
            .route("/healthz", get(alive))
            .route("/readyz", get(ready))
            .with_state(self.clone())
    }
}

impl Shared {
    async fn parts(&self) -> Vec<(&'static str, Option<&'static str>)> {
        let store = &self.installation.store;
        let database = async {
            match timeout(ANSWER, store.check_schema()).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) if error.is_other_schema() => Some("another schema"),
                _ => Some("unreachable"),
            }
        };
        let wire = self.installation.wire.as_ref();
        let queue = async { unreachable(timeout(ANSWER, wire?.queue.ping()).await) };
        let bus = async { unreachable(timeout(ANSWER, wire?.bus.ping()).await) };
        let (database, queue, bus) = tokio::join!(database, queue, bus);
        let mut parts = vec![("database", database), ("queue", queue), ("bus", bus)];
        if let Some(jobs) = &self.jobs {
            let jobs = jobs.clone();
            // From a disk, which may hang as well.
            let sound = timeout(ANSWER, spawn_blocking(move || jobs.are_sound())).await;
            parts.push(match sound {
                Ok(Ok(true)) => ("catalog", None),
                Ok(_) => ("catalog", Some("broken")),
                Err(_) => ("catalog", Some("unreachable")),
            });
        }
        parts
    }
}

/// Whether it answered in time, and well.
fn unreachable<T, E, L>(answer: Result<Result<T, E>, L>) -> Option<&'static str> {
    match answer {
        Ok(Ok(_)) => None,
        _ => Some("unreachable"),
    }
}

/// 200, for as long as anybody can answer at all. Who asks is told how it is seen.
async fn alive(State(health): State<Health>, peer: Option<Extension<Peer>>) -> Json<Value> {
    let address: Option<IpAddr> = peer.map(|Extension(Peer(address))| address);
    Json(json!({
        "status": "ok", "version": env!("CARGO_PKG_VERSION"), "role": health.role(),
        "address": address,
    }))
}

/// 200 if all parts are well, else 503 and which are not.
async fn ready(State(health): State<Health>) -> (StatusCode, Json<Value>) {
    let readiness = health.check().await;
    let (code, word) = match (readiness.is_ready(), readiness.leaving) {
        (true, _) => (StatusCode::OK, "ok"),
        (false, true) => (StatusCode::SERVICE_UNAVAILABLE, "leaving"),
        (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let mut body = json!({
        "status": word, "version": env!("CARGO_PKG_VERSION"), "role": health.role(),
    });
    for (part, problem) in readiness.parts {
        body[part] = problem.unwrap_or("ok").into();
    }
    (code, Json(body))
}
