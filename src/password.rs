//! Passwords: what may be one, and its hash. argon2id with the parameters that OWASP names
//! (19 MiB, 2 passes, 1 lane), which are the crate's own.

use std::sync::LazyLock;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use thiserror::Error;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::secret;

/// The shortest, in characters.
const SHORTEST: usize = 12;
/// The longest, in bytes: nobody shall have us hash megabytes.
const LONGEST: usize = 1024;

/// So many are hashed at once: each takes 19 MiB, and a core for some 30 ms.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// The hash of a password that nobody knows: who names no user waits as long as who does.
static NOBODYS: LazyLock<String> = LazyLock::new(|| hashed(&secret::random()));

/// Why a text is no password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadPassword {
    /// Too short.
    #[error(
        "a password has at least {SHORTEST} characters; some words in a row are easy to remember"
    )]
    Short,
    /// Too long.
    #[error("a password has at most {LONGEST} bytes")]
    Long,
    /// It is what everybody sees.
    #[error("the password must not be the name; choose another one")]
    Name,
}

/// Whether this may be the password of who has this name.
///
/// # Errors
/// Says what is wrong with it.
pub fn check(password: &str, name: &str) -> Result<(), BadPassword> {
    if password.len() > LONGEST {
        return Err(BadPassword::Long);
    }
    if password.chars().count() < SHORTEST {
        return Err(BadPassword::Short);
    }
    if password.to_lowercase() == name.to_lowercase() {
        return Err(BadPassword::Name);
    }
    Ok(())
}

/// The hash to keep, as a PHC string with a salt of its own.
pub async fn hash(password: Zeroizing<String>) -> String {
    apart(move || hashed(&password)).await
}

/// Whether the password has this hash. Where there is none, it takes as long and says no.
pub async fn verify(password: Zeroizing<String>, hash: Option<String>) -> bool {
    apart(move || {
        let nobodys = NOBODYS.as_str();
        let is_it = PasswordHash::new(hash.as_deref().unwrap_or(nobodys)).is_ok_and(|hash| {
            // What is longer than any password needs no hashing.
            password.len() <= LONGEST
                && Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
        });
        is_it && hash.is_some()
    })
    .await
}

fn hashed(password: &str) -> String {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.expect("the system has random bytes, and the parameters are good").to_string()
}

/// Away from the tasks that answer others.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let permit = AT_ONCE.acquire().await.expect("nobody closes it");
    let work = move || {
        // In here: who asks and goes away must not make room for more.
        let _permit = permit;
        work()
    };
    tokio::task::spawn_blocking(work).await.expect("hashing does not panic")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_password_has_its_hash() {
        let kept = hash(text("correct horse battery")).await;
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify(text("correct horse battery"), Some(kept.clone())).await);
        assert!(!verify(text("correct horse batterY"), Some(kept.clone())).await);
        assert!(!verify(text(""), Some(kept.clone())).await);
        assert!(!verify(text("anything"), None).await);
        assert!(!verify(text("anything"), Some("no hash".to_owned())).await);
        assert_ne!(hash(text("correct horse battery")).await, kept, "each has its salt");
    }

    #[test]
    fn what_may_be_one() {
        assert_eq!(check("elevenchars", "ann"), Err(BadPassword::Short));
        assert_eq!(check("twelve chars", "ann"), Ok(()));
        assert_eq!(check("żółw żółw żó", "ann"), Ok(()), "characters, not bytes");
        assert_eq!(check("Ann.Of.Cleves", "ann.of.cleves"), Err(BadPassword::Name));
        assert_eq!(check(&"x".repeat(1025), "ann"), Err(BadPassword::Long));
    }
}
