//! The HTTP API for publishers: whatever comes, signed or not, is answered, nobody gets in
//! without the right signature, and what is right is accepted.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use clap::Parser;
use groundcrew::config::{GatewaySettings, Settings};
use groundcrew::gateway::Gateway;
use groundcrew::gateway::pusher::sign;
use groundcrew::installation::{Installation, Role};
use groundcrew::listen::Peer;
use jiff::Timestamp;
use md5::{Digest, Md5};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

use crate::inputs::{Damage, damage, each, text};

const KEY: &str = "key-of-the-tests";
const SECRET: &str = "secret-of-the-tests";

/// What a gateway is told on the command line.
#[derive(Parser)]
struct Told {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    gateway: GatewaySettings,
}

/// A gateway with all in memory.
fn gateway(folder: &TempDir) -> (Runtime, Router) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let data = folder.path().to_str().unwrap();
    let told = ["test", "--data", data, "--app-id", "1", "--app-key", KEY];
    let mut told = Told::parse_from(told);
    told.gateway.app.app_secret = Some(SECRET.to_owned());
    let router = runtime.block_on(async {
        let (installation, _) = Installation::open(&told.settings, Role::Up).await.unwrap();
        Gateway::open(&installation, &told.gateway).await.unwrap().router()
    });
    (runtime, router)
}

/// A request, before somebody spoils it.
#[derive(Debug, Clone)]
struct Asked {
    method: &'static str,
    path: String,
    query: Vec<(String, String)>,
    body: Vec<u8>,
    /// What is signed is this; what is sent may have been damaged since.
    signs: bool,
    damage: Option<Damage>,
    from: [u8; 4],
}

fn channel() -> impl Strategy<Value = String> {
    let known =
        select(vec!["a", "private-a", "presence-a", "cache-a", "private-servers.7.provision"]);
    prop_oneof![6 => known.prop_map(str::to_owned), 1 => text()]
}

fn event() -> impl Strategy<Value = Value> {
    let data = prop_oneof![
        4 => text().prop_map(Value::from),
        1 => (0..12_000_usize).prop_map(|length| "x".repeat(length).into()),
        1 => Just(json!({ "server_id": 7, "timestamp": "now" })),
    ];
    let name =
        prop_oneof![4 => Just("App\\Events\\ServerProvisionUpdated".to_owned()), 1 => text()];
    let socket = prop_oneof![Just("1234.5678".to_owned()), text()];
    let channels = prop_oneof![6 => vec(channel(), 0..4), 1 => vec(channel(), 95..105)];
    (name, channels, option::of(channel()), data, option::weighted(0.2, socket)).prop_map(
        |(name, channels, channel, data, socket)| {
            json!({ "name": name, "channels": channels, "channel": channel, "data": data,
                "socket_id": socket, "info": "subscription_count" })
        },
    )
}

fn asked() -> impl Strategy<Value = Asked> {
    let what = prop_oneof![
        4 => event().prop_map(|event| ("POST", "/events".to_owned(), event.to_string())),
        2 => vec(event(), 0..12).prop_map(|batch| {
            ("POST", "/batch_events".to_owned(), json!({ "batch": batch }).to_string())
        }),
        1 => Just(("GET", "/channels".to_owned(), String::new())),
        1 => channel().prop_map(|name| ("GET", format!("/channels/{}", path(&name)), String::new())),
        1 => channel()
            .prop_map(|name| ("GET", format!("/channels/{}/users", path(&name)), String::new())),
        1 => text().prop_map(|user| {
            ("POST", format!("/users/{}/terminate_connections", path(&user)), "{}".to_owned())
        }),
        1 => (select(vec!["GET", "POST", "PUT", "DELETE"]), text())
            .prop_map(|(method, rest)| (method, format!("/{}", path(&rest)), rest)),
    ];
    let info =
        select(vec!["", "user_count", "subscription_count", "user_count,subscription_count"]);
    let known = vec![("info", ""), ("filter_by_prefix", "presence-"), ("filter_by_prefix", "")];
    let more = prop_oneof![
        select(known).prop_map(|(name, value)| (name.to_owned(), value.to_owned())),
        info.prop_map(|info| ("info".to_owned(), info.to_owned())),
        (text(), text())
    ];
    let damage = option::weighted(0.3, damage());
    (what, vec(more, 0..3), prop::bool::weighted(0.9), damage, any::<[u8; 4]>()).prop_map(
        |((method, rest, body), query, signs, damage, from)| Asked {
            method,
            path: format!("/apps/1{rest}"),
            query,
            body: body.into_bytes(),
            signs,
            damage,
            from,
        },
    )
}

fn path(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

impl Asked {
    /// The request; whether it is as somebody signed it who has the secret; and whether it may
    /// be, to who does not look at the case of hex digits.
    fn request(&self) -> (Option<Request<Body>>, bool, bool) {
        let mut params: BTreeMap<String, String> =
            self.query.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        let own = [
            ("auth_key", KEY.to_owned()),
            ("auth_timestamp", Timestamp::now().as_second().to_string()),
            ("auth_version", "1.0".to_owned()),
            ("body_md5", hex::encode(Md5::digest(&self.body))),
        ];
        params.extend(own.map(|(name, value)| (name.to_owned(), value)));
        if self.signs {
            let signature = sign::request(SECRET, self.method, &self.path, &params);
            params.insert("auth_signature".to_owned(), signature);
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&params).finish();
        let sent = format!("{}?{query}", self.path);
        let (mut uri, mut body) = (sent.clone(), self.body.clone());
        if let Some(damage) = &self.damage {
            uri = damage.to_text(&sent);
            body = damage.to(body);
        }
        let is_whole = self.signs && body == self.body;
        let is_right = is_whole && uri == sent;
        // Those of the signature, and of what is escaped.
        let may_be = is_whole && uri.eq_ignore_ascii_case(&sent);
        let request = Request::builder().method(self.method).uri(uri).body(Body::from(body)).ok();
        let peer = Peer(IpAddr::from(self.from));
        let request = request.map(|mut request| {
            request.extensions_mut().insert(peer);
            request
        });
        (request, is_right, may_be)
    }
}

#[test]
fn every_request_is_answered_and_only_signed_ones_do_something() {
    let folder = tempfile::tempdir().unwrap();
    let (runtime, router) = gateway(&folder);
    let (asks, accepted) = (Cell::new(0_u64), Cell::new(0_u64));
    each(asked(), |asked| {
        let (Some(request), is_right, may_be) = asked.request() else { return };
        let answer = runtime.block_on(router.clone().oneshot(request)).unwrap();
        let status = answer.status();
        assert!(!status.is_server_error(), "{status}");
        assert!(may_be || !status.is_success(), "{status} without a right signature");
        assert!(!is_right || status != StatusCode::UNAUTHORIZED, "a right signature was refused");
        asks.set(asks.get() + 1);
        accepted.set(accepted.get() + u64::from(status.is_success()));
    });
    // Or the inputs would not get behind the door.
    let (asks, accepted) = (asks.get(), accepted.get());
    assert!(accepted * 10 > asks, "only {accepted} of {asks} requests were accepted");
}
