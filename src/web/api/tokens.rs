//! Tokens over the API: no token makes one that may do more, or for longer, than it may itself.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::{Body, Named, Values};
use super::page::{Page, PageQuery};
use super::problem::Problem;
use crate::model::{NewToken, Scope, Token};
use crate::web::Site;
use crate::web::auth::Caller;

/// A token to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// Unique among your tokens: letters, digits, spaces, `-`, `_` and `.`.
    #[schema(min_length = 1, max_length = 100, example = "ci")]
    name: String,
    /// What it may be used for. None that the token does not have that you show.
    #[schema(min_items = 1)]
    scopes: BTreeSet<Scope>,
    /// From when on it is refused; not later than the token that you show, if you show one.
    expires_at: Option<Timestamp>,
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
pub struct CreatedToken {
    #[serde(flatten)]
    pub about: Token,
    /// Its text. It is shown this once.
    #[schema(example = "gcr_…")]
    pub token: String,
}

/// Lists your tokens, without their texts
#[utoipa::path(get, path = "/tokens", tag = "tokens", params(PageQuery),
    operation_id = "list_tokens", security(("token" = ["read"])),
    responses((status = 200, description = "A page of them, in the order in which they were made", body = Page<Token>)))]
pub async fn list(
    State(site): State<Site>,
    caller: Caller,
    Values(page): Values<PageQuery>,
) -> Result<Json<Page<Token>>, Problem> {
    let (rows, after) = (page.rows()?, page.cursor()?.unwrap_or(0));
    let tokens = site.installation.store.tokens_of(caller.user_id, after, rows).await?;
    Ok(Json(Page::of(tokens, rows, |token| token.id.to_string())))
}

/// Makes a token, and shows its text this once
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = CreateToken,
    operation_id = "create_token", security(("token" = ["write"])),
    responses(
        (status = 201, description = "The token, with its text", body = CreatedToken),
        (status = 409, description = "One of yours has this name")))]
pub async fn create(
    State(site): State<Site>,
    caller: Caller,
    Body(wanted): Body<CreateToken>,
) -> Result<(StatusCode, Json<CreatedToken>), Problem> {
    let created = create_token(&site, &caller, wanted).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Makes a token, for pages and the API.
///
/// # Errors
/// 403 if it could do more than what the caller shows; says else what is wrong with which field.
pub async fn create_token(
    site: &Site,
    caller: &Caller,
    wanted: CreateToken,
) -> Result<CreatedToken, Problem> {
    if let Some(scope) = wanted.scopes.difference(&caller.scopes()).next() {
        return Err(Problem::forbidden(format!(
            "the token that you show does not have the scope `{scope}`, so it can't give it to another one"
        )));
    }
    if let Some(end) = caller.expires_at()
        && wanted.expires_at.is_none_or(|at| at > end)
    {
        return Err(Problem::forbidden(format!(
            "the token that you show expires at {end:.0}, and can't make one that lives longer: give \
             an `expires_at` that is not later"
        )));
    }
    let CreateToken { name, scopes, expires_at } = wanted;
    let new = NewToken { name, scopes, expires_at };
    let (about, text) = site.installation.create_token(&caller.actor, caller.user_id, &new).await?;
    Ok(CreatedToken { about, token: text.to_string() })
}

/// Revokes a token: whoever shows it is refused from now on
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tokens",
    params(("id" = i64, Path, description = "Its id")),
    operation_id = "revoke_token", security(("token" = ["write"])),
    responses((status = 204, description = "It is revoked")))]
pub async fn remove(
    State(site): State<Site>,
    caller: Caller,
    Named(id): Named,
) -> Result<StatusCode, Problem> {
    revoke(&site, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revokes a token, for pages and the API.
///
/// # Errors
/// 404.
pub async fn revoke(site: &Site, caller: &Caller, id: &str) -> Result<(), Problem> {
    let id = id.parse().unwrap_or(0);
    match site.installation.revoke_token(&caller.actor, caller.user_id, id).await? {
        true => Ok(()),
        false => Err(Problem::not_found("there is no such token, or it is another user's")
            .hint("GET /api/v1/tokens lists yours")),
    }
}
