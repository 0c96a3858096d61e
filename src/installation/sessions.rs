//! Signs people in and out. A session is known by 32 random bytes in its browser's cookie, of
//! which only the SHA-256 is kept (promise 8).

use std::time::Duration;

use thiserror::Error;
use zeroize::Zeroizing;

use super::Installation;
use super::users::{BadUserName, user_name};
use crate::model::{Actor, Deed, NewSession};
use crate::password::{self, BadPassword};
use crate::secret;
use crate::store::{ShownSession, StoreError};

/// A session ends after so long, however often it is seen.
const LASTS: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// So much is kept of what a browser calls itself, in characters.
const AGENT: usize = 200;

/// Who comes to the door.
#[derive(Debug)]
pub struct Visitor {
    /// From where.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
    /// What its cookie holds, if it has one.
    pub session: Option<Zeroizing<String>>,
}

/// What the cookie of a session that was just begun holds.
pub type SessionSecret = Zeroizing<String>;

/// Why somebody was not signed in, or their password not changed.
#[derive(Debug, Error)]
pub enum SignInError {
    /// One of both, and nobody is told which.
    #[error(
        "name or password are not right; if the password is forgotten, `groundcrew user link NAME` makes a link to choose another one"
    )]
    Wrong,
    /// The password that is to be changed.
    #[error("this is not the password that you have now")]
    Current,
    /// The link.
    #[error(
        "this link was used already, or its hour is over; `groundcrew user link NAME` makes another one"
    )]
    Link,
    /// The name that was chosen.
    #[error(transparent)]
    Name(#[from] BadUserName),
    /// The password that was chosen.
    #[error(transparent)]
    Password(#[from] BadPassword),
    /// The database.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::UnknownLink => Self::Link,
            error => Self::Store(error),
        }
    }
}

impl Installation {
    /// Begins a session for who knows name and password. Nobody learns from the answer, or
    /// from the time that it takes, whether there is such a name.
    ///
    /// # Errors
    /// `Wrong`, and those of the store.
    pub async fn sign_in(
        &self,
        visitor: &Visitor,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<SessionSecret, SignInError> {
        let name = user_name(name).ok();
        let known = match &name {
            Some(name) => self.store.credentials(name).await?,
            None => None,
        };
        let hash = known.as_ref().and_then(|known| known.password_hash.clone());
        let is_right = password::verify(password, hash.clone()).await;
        let (Some(name), Some(known)) = (name, known) else {
            // Not what they entered: people type passwords there.
            let nobody = visitor.actor(None, "nobody");
            self.audit(&nobody, deed("session.refuse", "no such user")).await;
            return Err(SignInError::Wrong);
        };
        let user = visitor.actor(Some(known.user_id), &format!("user {name}"));
        let (secret, session) = visitor.new_session();
        let begun = match hash.filter(|_| is_right) {
            Some(hash) => self.store.begin_session(known.user_id, &hash, &session, LASTS).await?,
            None => None,
        };
        if begun.is_none() {
            self.audit(&user, deed("session.refuse", "wrong password")).await;
            return Err(SignInError::Wrong);
        }
        self.audit(&user, Deed { action: "session.begin", ..Deed::default() }).await;
        Ok(secret)
    }

    /// Uses a link: its user gets this name and password, and a session; all others of theirs end.
    ///
    /// # Errors
    /// `Link`, `Name`, `Password`, and those of the store.
    pub async fn welcome(
        &self,
        visitor: &Visitor,
        link: &str,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<SessionSecret, SignInError> {
        // Before anything is hashed: only who has a link may have us work.
        if self.invited(link).await?.is_none() {
            return Err(SignInError::Link);
        }
        let name = user_name(name)?;
        password::check(&password, &name)?;
        let password_hash = password::hash(password).await;
        let (secret, session) = visitor.new_session();
        let link = secret::hash(link);
        let used = self.store.use_link(&link, &name, &password_hash, &session, LASTS);
        let user_id = used.await?;
        let user = visitor.actor(Some(user_id), &format!("user {name}"));
        self.audit(&user, deed("user.password", "with a link")).await;
        Ok(secret)
    }

    /// Changes a password, and ends the user's other sessions. This one goes on with another
    /// secret.
    ///
    /// # Errors
    /// `Current`, `Password`, and those of the store.
    pub async fn change_password(
        &self,
        by: &Actor,
        shown: &ShownSession,
        current: Zeroizing<String>,
        new: Zeroizing<String>,
    ) -> Result<SessionSecret, SignInError> {
        let known = self.store.credentials(&shown.user).await?;
        let hash = known.and_then(|known| known.password_hash);
        let is_right = password::verify(current, hash.clone()).await;
        let Some(old) = hash.filter(|_| is_right) else {
            self.audit(by, deed("session.refuse", "wrong password, to change it")).await;
            return Err(SignInError::Current);
        };
        password::check(&new, &shown.user)?;
        let new = password::hash(new).await;
        let secret = secret::random();
        let session = (shown.session.id, &secret::hash(&secret)[..]);
        if !self.store.change_password(shown.user_id, (&old, &new), session).await? {
            return Err(SignInError::Current);
        }
        self.audit(by, Deed { action: "user.password", ..Deed::default() }).await;
        Ok(secret)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn sign_out(&self, by: &Actor, shown: &ShownSession) -> Result<(), StoreError> {
        self.store.end_session(shown.session.id).await?;
        self.audit(by, Deed { action: "session.end", ..Deed::default() }).await;
        Ok(())
    }

    /// The session whose cookie holds this; None: it has ended, or never was one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn session(&self, secret: &str) -> Result<Option<ShownSession>, StoreError> {
        self.store.shown_session(&secret::hash(secret)).await
    }
}

impl Visitor {
    fn actor(&self, user_id: Option<i64>, name: &str) -> Actor {
        Actor { user_id, name: name.to_owned(), address: Some(self.address.clone()) }
    }

    fn new_session(&self) -> (SessionSecret, NewSession) {
        let secret = secret::random();
        let session = NewSession {
            hash: secret::hash(&secret),
            instead_of: self.session.as_deref().map(|former| secret::hash(former)),
            address: self.address.clone(),
            agent: self.agent.chars().filter(|c| !c.is_control()).take(AGENT).collect(),
        };
        (secret, session)
    }
}

fn deed(action: &'static str, detail: &str) -> Deed {
    Deed { action, detail: Some(detail.to_owned()), ..Deed::default() }
}
