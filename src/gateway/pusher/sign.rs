//! Signatures: HMAC-SHA256 in hex. Who has the application's secret made them, and signed
//! exactly this text. They are compared in constant time.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Name, SocketId};

/// What authorizes a connection to subscribe: `key:signature`.
pub fn subscription(
    key: &str,
    secret: &str,
    socket_id: &SocketId,
    channel: &Name,
    channel_data: Option<&str>,
) -> String {
    format!("{key}:{}", hex(of_subscription(secret, socket_id, channel, channel_data)))
}

/// Whether `auth` is what [`subscription`] gives.
pub fn check_subscription(
    key: &str,
    secret: &str,
    socket_id: &SocketId,
    channel: &Name,
    channel_data: Option<&str>,
    auth: &str,
) -> bool {
    signature(auth, key)
        .is_some_and(|hex| equal(of_subscription(secret, socket_id, channel, channel_data), hex))
}

/// What signs a connection in as a user: `key:signature`.
pub fn signin(key: &str, secret: &str, socket_id: &SocketId, user_data: &str) -> String {
    format!("{key}:{}", hex(of_signin(secret, socket_id, user_data)))
}

/// Whether `auth` is what [`signin`] gives.
pub fn check_signin(
    key: &str,
    secret: &str,
    socket_id: &SocketId,
    user_data: &str,
    auth: &str,
) -> bool {
    signature(auth, key).is_some_and(|hex| equal(of_signin(secret, socket_id, user_data), hex))
}

/// The `auth_signature` of a publisher's request. `path` is without the query; `params` are
/// the query's, decoded, whose keys Pusher has in lower case. An `auth_signature` among
/// them is left out.
pub fn request(
    secret: &str,
    method: &str,
    path: &str,
    params: &BTreeMap<String, String>,
) -> String {
    hex(of_request(secret, method, path, params))
}

/// Whether `signature` is what [`request`] gives.
pub fn check_request(
    secret: &str,
    method: &str,
    path: &str,
    params: &BTreeMap<String, String>,
    signature: &str,
) -> bool {
    equal(of_request(secret, method, path, params), signature)
}

type Mac256 = Hmac<Sha256>;

fn of_subscription(
    secret: &str,
    socket_id: &SocketId,
    channel: &Name,
    channel_data: Option<&str>,
) -> Mac256 {
    let signed = format!("{socket_id}:{channel}");
    match channel_data {
        Some(data) => mac(secret, &[&signed, ":", data]),
        None => mac(secret, &[&signed]),
    }
}

fn of_signin(secret: &str, socket_id: &SocketId, user_data: &str) -> Mac256 {
    mac(secret, &[&socket_id.to_string(), "::user::", user_data])
}

fn of_request(secret: &str, method: &str, path: &str, params: &BTreeMap<String, String>) -> Mac256 {
    let params = params.iter().filter(|(name, _)| *name != "auth_signature");
    let params: Vec<_> = params.map(|(name, value)| format!("{name}={value}")).collect();
    mac(secret, &[&method.to_ascii_uppercase(), "\n", path, "\n", &params.join("&")])
}

fn mac(secret: &str, parts: &[&str]) -> Mac256 {
    let mac = Mac256::new_from_slice(secret.as_bytes()).expect("a key of HMAC has any length");
    parts.iter().fold(mac, |mac, part| mac.chain_update(part))
}

fn hex(mac: Mac256) -> String {
    hex::encode(mac.finalize().into_bytes())
}

fn equal(mac: Mac256, signature: &str) -> bool {
    hex::decode(signature).is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
}

/// The signature in `key:signature`, if it is made with this key. A key is no secret.
fn signature<'a>(auth: &'a str, key: &str) -> Option<&'a str> {
    auth.strip_prefix(key)?.strip_prefix(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    // The examples of Pusher's documentation.
    const KEY: &str = "278d425bdf160c739803";
    const SECRET: &str = "7ad3773142a6692b25b8";

    fn socket_id() -> SocketId {
        "1234.1234".parse().expect("a socket id")
    }

    fn channel(name: &str) -> Name {
        name.parse().expect("a name")
    }

    #[test]
    fn a_private_channel_as_pusher_documents() {
        let channel = channel("private-foobar");
        let auth = subscription(KEY, SECRET, &socket_id(), &channel, None);
        assert_eq!(
            auth,
            "278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"
        );
        assert!(check_subscription(KEY, SECRET, &socket_id(), &channel, None, &auth));
    }

    #[test]
    fn a_presence_channel_as_pusher_documents() {
        let channel = channel("presence-foobar");
        let data = r#"{"user_id":10,"user_info":{"name":"Mr. Channels"}}"#;
        let auth = subscription(KEY, SECRET, &socket_id(), &channel, Some(data));
        assert_eq!(
            auth,
            "278d425bdf160c739803:31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80"
        );
        assert!(check_subscription(KEY, SECRET, &socket_id(), &channel, Some(data), &auth));
    }

    #[test]
    fn a_sign_in_as_pusher_documents() {
        let data = r#"{"id":"12345"}"#;
        let auth = signin(KEY, SECRET, &socket_id(), data);
        assert_eq!(
            auth,
            "278d425bdf160c739803:4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba"
        );
        assert!(check_signin(KEY, SECRET, &socket_id(), data, &auth));
    }

    #[test]
    fn a_request_as_pusher_documents() {
        let params = [
            ("auth_key", KEY),
            ("auth_timestamp", "1353088179"),
            ("auth_version", "1.0"),
            ("body_md5", "ec365a775a4cd0599faeb73354201b6f"),
        ];
        let mut params: BTreeMap<_, _> =
            params.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let signature = request(SECRET, "post", "/apps/3/events", &params);
        assert_eq!(signature, "da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c");
        params.insert("auth_signature".to_owned(), signature.clone());
        assert!(check_request(SECRET, "POST", "/apps/3/events", &params, &signature));
    }

    /// Promise 7 hangs on it that nobody listens whom nobody let in, so each part counts.
    #[test]
    fn another_one_of_anything_does_not_pass() {
        let socket_id = socket_id();
        let name = channel("private-a");
        let auth = subscription(KEY, SECRET, &socket_id, &name, Some("{}"));
        let check = |key, secret, socket_id: &str, name: &str, data, auth: &str| {
            let socket_id = socket_id.parse().expect("a socket id");
            check_subscription(key, secret, &socket_id, &channel(name), data, auth)
        };
        assert!(check(KEY, SECRET, "1234.1234", "private-a", Some("{}"), &auth));
        assert!(!check("key", SECRET, "1234.1234", "private-a", Some("{}"), &auth));
        assert!(!check(KEY, "secret", "1234.1234", "private-a", Some("{}"), &auth));
        assert!(!check(KEY, SECRET, "1234.1235", "private-a", Some("{}"), &auth));
        assert!(!check(KEY, SECRET, "1234.1234", "private-b", Some("{}"), &auth));
        assert!(!check(KEY, SECRET, "1234.1234", "private-a", Some("{ }"), &auth));
        assert!(!check(KEY, SECRET, "1234.1234", "private-a", None, &auth));
        let (_, signature) = auth.split_once(':').expect("two parts");
        for auth in ["", ":", KEY, signature, &format!("{KEY}:"), &auth[..auth.len() - 2]] {
            assert!(!check(KEY, SECRET, "1234.1234", "private-a", Some("{}"), auth), "{auth:?}");
        }
    }
}
