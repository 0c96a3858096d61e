//! Secrets that we make and show once: tokens, session ids, links. Kept is only their SHA-256
//! (promise 8).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::OsRng;
use chacha20poly1305::aead::rand_core::RngCore;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A new secret: 32 random bytes in base64url, 43 characters.
pub fn random() -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(&mut *bytes);
    Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes))
}

/// What is kept of it. It has 256 random bits, so that a plain hash can't be guessed backwards.
pub fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}
