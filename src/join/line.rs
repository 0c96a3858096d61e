//! The one line that a person runs on the new server, and the token in its address.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::OsRng;
use chacha20poly1305::aead::rand_core::RngCore;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// A line is good for so long, until a host has enrolled with it.
pub const LINE_LASTS: Duration = Duration::from_secs(60 * 60);
/// What every token begins with, so that scanners for leaked secrets know it.
const PREFIX: &str = "gcj_";

/// The token in the address of a script: 32 random bytes. Its text is kept nowhere.
pub struct Token(Zeroizing<String>);

impl Token {
    /// A new one.
    pub fn make() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(&mut *bytes);
        Self(Zeroizing::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(*bytes))))
    }

    /// One that somebody shows; None if it can't be one.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (bytes.len() == 32).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What is kept of it. Of 256 random bits, so a plain hash can't be guessed backwards.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }
}

/// What a person runs as root on the new server, and is shown once.
#[derive(Clone, Serialize, ToSchema)]
pub struct OneLine {
    /// With curl.
    pub curl: String,
    /// With wget, where there is no curl.
    pub wget: String,
    /// Until when a host may enroll with it.
    pub expires_at: jiff::Timestamp,
    /// The token in both.
    #[serde(skip)]
    #[schema(ignore)]
    token: Zeroizing<String>,
}

impl OneLine {
    /// The line for the script at this address. Where that is not https, somebody on the way
    /// could change the script: then the line compares its digest first.
    pub fn new(url: &str, token: &Token, script: &str) -> Self {
        let address = format!("{url}/join/{}", token.text());
        let expires_at = jiff::Timestamp::now() + LINE_LASTS;
        let token = token.0.clone();
        if url.starts_with("https://") {
            let curl = format!("curl -fsSL {address} | sh");
            let wget = format!("wget -qO- {address} | sh");
            return Self { curl, wget, expires_at, token };
        }
        let digest = hex::encode(Sha256::digest(script));
        // For any shell that a person may have, fish as well. In memory: the disk may be full.
        let compared = |get: &str| {
            format!(
                "sh -c 'f=$(mktemp -p /dev/shm) && trap \"rm -f $f\" EXIT && {get} && \
                 echo \"{digest}  $f\" | sha256sum -c --quiet && sh $f'"
            )
        };
        Self {
            curl: compared(&format!("curl -fsSL {address} -o $f")),
            wget: compared(&format!("wget -qO $f {address}")),
            expires_at,
            token,
        }
    }

    /// What makes it this one: with it, [`OneLine::new`] makes it again.
    pub fn token(&self) -> &str {
        &self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_address_has_its_script_compared() {
        let token = Token::make();
        let line = OneLine::new("https://panel.example.com", &token, "x");
        assert!(line.curl.ends_with(" | sh") && line.curl.contains(token.text()));
        let line = OneLine::new("http://203.0.113.1:8080", &token, "x");
        let digest = hex::encode(Sha256::digest("x"));
        assert!(line.curl.contains(&digest) && line.wget.contains(&digest), "{}", line.curl);
        assert!(Token::read(token.text()).is_some_and(|read| read.hash() == token.hash()));
        assert!(Token::read("gcj_x").is_none() && Token::read("gcr_AAAA").is_none());
    }
}
