//! `Idempotency-Key`: a request that is repeated, because its answer was lost or by two at
//! the same moment, is done once and answered the same way each time.
//!
//! The key is bound to the request by a digest, which is kept sealed: a short secret
//! parameter could be guessed from a plain one (promise 8).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::problem::{Kind, Problem};
use crate::store::Repeatable;
use crate::vault::Place;
use crate::web::Site;
use crate::web::auth::Caller;

/// The longest key.
const LONGEST: usize = 255;

/// The header, if there is one.
pub struct IdempotencyKey(Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all("idempotency-key").iter();
        let (first, another) = (given.next(), given.next());
        let is_key = |key: &&str| (1..=LONGEST).contains(&key.len());
        match (first, another) {
            (None, _) => Ok(Self(None)),
            (Some(key), None) => match key.to_str().ok().filter(is_key) {
                Some(key) => Ok(Self(Some(key.to_owned()))),
                None => Err(Problem::malformed(format!(
                    "an Idempotency-Key has 1 to {LONGEST} visible ASCII characters, as a UUID has"
                ))),
            },
            _ => Err(Problem::malformed("send one Idempotency-Key, not several")),
        }
    }
}

/// A request that is done once.
pub struct Once<'o> {
    site: &'o Site,
    user_id: i64,
    key: Option<String>,
    digest: [u8; 32],
}

/// What is known of a request.
pub enum Known {
    /// It was answered: status and body.
    Answered(u16, String),
    /// It was not, and what it makes has, or gets, this id.
    Making(String),
}

impl<'o> Once<'o> {
    /// The request of this route and this body.
    pub fn new(
        site: &'o Site,
        caller: &Caller,
        key: IdempotencyKey,
        route: &str,
        body: &impl Serialize,
    ) -> Self {
        let body = serde_json::to_vec(body).expect("what was JSON is JSON");
        let digest = Sha256::new().chain_update(route).chain_update([0]).chain_update(body);
        Self { site, user_id: caller.user_id, key: key.0, digest: digest.finalize().into() }
    }

    /// What is known of it before it is looked at any closer; None: it is new.
    ///
    /// # Errors
    /// 422 if the key belongs to another request.
    pub async fn recall(&self) -> Result<Option<Known>, Problem> {
        let Some(key) = &self.key else { return Ok(None) };
        let store = &self.site.installation.store;
        match store.request(self.user_id, key).await? {
            Some(request) => self.known(key, request).map(Some),
            None => Ok(None),
        }
    }

    /// Keeps it, with the id that what it makes gets.
    ///
    /// # Errors
    /// 422 if the key belongs to another request, which came in between.
    pub async fn begin(&self, id: String) -> Result<Known, Problem> {
        let Some(key) = &self.key else { return Ok(Known::Making(id)) };
        let place = self.place(key);
        let sealed = self.site.installation.vault.seal(place.at(), &self.digest);
        let store = &self.site.installation.store;
        let request = store.remember_request(self.user_id, key, &sealed, &id).await?;
        self.known(key, request)
    }

    /// Keeps its answer, and gives the one that is sent: the first one that there was.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn answered(&self, status: u16, body: String) -> Result<(u16, String), Problem> {
        let Some(key) = &self.key else { return Ok((status, body)) };
        let store = &self.site.installation.store;
        let kept = store.remember_answer(self.user_id, key, status, &body).await?;
        Ok(kept.and_then(|kept| kept.answer).unwrap_or((status, body)))
    }

    fn known(&self, key: &str, request: Repeatable) -> Result<Known, Problem> {
        let opened = self.site.installation.vault.open(self.place(key).at(), &request.request);
        let digest = opened.map_err(|error| Problem::internal(error.to_string()))?;
        if *digest != self.digest {
            return Err(Problem::new(
                Kind::KeyReused,
                "this Idempotency-Key came with another request before; take a new key for each request",
            ));
        }
        Ok(match request.answer {
            Some((status, body)) => Known::Answered(status, body),
            None => Known::Making(request.made),
        })
    }

    fn place(&self, key: &str) -> KeyPlace {
        KeyPlace(format!("{}/{key}", self.user_id))
    }
}

/// Where a digest is kept.
struct KeyPlace(String);

impl KeyPlace {
    fn at(&self) -> Place<'_> {
        Place("idempotency_keys", &self.0, "request")
    }
}
