//! Encrypts what is secret before it is stored: private keys of servers, secret
//! parameters of runs.
//!
//! Promise 8: authenticated encryption (XChaCha20-Poly1305), bound to the place where
//! the value is kept, so that a value which somebody moves to another row can't be read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, AeadCore, KeyInit, OsRng, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;

/// The first byte of all that is sealed, for the day when there is another way.
const VERSION: u8 = 1;
/// Bytes of a nonce.
const NONCE: usize = 24;

/// Seals and opens values with one key.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    /// What other secrets are derived with.
    derives: Hmac<Sha256>,
}

/// Where a value is kept: table, row, column.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p>(pub &'p str, pub &'p str, pub &'p str);

/// Why there is no vault, or why it does not open.
#[derive(Debug, Error)]
pub enum VaultError {
    /// The text is no key.
    #[error(
        "{0} is no key: a key is 32 bytes in base64 (44 characters), as `openssl rand -base64 32` prints them"
    )]
    NoKey(String),
    /// The file can't be read or made.
    #[error("the key file {0}: {1}")]
    File(String, #[source] io::Error),
    /// Others may read it.
    #[error(
        "the key file {0} may be read by others (mode {1:04o}); take their rights away with `chmod 600 {0}`"
    )]
    Open(String, u32),
    /// Another key, or not the place where it was sealed.
    #[error("{0} can't be decrypted with this GROUNDCREW_KEY")]
    Sealed(String),
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// A vault with this key; `from` says where it comes from.
    ///
    /// # Errors
    /// Fails if the text is no key.
    pub fn new(key: &str, from: &str) -> Result<Self, VaultError> {
        let bytes = STANDARD.decode(key.trim()).ok().map(Zeroizing::new);
        let cipher = bytes.as_ref().and_then(|key| XChaCha20Poly1305::new_from_slice(key).ok());
        match (cipher, bytes) {
            (Some(cipher), Some(bytes)) => {
                let derives = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&bytes)
                    .expect("any length will do");
                Ok(Self { cipher, derives })
            }
            _ => Err(VaultError::NoKey(from.to_owned())),
        }
    }

    /// A vault with the key in this file; None if there is no such file.
    ///
    /// # Errors
    /// Fails if it can't be read, is no key, or others may read it.
    pub fn read(path: &Path) -> Result<Option<Self>, VaultError> {
        let shown = path.display().to_string();
        let about = match fs::metadata(path) {
            Ok(about) => about,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(VaultError::File(shown, error)),
        };
        if about.mode() & 0o077 != 0 {
            return Err(VaultError::Open(shown, about.mode() & 0o7777));
        }
        match fs::read_to_string(path).map(Zeroizing::new) {
            Ok(key) => Self::new(&key, &shown).map(Some),
            Err(error) => Err(VaultError::File(shown, error)),
        }
    }

    /// Makes a key, and the file for it (mode 0600), whole or not at all.
    ///
    /// # Errors
    /// Fails if it can't be written, or is there.
    pub fn make(path: &Path) -> Result<Self, VaultError> {
        Self::keep(
            path,
            &Zeroizing::new(STANDARD.encode(XChaCha20Poly1305::generate_key(&mut OsRng))),
        )
    }

    /// Makes a file for this key (mode 0600), whole or not at all.
    ///
    /// # Errors
    /// Fails if it can't be written, or is there, or if the text is no key.
    pub fn keep(path: &Path, key: &str) -> Result<Self, VaultError> {
        let vault = Self::new(key, "GROUNDCREW_NEW_KEY")?;
        let failed = |error| VaultError::File(path.display().to_string(), error);
        let new = path.with_extension("new");
        let write = || {
            let _ = fs::remove_file(&new);
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
            writeln!(file, "{}", key.trim())?;
            file.sync_all()?;
            // A link, unlike a rename, replaces nothing.
            fs::hard_link(&new, path)?;
            fs::remove_file(&new)
        };
        write().map_err(failed)?;
        Ok(vault)
    }

    /// A secret of its own for this purpose, which follows from the key: the same in every role.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        self.derives.clone().chain_update(purpose).finalize().into_bytes().into()
    }

    /// Whether this is what [`Vault::derive`] gives, compared in constant time.
    pub fn derives(&self, purpose: &str, claimed: &[u8]) -> bool {
        self.derives.clone().chain_update(purpose).verify_slice(claimed).is_ok()
    }

    /// Encrypts a value for the place where it is kept.
    pub fn seal(&self, place: Place<'_>, value: &[u8]) -> Vec<u8> {
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let place = place.to_string();
        let payload = Payload { msg: value, aad: place.as_bytes() };
        let sealed = self.cipher.encrypt(&nonce, payload).expect("no value is that long");
        [&[VERSION][..], &nonce, &sealed].concat()
    }

    /// Decrypts a value that was sealed for this place.
    ///
    /// # Errors
    /// Fails with another key, and for another place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let name = place.to_string();
        let parts = sealed.split_first().and_then(|(version, rest)| {
            (*version == VERSION && rest.len() > NONCE).then(|| rest.split_at(NONCE))
        });
        parts
            .and_then(|(nonce, text)| {
                let payload = Payload { msg: text, aad: name.as_bytes() };
                self.cipher.decrypt(XNonce::from_slice(nonce), payload).ok()
            })
            .map(Zeroizing::new)
            .ok_or(VaultError::Sealed(name))
    }
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(table, row, column) = self;
        write!(f, "{table}/{row}/{column}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault::new(&STANDARD.encode([7; 32]), "a test").expect("a key")
    }

    #[test]
    fn opens_only_with_the_key_and_at_the_place() {
        let place = Place("servers", "7", "private_key");
        let sealed = vault().seal(place, b"secret");
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(vault().open(place, &sealed).expect("opens").as_slice(), b"secret");
        assert_ne!(vault().seal(place, b"secret"), sealed, "the same value is not the same text");

        assert!(vault().open(Place("servers", "8", "private_key"), &sealed).is_err());
        let other = Vault::new(&STANDARD.encode([8; 32]), "a test").expect("a key");
        assert!(other.open(place, &sealed).is_err());
        let mut broken = sealed.clone();
        *broken.last_mut().expect("a byte") ^= 1;
        assert!(vault().open(place, &broken).is_err());
        assert!(vault().open(place, &[]).is_err());
    }

    #[test]
    fn the_key_file_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        assert!(Vault::read(&path).expect("no file is no error").is_none());
        let sealed = Vault::make(&path).expect("made").seal(Place("a", "b", "c"), b"x");
        assert!(Vault::make(&path).is_err(), "a second one would lose the first");
        let again = Vault::read(&path).expect("read").expect("there");
        assert_eq!(again.open(Place("a", "b", "c"), &sealed).expect("opens").as_slice(), b"x");
        assert_eq!(fs::metadata(&path).expect("there").mode() & 0o777, 0o600);

        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("chmod");
        let error = Vault::read(&path).expect_err("others may read it").to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }
}
