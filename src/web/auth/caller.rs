//! Who asks: somebody with a token, or somebody who is signed in. What they may do, and what is
//! written down when they may not.

use std::collections::BTreeSet;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Method, header};
use jiff::Timestamp;

use crate::listen::Peer;
use crate::model::{Actor, Deed, Proof, Scope, Token};
use crate::store::ShownSession;
use crate::web::api::Problem;
use crate::web::request::asked_by;
use crate::web::{Site, session};

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user: sees and changes only what is theirs.
    pub user_id: i64,
    /// Whether that is the installation's first user, who sees to its workers.
    operator: bool,
    shown: Shown,
    /// For the audit log.
    pub actor: Actor,
}

/// With what.
#[derive(Debug, Clone)]
enum Shown {
    Token(Token),
    Session(i64),
}

impl Caller {
    /// Who shows a token, or else the cookie of a session.
    ///
    /// # Errors
    /// 401, 429.
    pub async fn of(
        site: &Site,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Result<Self, Problem> {
        let address = address(extensions)?;
        let caller = match bearer(headers) {
            Some(text) => Self::with_token(site, text, address).await?,
            None => match session::of(site, headers).await? {
                Some(shown) => Self::signed_in(&shown, address),
                None => {
                    let detail = "send a token as `Authorization: Bearer gcr_…`; `groundcrew token \
                        create NAME` makes one. Pages must be signed in";
                    return Err(stranger(site, address, Problem::unauthorized(detail, false)));
                }
            },
        };
        site.limits.caller(caller.proof()).map_err(Problem::too_many)?;
        Ok(caller)
    }

    async fn with_token(site: &Site, text: &str, address: IpAddr) -> Result<Self, Problem> {
        let refuse =
            |detail: String| Err(stranger(site, address, Problem::unauthorized(detail, true)));
        let Some(shown) = site.installation.token(text).await? else {
            return refuse(
                "there is no such token (any more); make another one with `groundcrew token create NAME`"
                    .to_owned(),
            );
        };
        if let Some(at) = shown.token.expires_at.filter(|_| shown.expired) {
            let name = &shown.token.name;
            return refuse(format!("the token {name:?} has expired at {at:.0}; make another one"));
        }
        let actor = Actor {
            user_id: Some(shown.user_id),
            name: format!("token {}", shown.token.name),
            address: Some(address.to_string()),
        };
        let (user_id, operator) = (shown.user_id, shown.operator);
        asked_by(user_id);
        Ok(Self { user_id, operator, shown: Shown::Token(shown.token), actor })
    }

    /// Who has this session.
    pub fn signed_in(shown: &ShownSession, address: IpAddr) -> Self {
        let actor = Actor {
            user_id: Some(shown.user_id),
            name: format!("user {}", shown.user),
            address: Some(address.to_string()),
        };
        let session = Shown::Session(shown.session.id);
        asked_by(shown.user_id);
        Self { user_id: shown.user_id, operator: shown.operator, shown: session, actor }
    }

    /// With what they proved who they are.
    pub fn proof(&self) -> Proof {
        match &self.shown {
            Shown::Token(token) => Proof::Token(token.id),
            Shown::Session(id) => Proof::Session(*id),
        }
    }

    /// What they may do.
    pub fn scopes(&self) -> BTreeSet<Scope> {
        match &self.shown {
            Shown::Token(token) => token.scopes.clone(),
            Shown::Session(_) => Scope::ALL.into(),
        }
    }

    /// From when on their token is refused. A token that they make must not live longer.
    pub fn expires_at(&self) -> Option<Timestamp> {
        match &self.shown {
            Shown::Token(token) => token.expires_at,
            // Somebody who knows the password, and can come again.
            Shown::Session(_) => None,
        }
    }

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

    /// Whether they may do this.
    ///
    /// # Errors
    /// 403.
    pub fn must_have(&self, scope: Scope) -> Result<(), Problem> {
        match &self.shown {
            Shown::Token(token) if !token.scopes.contains(&scope) => {
                let name = &token.name;
                Err(Problem::forbidden(format!(
                    "this needs the scope `{scope}`, which the token {name:?} does not have; make one that has \
                     it with `groundcrew token create NAME --scope {scope}`"
                )))
            }
            _ => Ok(()),
        }
    }

    /// Whether a request that changes something comes from where it should: with a session,
    /// from a page of ours.
    ///
    /// # Errors
    /// 403.
    pub fn must_mean_it(
        &self,
        site: &Site,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<(), Problem> {
        let Shown::Session(id) = self.shown else { return Ok(()) };
        if method.is_safe()
            || (session::is_from_here(site, headers) && session::has_token(site, id, headers))
        {
            return Ok(());
        }
        Err(Problem::forbidden(
            "with a session, send the value of the cookie XSRF-TOKEN as header X-XSRF-TOKEN, from a page \
             of this very site; if you see this on a page, load it anew",
        ))
    }

    /// Writes down that they were refused something.
    pub async fn refused(&self, site: &Site, what: String) {
        if site.limits.is_worth_a_note(self.proof()) {
            let deed = Deed { action: "request.refuse", detail: Some(what), ..Deed::default() };
            site.installation.audit(&self.actor, deed).await;
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Only a route that does not pass through `gate` has none.
        parts.extensions.get().cloned().ok_or_else(|| Problem::internal("nobody was let in here"))
    }
}

/// From where a request comes.
///
/// # Errors
/// 500 where nobody has said so.
pub fn address(extensions: &Extensions) -> Result<IpAddr, Problem> {
    let peer = extensions.get::<Peer>().map(|Peer(address)| *address);
    peer.ok_or_else(|| Problem::internal("a request without an address"))
}

/// The problem of who has no good token; or that they have to wait.
fn stranger(site: &Site, address: IpAddr, problem: Problem) -> Problem {
    match site.limits.stranger(address) {
        Ok(()) => problem,
        Err(wait) => Problem::too_many(wait),
    }
}

/// The token that a request shows.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
