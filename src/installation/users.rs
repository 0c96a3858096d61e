//! Users: adds and removes them, and makes the links with which they choose a password.

use std::time::Duration;

use thiserror::Error;
use zeroize::Zeroizing;

use super::Installation;
use crate::model::{Actor, Deed, User};
use crate::secret;
use crate::store::StoreError;

/// A link is good for so long.
const LINK: Duration = Duration::from_secs(60 * 60);
/// The longest name, in characters.
const LONGEST: usize = 64;

/// The text is no user's name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0:?} is no name: up to {LONGEST} letters, digits, `-`, `_`, `.`, `+` and `@`, as ann or ann@example.com"
)]
pub struct BadUserName(String);

/// Why a user was not added.
#[derive(Debug, Error)]
pub enum UserError {
    /// The name is none.
    #[error(transparent)]
    Name(#[from] BadUserName),
    /// It can't be stored, or another one has it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The name as it is kept, in lower case: nobody must remember how they wrote it.
///
/// # Errors
/// If it is none.
pub fn user_name(text: &str) -> Result<String, BadUserName> {
    let name = text.trim().to_lowercase();
    let fits = |c: char| c.is_alphanumeric() || "-_.+@".contains(c);
    if name.is_empty() || name.chars().count() > LONGEST || !name.chars().all(fits) {
        return Err(BadUserName(text.chars().take(LONGEST).collect()));
    }
    Ok(name)
}

impl Installation {
    /// Adds somebody, who can sign in as soon as they have used a link.
    ///
    /// # Errors
    /// `Name`, and those of the store.
    pub async fn add_user(&self, by: &Actor, name: &str) -> Result<User, UserError> {
        let user = self.store.add_user(&user_name(name)?).await?;
        self.audit(by, deed("user.add", &user.name)).await;
        Ok(user)
    }

    /// Removes somebody with their tokens and sessions.
    ///
    /// # Errors
    /// `UserHasServers`.
    pub async fn remove_user(&self, by: &Actor, user: &User) -> Result<(), StoreError> {
        self.store.remove_user(user.id).await?;
        self.audit(by, deed("user.remove", &user.name)).await;
        Ok(())
    }

    /// Makes a link for a user, and gives its end: 32 random bytes in base64url, which are kept
    /// nowhere (promise 8). It is good for an hour, and once.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn link(&self, by: &Actor, user: &User) -> Result<Zeroizing<String>, StoreError> {
        let text = secret::random();
        self.store.add_link(user.id, &secret::hash(&text), LINK).await?;
        self.audit(by, deed("user.link", &user.name)).await;
        Ok(text)
    }

    /// The name of who may use the link that ends like this; None: nobody (any more).
    ///
    /// # Errors
    /// Those of the store.
    pub async fn invited(&self, link: &str) -> Result<Option<String>, StoreError> {
        self.store.link(&secret::hash(link)).await
    }
}

fn deed(action: &'static str, name: &str) -> Deed {
    Deed { action, detail: Some(name.to_owned()), ..Deed::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(user_name(" Ann@Example.com "), Ok("ann@example.com".to_owned()));
        assert_eq!(user_name("żółw"), Ok("żółw".to_owned()));
        for text in ["", " ", "a b", "a/b", "<b>", "a\0", &"x".repeat(65)] {
            assert!(user_name(text).is_err(), "{text:?}");
        }
    }
}
