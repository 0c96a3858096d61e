//! May who asks do what they ask for? Every described route of the API passes through here.
//!
//! Which scope a route needs is read from the API's own description: what is documented is
//! what is enforced, and a route without a scope stops the process at its start. Somebody who
//! is signed in may do all that a token may; their requests must come from a page of ours.

mod caller;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

pub use caller::{Caller, address};

use super::Site;
use super::api::Problem;
use crate::model::Scope;

/// What `gate` needs.
#[derive(Debug)]
pub struct Gate {
    site: Site,
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
        Arc::new(Self { site, scopes })
    }

    /// The scope that a request needs; None where there is no such method, which is refused
    /// by the router.
    fn scope(&self, path: &str, method: &Method) -> Option<Scope> {
        // What answers GET answers HEAD.
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let scopes = self.scopes.get(path)?;
        scopes.iter().find(|(known, _)| known == method).map(|(_, scope)| *scope)
    }

    fn must_be_allowed(
        &self,
        caller: &Caller,
        path: &str,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<(), Problem> {
        caller.must_mean_it(&self.site, method, headers)?;
        match self.scope(path, method) {
            Some(scope) => caller.must_have(scope),
            None => Ok(()),
        }
    }
}

/// Lets in who may do what the route does. Whoever is known and refused is written down, also
/// where the route itself refuses.
pub async fn gate(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = match Caller::of(&gate.site, &parts.headers, &parts.extensions).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let path = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let path = path.unwrap_or_default();
    let method = parts.method.clone();
    let response = match gate.must_be_allowed(&caller, &path, &method, &parts.headers) {
        Ok(()) => {
            parts.extensions.insert(caller.clone());
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    };
    if response.status() == StatusCode::FORBIDDEN {
        caller.refused(&gate.site, format!("{method} {path}")).await;
    }
    response
}
