//! How a new server is let in: the key pair that is made for it, the one line that a person
//! runs there, the script behind that line, and the signature on what it calls back.
//!
//! Promise 9: the key that is pinned is the key that has signed. Promise 8: the script holds
//! public keys only, and the line's token is kept as a hash.

mod key_pair;
mod line;
mod script;
mod signature;

pub use key_pair::KeyPair;
pub use line::{LINE_LASTS, OneLine, Token};
pub use script::{Bootstrap, PREPARE};
pub use signature::{NAMESPACE, SignatureError, signed_by};
