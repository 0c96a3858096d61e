//! Who asks, and may they? Every described route of the API passes through here.
//!
//! Which scope a route needs is read from the API's own description: what is documented is
//! what is enforced, and a route without a scope stops the process at its start.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::Site;
use super::api::Problem;
use super::limit::Limits;
use crate::listen::Peer;
use crate::model::{Actor, Scope, Token};

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user: sees and changes only what is theirs.
    pub user_id: i64,
    /// Whether that is the installation's first user, who sees to its workers.
    operator: bool,
    /// What was shown.
    pub token: Token,
    /// For the audit log.
    pub actor: Actor,
}

impl Caller {
    /// What belongs to nobody, as workers do, is the first user's to see to.
    ///
    /// # Errors
    /// 403.
    pub fn must_be_operator(&self) -> Result<(), Problem> {
        if self.operator {
            return Ok(());
        }
        Err(Problem::forbidden(
            "workers are the installation's, and only its first user sees to them; ask that one",
        ))
    }

    /// Whether it may do this.
    ///
    /// # Errors
    /// 403.
    fn must_have(&self, scope: Scope) -> Result<(), Problem> {
        if self.token.scopes.contains(&scope) {
            return Ok(());
        }
        let name = &self.token.name;
        Err(Problem::forbidden(format!(
            "this needs the scope `{scope}`, which the token {name:?} does not have; make one that has \
             it with `groundcrew token create NAME --scope {scope}`"
        )))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Only a route that does not pass through `gate` has none.
        parts.extensions.get().cloned().ok_or_else(|| Problem::internal("nobody was let in here"))
    }
}

/// What `gate` needs.
#[derive(Debug)]
pub struct Gate {
    site: Site,
    limits: Limits,
    scopes: HashMap<String, Vec<(Method, Scope)>>,
}

impl Gate {
    /// A gate before the routes of this description.
    ///
    /// # Panics
    /// If a route names no scope.
    pub fn new(site: Site, description: &Value) -> Arc<Self> {
        let mut scopes: HashMap<String, Vec<(Method, Scope)>> = HashMap::new();
        for (path, item) in description["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let scope = operation["security"][0]["token"][0].as_str().unwrap_or_default();
                let scope = scope.parse().unwrap_or_else(|_| panic!("{method} {path}: no scope"));
                let method = method.to_ascii_uppercase();
                let method = method.parse().expect("a method");
                scopes.entry(path.clone()).or_default().push((method, scope));
            }
        }
        Arc::new(Self { site, limits: Limits::new(), scopes })
    }

    /// The scope that a request needs; None where there is no such method, which is refused
    /// by the router.
    fn scope(&self, path: &str, method: &Method) -> Option<Scope> {
        // What answers GET answers HEAD.
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let scopes = self.scopes.get(path)?;
        scopes.iter().find(|(known, _)| known == method).map(|(_, scope)| *scope)
    }

    async fn caller(&self, headers: &HeaderMap, address: IpAddr) -> Result<Caller, Problem> {
        let stranger = |problem: Problem| match self.limits.stranger(address) {
            Ok(()) => problem,
            Err(wait) => Problem::too_many(wait),
        };
        let Some(text) = bearer(headers) else {
            return Err(stranger(Problem::unauthorized(
                "send a token as `Authorization: Bearer gcr_…`; `groundcrew token create NAME` makes one",
                false,
            )));
        };
        let Some(shown) = self.site.installation.token(text).await? else {
            return Err(stranger(Problem::unauthorized(
                "there is no such token (any more); make another one with `groundcrew token create NAME`",
                true,
            )));
        };
        if let Some(at) = shown.token.expires_at.filter(|_| shown.expired) {
            let name = &shown.token.name;
            return Err(stranger(Problem::unauthorized(
                format!("the token {name:?} has expired at {at:.0}; make another one"),
                true,
            )));
        }
        self.limits.token(shown.token.id).map_err(Problem::too_many)?;
        let actor = Actor {
            user_id: Some(shown.user_id),
            name: format!("token {}", shown.token.name),
            address: Some(address.to_string()),
        };
        let (user_id, operator) = (shown.user_id, shown.operator);
        Ok(Caller { user_id, operator, token: shown.token, actor })
    }
}

/// Lets in who shows a token with the scope that the route needs.
pub async fn gate(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match gate.admit(&parts).await {
        Ok(caller) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    }
}

impl Gate {
    async fn admit(&self, request: &Parts) -> Result<Caller, Problem> {
        let extensions = &request.extensions;
        let from = extensions.get::<Peer>();
        let from = from.ok_or_else(|| Problem::internal("a request without an address"))?;
        let caller = self.caller(&request.headers, from.0.ip().to_canonical()).await?;
        let path = extensions.get::<MatchedPath>();
        let path = path.ok_or_else(|| Problem::internal("a request without a route"))?;
        if let Some(scope) = self.scope(path.as_str(), &request.method) {
            caller.must_have(scope)?;
        }
        Ok(caller)
    }
}

/// The token that a request shows.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
