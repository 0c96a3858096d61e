//! People come and go: sign in and out, use a link, change the password. Forms of pages, and of
//! programs that ask for JSON; the pages themselves are in [`page`].

mod answer;
mod fields;
mod page;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use zeroize::Zeroizing;

use super::api::{FieldError, Problem};
use super::auth::{Caller, address};
use super::{Site, session};
use crate::installation::Visitor;
use crate::store::ShownSession;
use answer::{begun, field, go, problem, refused, too_many, with_cookies};
use fields::{Fields, wants_json};
use page::Page;

/// The routes, and the pages that they have until others come.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/", get(account))
        .route("/sign-in", get(sign_in_page).post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/welcome/{link}", get(welcome_page).post(welcome))
        .route("/account/password", post(change_password))
        .merge(page::files())
}

async fn account(State(site): State<Site>, request: Request) -> Result<Response, Problem> {
    let Some(shown) = session::of(&site, request.headers()).await? else {
        return Ok(go("/sign-in"));
    };
    account_page(&site, &shown, &[], StatusCode::OK).await
}

/// Who is signed in, where, and a form to change the password.
async fn account_page(
    site: &Site,
    shown: &ShownSession,
    errors: &[FieldError],
    status: StatusCode,
) -> Result<Response, Problem> {
    let sessions = site.installation.store.sessions_of(shown.user_id).await?;
    let token = session::token(site, shown.session.id);
    let page = Page::Account {
        user: &shown.user,
        this: shown.session.id,
        sessions: &sessions,
        token: &token,
    };
    Ok(with_cookies(page.show(errors, status), [session::token_cookie(site, &token)]))
}

async fn sign_in_page(State(site): State<Site>, request: Request) -> Result<Response, Problem> {
    Ok(match session::of(&site, request.headers()).await? {
        Some(_) => go("/"),
        None => Page::SignIn { name: "" }.show(&[], StatusCode::OK),
    })
}

/// Begins a session.
async fn sign_in(State(site): State<Site>, request: Request) -> Result<Response, Problem> {
    let (parts, mut fields) = come_in(&site, request).await?;
    let name = fields.take("name");
    let page = Page::SignIn { name: &name };
    if let Err(wait) = site.limits.sign_in(address(&parts.extensions)?, &name) {
        return Ok(too_many(&parts, wait, &page));
    }
    let visitor = visitor(&site, &parts)?;
    match site.installation.sign_in(&visitor, &name, fields.take("password")).await {
        Ok(secret) => begun(&site, &parts, &secret).await,
        Err(error) => refused(&parts, error, &page),
    }
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
        go("/sign-in")
    };
    Ok(with_cookies(gone, session::no_cookies(&site)))
}

async fn welcome_page(
    State(site): State<Site>,
    Path(link): Path<String>,
) -> Result<Response, Problem> {
    Ok(match site.installation.invited(&link).await? {
        Some(name) => Page::Welcome { link: &link, name: &name }.show(&[], StatusCode::OK),
        None => Page::Gone.show(&[], StatusCode::GONE),
    })
}

/// Uses a link: its user chooses name and password, and is signed in.
async fn welcome(
    State(site): State<Site>,
    Path(link): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, mut fields) = come_in(&site, request).await?;
    let name = fields.take("name");
    let page = Page::Welcome { link: &link, name: &name };
    // The link is the account: who has none can't keep others from theirs.
    if let Err(wait) = site.limits.sign_in(address(&parts.extensions)?, &link) {
        return Ok(too_many(&parts, wait, &page));
    }
    let visitor = visitor(&site, &parts)?;
    match site.installation.welcome(&visitor, &link, &name, fields.take("password")).await {
        Ok(secret) => begun(&site, &parts, &secret).await,
        Err(error) => refused(&parts, error, &page),
    }
}

/// Changes the password, and ends all other sessions.
async fn change_password(State(site): State<Site>, request: Request) -> Result<Response, Problem> {
    let (parts, mut fields) = come_in(&site, request).await?;
    let Some(shown) = session::of(&site, &parts.headers).await? else {
        return match wants_json(&parts.headers) {
            true => Err(Problem::unauthorized("sign in first: the session has ended", false)),
            false => Ok(go("/sign-in")),
        };
    };
    let caller = must_mean_it(&site, &parts, &fields, &shown).await?;
    site.limits.sign_in(address(&parts.extensions)?, &shown.user).map_err(Problem::too_many)?;
    let (current, new) = (fields.take("current"), fields.take("password"));
    match site.installation.change_password(&caller.actor, &shown, current, new).await {
        Ok(secret) => begun(&site, &parts, &secret).await,
        Err(error) if wants_json(&parts.headers) => Err(problem(error)),
        Err(error) => match field(&error) {
            Some(field) => {
                let errors = [FieldError::new(field, error.to_string())];
                account_page(&site, &shown, &errors, StatusCode::UNPROCESSABLE_ENTITY).await
            }
            None => Err(problem(error)),
        },
    }
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
