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
}

impl OneLine {
    /// The line for the script at this address. Where that is not https, somebody on the way
    /// could change the script: then the line compares its digest first.
    pub fn new(url: &str, token: &Token, script: &str) -> Self {
        let address = format!("{url}/join/{}", token.text());
        let expires_at = jiff::Timestamp::now() + LINE_LASTS;
        if url.starts_with("https://") {
            let curl = format!("curl -fsSL {address} | sh");
            let wget = format!("wget -qO- {address} | sh");
            return Self { curl, wget, expires_at };
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
        }
    }
}

/// The address that browsers and servers see us at, without a slash at its end. It becomes part
/// of a line for a shell, and of a script, so it may hold nothing that means something there.
///
/// # Errors
/// Says what is wrong with it.
pub fn read_url(text: &str) -> Result<String, String> {
    let url = text.trim_end_matches('/');
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:/[]".contains(c);
    match rest {
        Some(rest) if !rest.is_empty() && rest.chars().all(is_plain) => Ok(url.to_owned()),
        _ => Err(format!(
            "{text:?} is no address that servers can reach; write https://HOST, or http://HOST:PORT"
        )),
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

    #[test]
    fn an_address_is_no_part_of_a_script() {
        assert_eq!(read_url("https://a.example/x/").as_deref(), Ok("https://a.example/x"));
        assert_eq!(read_url("http://[2001:db8::1]:80").as_deref(), Ok("http://[2001:db8::1]:80"));
        for wrong in
            ["", "a.example", "ftp://a", "https://", "https://a$(id)", "https://a b", "http://a'"]
        {
            assert!(read_url(wrong).is_err(), "{wrong}");
        }
    }
}
