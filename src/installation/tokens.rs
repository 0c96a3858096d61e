//! Makes bearer tokens, and tells whose one is.

use thiserror::Error;
use zeroize::Zeroizing;

use super::Installation;
use crate::model::{Actor, Deed, NewToken, Token};
use crate::secret;
use crate::store::{ShownToken, StoreError};

/// What the text of every token begins with, so that scanners for leaked secrets know it.
const PREFIX: &str = "gcr_";

/// Why a token was not made.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The name is none.
    #[error("{0:?} is no name for a token: up to 100 letters, digits, spaces, `-`, `_` and `.`")]
    Name(String),
    /// It could do nothing.
    #[error("a token needs a scope: read, operate, write")]
    NoScope,
    /// Its time would be over.
    #[error("the token would expire at {0}, and that is over; name a time to come")]
    Expired(jiff::Timestamp),
    /// It can't be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Installation {
    /// Makes a token, and gives its text: `gcr_` and 32 random bytes in base64url. It is kept
    /// nowhere, so that it can be shown this once only (promise 8).
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub async fn create_token(
        &self,
        by: &Actor,
        user_id: i64,
        new: &NewToken,
    ) -> Result<(Token, Zeroizing<String>), TokenError> {
        let fits = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
        let NewToken { name, scopes, expires_at } = new;
        if name.trim().is_empty() || name.chars().count() > 100 || !name.chars().all(fits) {
            return Err(TokenError::Name(name.clone()));
        }
        if scopes.is_empty() {
            return Err(TokenError::NoScope);
        }
        if let Some(at) = expires_at.filter(|at| *at <= jiff::Timestamp::now()) {
            return Err(TokenError::Expired(at));
        }
        let text = Zeroizing::new(format!("{PREFIX}{}", secret::random().as_str()));
        let token = self.store.add_token(user_id, new, &secret::hash(&text)).await?;
        let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
        let detail = Some(format!("{}: {}", token.name, scopes.join(", ")));
        self.audit(by, Deed { action: "token.create", detail, ..Deed::default() }).await;
        Ok((token, text))
    }

    /// Forgets a user's token; false if there is none of this id.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn revoke_token(
        &self,
        by: &Actor,
        user_id: i64,
        id: i64,
    ) -> Result<bool, StoreError> {
        let Some(token) = self.store.revoke_token(user_id, id).await? else { return Ok(false) };
        let detail = Some(token.name);
        self.audit(by, Deed { action: "token.revoke", detail, ..Deed::default() }).await;
        Ok(true)
    }

    /// The token with this text.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn token(&self, text: &str) -> Result<Option<ShownToken>, StoreError> {
        // Nothing else can be one, and need not be looked for.
        if !text.starts_with(PREFIX) {
            return Ok(None);
        }
        self.store.shown_token(&secret::hash(text)).await
    }
}
