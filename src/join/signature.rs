//! The signature on a callback: OpenSSH's SSHSIG (its PROTOCOL.sshsig), made on the new
//! server with `ssh-keygen -Y sign` and the host's own key.

use sha2::{Digest, Sha256};
use ssh_key::public::{KeyData, PublicKey};
use ssh_key::{HashAlg, SshSig};
use thiserror::Error;

/// What the signature is for: one made for anything else is none.
pub const NAMESPACE: &str = "groundcrew-callback";

/// Why a signature is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// It is not what `ssh-keygen -Y sign` writes.
    #[error("the signature can't be read")]
    Unreadable,
    /// Another kind of key has signed.
    #[error("only an Ed25519 host key may sign")]
    Kind,
    /// It is for something else, or for another text.
    #[error("the signature is not for this request")]
    Bad,
}

/// The key (`ssh-ed25519 AAAA…`) that has signed these lines: method and path, the go of the
/// script, the sequence number, and the body's SHA-256 in hex. `signature` is the armored one's
/// base64 on one line.
///
/// # Errors
/// Fails if it is none, or not for this.
pub fn signed_by(
    path: &str,
    provision: &str,
    sequence: i64,
    body: &[u8],
    signature: &str,
) -> Result<String, SignatureError> {
    let signature = read(signature).ok_or(SignatureError::Unreadable)?;
    let KeyData::Ed25519(_) = signature.public_key() else { return Err(SignatureError::Kind) };
    if !matches!(signature.hash_alg(), HashAlg::Sha256 | HashAlg::Sha512) {
        return Err(SignatureError::Unreadable);
    }
    let digest = hex::encode(Sha256::digest(body));
    let message = format!("POST {path}\n{provision}\n{sequence}\n{digest}\n");
    let key = PublicKey::from(signature.public_key().clone());
    key.verify(NAMESPACE, message.as_bytes(), &signature).map_err(|_| SignatureError::Bad)?;
    key.to_openssh().map_err(|_| SignatureError::Unreadable)
}

/// Its armor is taken off on the way, for a header has one line.
fn read(base64: &str) -> Option<SshSig> {
    let lines: Option<Vec<&str>> =
        base64.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).ok()).collect();
    let lines = lines?.join("\n");
    let armored = format!("-----BEGIN SSH SIGNATURE-----\n{lines}\n-----END SSH SIGNATURE-----\n");
    SshSig::from_pem(armored).ok()
}

#[cfg(test)]
mod tests {
    use ssh_key::{LineEnding, PrivateKey};

    use super::*;
    use crate::join::KeyPair;

    fn sign(pair: &KeyPair, namespace: &str, message: &str) -> String {
        let key = PrivateKey::from_openssh(pair.private.as_bytes()).expect("a key");
        let signed = key.sign(namespace, HashAlg::Sha512, message.as_bytes()).expect("signed");
        let armored = signed.to_pem(LineEnding::LF).expect("armored");
        armored.lines().filter(|line| !line.starts_with("-----")).collect()
    }

    #[test]
    fn takes_only_what_was_signed_for_this() {
        let pair = KeyPair::make("a test");
        let digest = hex::encode(Sha256::digest(b"{}"));
        let message = format!("POST /servers/7/provision/step\nabc\n1\n{digest}\n");
        let good = sign(&pair, NAMESPACE, &message);
        let path = "/servers/7/provision/step";
        let key = pair.public.rsplit_once(' ').expect("a comment").0.to_owned();
        assert_eq!(signed_by(path, "abc", 1, b"{}", &good), Ok(key));
        for (path, provision, sequence, body) in [
            ("/servers/8/provision/step", "abc", 1, &b"{}"[..]),
            (path, "abd", 1, b"{}"),
            (path, "abc", 2, b"{}"),
            (path, "abc", 1, b"{ }"),
        ] {
            let answer = signed_by(path, provision, sequence, body, &good);
            assert_eq!(answer, Err(SignatureError::Bad));
        }
        let foreign = sign(&pair, "git", &message);
        assert_eq!(signed_by(path, "abc", 1, b"{}", &foreign), Err(SignatureError::Bad));
        for none in ["", "AAAA", "*", &good[..good.len() - 8]] {
            assert_eq!(signed_by(path, "abc", 1, b"{}", none), Err(SignatureError::Unreadable));
        }
    }
}
