//! What a form says: as browsers send it, or as JSON, which pages of Inertia send.

use std::collections::HashMap;

use axum::body::{Body, to_bytes};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use zeroize::Zeroizing;

use crate::web::api::{Kind, Problem};

/// The longest body, in bytes.
const LONGEST: usize = 16 * 1024;

/// Texts by name. One that is missing is empty.
pub struct Fields(HashMap<String, Zeroizing<String>>);

impl Fields {
    /// Reads a body.
    ///
    /// # Errors
    /// 400, 413, 415.
    pub async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        let bytes = to_bytes(body, LONGEST).await.map_err(|_| {
            Problem::new(Kind::TooLarge, format!("a form has {LONGEST} bytes at most"))
        })?;
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/json") {
            let read: Result<HashMap<String, String>, _> = serde_json::from_slice(&bytes);
            let read = read.map_err(|_| {
                // Not what serde says: it may quote a password.
                Problem::malformed("the body is no JSON object of texts, as {\"name\": \"ann\"}")
            })?;
            return Ok(Self(read.into_iter().map(|(name, value)| (name, value.into())).collect()));
        }
        if !kind.is_empty() && !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Problem::new(Kind::MediaType, "send a form, or JSON"));
        }
        let pairs = form_urlencoded::parse(&bytes);
        let owned = pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into()));
        Ok(Self(owned.collect()))
    }

    /// What a field says.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |text| text.as_str())
    }

    /// The same, to keep.
    pub fn take(&mut self, name: &str) -> Zeroizing<String> {
        self.0.remove(name).unwrap_or_default()
    }
}

/// Whether who asks is a program that wants JSON, and no page.
pub fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("json") && !accept.contains("html") && !headers.contains_key("x-inertia")
}
