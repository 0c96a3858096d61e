//! Who is signed in: their tokens. The form that changes the password is in [`crate::web::people`].

use axum::extract::State;

use super::page::Page;
use super::sent::Sent;
use crate::web::Site;
use crate::web::api::{Body, CreateToken, Named, Problem, create_token, revoke};
use crate::web::auth::Caller;

/// More tokens than anybody has.
const MOST: i64 = 1000;

/// `GET /account`.
pub async fn show(State(site): State<Site>, caller: Caller) -> Result<Page, Problem> {
    let tokens = site.installation.store.tokens_of(caller.user_id, 0, MOST).await?;
    Ok(Page::new("Account").with("tokens", tokens))
}

/// `POST /tokens`.
pub async fn make_token(
    State(site): State<Site>,
    caller: Caller,
    Body(wanted): Body<CreateToken>,
) -> Result<Sent, Problem> {
    let made = create_token(&site, &caller, wanted).await?;
    Ok(Sent::back().token(&made.about.name, &made.token))
}

/// `DELETE /tokens/{id}`.
pub async fn revoke_token(
    State(site): State<Site>,
    caller: Caller,
    Named(id): Named,
) -> Result<Sent, Problem> {
    revoke(&site, &caller, &id).await?;
    Ok(Sent::back().notice("The token is revoked: whoever shows it is refused from now on."))
}
