//! Signatures: HMAC-SHA256 in hex, compared in constant time.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::SocketId;

/// `key:signature` of a subscription, as an authorization answers it.
pub fn subscription(
    key: &str,
    secret: &str,
    socket: SocketId,
    channel: &str,
    channel_data: Option<&str>,
) -> String {
    format!(
        "{key}:{}",
        hex::encode(subscribed(secret, socket, channel, channel_data).finalize().into_bytes())
    )
}

/// Whether a subscription is signed with this key and secret.
pub fn is_subscription(
    auth: &str,
    key: &str,
    secret: &str,
    socket: SocketId,
    channel: &str,
    channel_data: Option<&str>,
) -> bool {
    is_signed(auth, key, subscribed(secret, socket, channel, channel_data))
}

/// Whether a sign-in is signed with this key and secret.
pub fn is_signin(auth: &str, key: &str, secret: &str, socket: SocketId, user_data: &str) -> bool {
    is_signed(auth, key, mac(secret, &[&socket.to_string(), "::user::", user_data]))
}

/// Whether a request to the HTTP API is signed with this secret. The parameters are those of the
/// query, but for the signature.
pub fn is_request(
    signature: &str,
    secret: &str,
    method: &str,
    path: &str,
    parameters: &BTreeMap<String, String>,
) -> bool {
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mac = mac(secret, &[method, "\n", path, "\n", &pairs.join("&")]);
    hex::decode(signature).is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
}

fn subscribed(
    secret: &str,
    socket: SocketId,
    channel: &str,
    channel_data: Option<&str>,
) -> Hmac<Sha256> {
    let socket = socket.to_string();
    match channel_data {
        Some(data) => mac(secret, &[&socket, ":", channel, ":", data]),
        None => mac(secret, &[&socket, ":", channel]),
    }
}

fn is_signed(auth: &str, key: &str, mac: Hmac<Sha256>) -> bool {
    let Some((signer, signature)) = auth.split_once(':') else { return false };
    let signature = hex::decode(signature);
    // The key is no secret.
    signer == key && signature.is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
}

fn mac(secret: &str, parts: &[&str]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length will do");
    parts.iter().for_each(|part| mac.update(part.as_bytes()));
    mac
}
