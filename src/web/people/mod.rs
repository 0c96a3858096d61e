//! People come and go: sign in and out, use a link, change the password. Forms of pages, and of
//! programs that ask for JSON; the pages that they are on are in [`super::pages`].

mod answer;
mod fields;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use zeroize::Zeroizing;

use super::api::Problem;
use super::auth::{Caller, address};
use super::pages::{Sent, not_wanted, where_to};
use super::{Site, session};
use crate::installation::Visitor;
use crate::store::ShownSession;
pub use answer::problem;
use answer::{begun, too_many, with_cookies};
use fields::{Fields, wants_json};

/// The forms.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/sign-in", post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/welcome/{link}", post(welcome))
        .route("/account/password", post(change_password))
}

/// Begins a session.
async fn sign_in(State(site): State<Site>, request: Request) -> Result<Response, Problem> {
    let (parts, mut fields) = come_in(&site, request).await?;
    let name = fields.take("name");
    site.limits.sign_in(address(&parts.extensions)?, &name).map_err(too_many)?;
    let visitor = visitor(&site, &parts)?;
    let signed_in = site.installation.sign_in(&visitor, &name, fields.take("password")).await;
    let forget = not_wanted(&site, &parts.headers);
    let sent = Sent { cookies: forget.into_iter().collect(), ..Sent::to(where_to(&parts.headers)) };
    begun(&site, &parts, &signed_in.map_err(problem)?, sent).await
}

/// Ends the session, if there is one.
async fn sign_out(State(site): State<Site>, request: Request) -> Result<Response, Problem> {
    let (parts, fields) = come_in(&site, request).await?;
    if let Some(shown) = session::of(&site, &parts.headers).await? {
        let caller = must_mean_it(&site, &parts, &fields, &shown).await?;
        site.installation.sign_out(&caller.actor, &shown).await?;
    }
    let gone = if wants_json(&parts.headers) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        Sent::to("/sign-in").into_response()
    };
    Ok(with_cookies(gone, session::no_cookies(&site)))
}

/// Uses a link: its user chooses name and password, and is signed in.
async fn welcome(
    State(site): State<Site>,
    Path(link): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, mut fields) = come_in(&site, request).await?;
    let name = fields.take("name");
    // The link is the account: who has none can't keep others from theirs.
    site.limits.sign_in(address(&parts.extensions)?, &link).map_err(too_many)?;
    let visitor = visitor(&site, &parts)?;
    let welcomed = site.installation.welcome(&visitor, &link, &name, fields.take("password")).await;
    begun(&site, &parts, &welcomed.map_err(problem)?, Sent::to("/servers")).await
}

/// Changes the password, and ends all other sessions.
async fn change_password(State(site): State<Site>, request: Request) -> Result<Response, Problem> {
    let (parts, mut fields) = come_in(&site, request).await?;
    let Some(shown) = session::of(&site, &parts.headers).await? else {
        return Err(Problem::unauthorized("sign in first: the session has ended", false));
    };
    let caller = must_mean_it(&site, &parts, &fields, &shown).await?;
    site.limits.sign_in(address(&parts.extensions)?, &shown.user).map_err(too_many)?;
    let (current, new) = (fields.take("current"), fields.take("password"));
    let changed = site.installation.change_password(&caller.actor, &shown, current, new).await;
    let secret = changed.map_err(problem)?;
    let notice = "The password is changed, and all other browsers are signed out.";
    begun(&site, &parts, &secret, Sent::back().notice(notice)).await
}

/// What a form says, if it stands on a page of ours.
async fn come_in(site: &Site, request: Request) -> Result<(Parts, Fields), Problem> {
    let (parts, body) = request.into_parts();
    if !session::is_from_here(site, &parts.headers) {
        return Err(Problem::forbidden(format!(
            "this form was sent from another site; open {} and send it from there. Behind a proxy, \
             GROUNDCREW_URL must be the address that browsers see",
            site.url
        )));
    }
    let fields = Fields::read(&parts.headers, body).await?;
    Ok((parts, fields))
}

/// The caller, whose request must show the session's token in a header or in the form.
async fn must_mean_it(
    site: &Site,
    parts: &Parts,
    fields: &Fields,
    shown: &ShownSession,
) -> Result<Caller, Problem> {
    let caller = Caller::signed_in(shown, address(&parts.extensions)?);
    if session::is_token(site, shown.session.id, fields.get("_token")) {
        return Ok(caller);
    }
    let means_it = caller.must_mean_it(site, &parts.method, &parts.headers);
    if means_it.is_err() {
        caller.refused(site, format!("{} {}", parts.method, parts.uri.path())).await;
    }
    means_it.map(|()| caller)
}

fn visitor(site: &Site, parts: &Parts) -> Result<Visitor, Problem> {
    let agent = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    Ok(Visitor {
        address: address(&parts.extensions)?.to_string(),
        agent: agent.unwrap_or_default().to_owned(),
        session: session::secret(site, &parts.headers).map(|text| Zeroizing::new(text.to_owned())),
    })
}
