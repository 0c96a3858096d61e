//! A key pair of a server's own: workers log in with it there, and nowhere else.

use chacha20poly1305::aead::OsRng;
use ssh_key::{Algorithm, LineEnding, PrivateKey};
use zeroize::Zeroizing;

/// An Ed25519 key pair in OpenSSH's formats.
pub struct KeyPair {
    /// As its file has it, without a passphrase: it is kept encrypted.
    pub private: Zeroizing<String>,
    /// As a line of `authorized_keys`.
    pub public: String,
}

// By hand: half of it is a secret.
impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyPair({})", self.public)
    }
}

impl KeyPair {
    /// Makes one. The comment says on the host whose key it is.
    ///
    /// # Panics
    /// Never: a new Ed25519 key can be written.
    pub fn make(comment: &str) -> Self {
        let mut key = PrivateKey::random(&mut OsRng, Algorithm::Ed25519).expect("Ed25519 is known");
        // What a comment may not hold in a file that has one key a line.
        key.set_comment(comment.replace(|c: char| !c.is_ascii_graphic(), "-"));
        let private = key.to_openssh(LineEnding::LF).expect("it has a form");
        let public = key.public_key().to_openssh().expect("it has a form");
        Self { private, public }
    }
}
