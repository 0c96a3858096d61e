//! Signatures: only the right one passes, and whatever comes instead does no harm.

use std::collections::BTreeMap;

use groundcrew::gateway::pusher::{Name, SocketId, sign};
use proptest::collection::btree_map;
use proptest::option;

use crate::inputs::{damage, each, text};

/// Whether it is the same signature: hex has two ways to write a digit, a key hasn't.
fn same(auth: &str, right: &str) -> bool {
    let parts = |text: &str| {
        let (key, signature) = text.rsplit_once(':').unwrap_or(("", text));
        (key.to_owned(), signature.to_ascii_lowercase())
    };
    parts(auth) == parts(right)
}

fn socket_id() -> SocketId {
    "1234.1234".parse().unwrap()
}

#[test]
fn only_the_right_authorization_passes() {
    let channel: Name = "private-a".parse().unwrap();
    let inputs = (text(), text(), option::of(text()), damage(), text());
    each(inputs, |(key, secret, data, damage, noise)| {
        let right = sign::subscription(&key, &secret, &socket_id(), &channel, data.as_deref());
        let check = |auth: &str, data: Option<&str>| {
            sign::check_subscription(&key, &secret, &socket_id(), &channel, data, auth)
        };
        assert!(check(&right, data.as_deref()));
        for auth in [damage.to_text(&right), noise] {
            assert_eq!(check(&auth, data.as_deref()), same(&auth, &right), "{auth:?}");
        }
        assert!(!check(&right, Some(&format!("{}x", data.as_deref().unwrap_or_default()))));
        assert!(!sign::check_signin(&key, &secret, &socket_id(), "", &right));
    });
}

#[test]
fn only_the_right_sign_in_passes() {
    each((text(), text(), text(), damage(), text()), |(key, secret, data, damage, noise)| {
        let right = sign::signin(&key, &secret, &socket_id(), &data);
        let check = |auth: &str| sign::check_signin(&key, &secret, &socket_id(), &data, auth);
        assert!(check(&right));
        for auth in [damage.to_text(&right), noise] {
            assert_eq!(check(&auth), same(&auth, &right), "{auth:?}");
        }
    });
}

#[test]
fn only_the_right_request_passes() {
    let params = btree_map(text(), text(), 0..4);
    each((text(), params, damage(), text()), |(secret, params, damage, noise)| {
        let check = |params: &BTreeMap<_, _>, signature: &str| {
            sign::check_request(&secret, "GET", "/apps/1/channels", params, signature)
        };
        let right = sign::request(&secret, "get", "/apps/1/channels", &params);
        let mut with_own = params.clone();
        with_own.insert("auth_signature".to_owned(), right.clone());
        assert!(check(&params, &right) && check(&with_own, &right));
        for signature in [damage.to_text(&right), noise] {
            assert_eq!(check(&params, &signature), signature.eq_ignore_ascii_case(&right));
        }
        let mut more = params;
        more.insert("more".to_owned(), String::new());
        assert!(!check(&more, &right));
    });
}
