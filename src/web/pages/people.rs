//! The pages for who is not signed in; their forms are in [`crate::web::people`].

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::page::Page;
use super::present::{Seen, go};
use crate::installation::SignInError;
use crate::web::Site;
use crate::web::api::{Named, Problem};
use crate::web::people::problem;

/// `GET /sign-in`.
pub async fn sign_in(Extension(Seen(shown)): Extension<Seen>) -> Response {
    match shown {
        Some(_) => go("/"),
        None => Page::new("SignIn").into_response(),
    }
}

/// `GET /welcome/{link}`: whoever has the link chooses a name and a password.
pub async fn welcome(State(site): State<Site>, Named(link): Named) -> Result<Page, Problem> {
    let Some(name) = site.installation.invited(&link).await? else {
        return Err(problem(SignInError::Link));
    };
    let first = !site.installation.store.anybody_can_sign_in().await?;
    Ok(Page::new("Welcome").with("token", link).with("name", name).with("first", first))
}
