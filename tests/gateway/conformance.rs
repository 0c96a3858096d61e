//! What clients and publishers expect of Pusher's protocol, one subject a test. Where it makes a
//! difference, clients and publishers come to two gateways.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::certificate::certificate;
use crate::world::World;

const NEIGHBOUR: &str = r#"
[[app]]
id = "2002"
key = "key-of-the-shop"
secret = "secret-of-the-shop"
channels = ["private-shop.*", "private-servers.*"]
origins = ["https://shop.example.com"]
"#;

#[test]
fn connect() {
    World::with(1).passes("connect");
}

#[test]
fn public() {
    World::with(1).passes("public");
}

/// Promise 7, too: whoever subscribes is told to fetch.
#[test]
fn private() {
    World::with(1).passes("private");
}

#[test]
fn presence() {
    World::with(2).passes("presence");
}

#[test]
fn client_events() {
    World::with(2).passes("client_events");
}

#[test]
fn cache() {
    World::with(2).passes("cache");
}

#[test]
fn encrypted() {
    World::with(1).passes("encrypted");
}

#[test]
fn sign_in() {
    World::with(2).passes("sign_in");
}

#[test]
fn keep_alive() {
    World::set(1, &[("GROUNDCREW_ACTIVITY_TIMEOUT", "1")]).passes("keep_alive");
}

#[test]
fn rights() {
    World::with(1).passes("rights");
}

#[test]
fn neighbours() {
    let folder = TempDir::new().expect("a folder");
    let file = apps(folder.path(), NEIGHBOUR);
    World::set(1, &[("GROUNDCREW_APPS", &file)]).passes("neighbours");
}

/// A file with applications.
fn apps(folder: &Path, text: &str) -> String {
    let file = folder.join("apps.toml");
    fs::write(&file, text).expect("a file");
    file.to_str().expect("text").to_owned()
}

/// Behind a proxy, which says whose connections they are.
#[test]
fn limits() {
    let folder = TempDir::new().expect("a folder");
    let file = apps(folder.path(), &format!("{NEIGHBOUR}max_connections = 2\n"));
    World::set(
        1,
        &[
            ("GROUNDCREW_APPS", &file),
            ("GROUNDCREW_MAX_CONNECTIONS", "6"),
            ("GROUNDCREW_MAX_CONNECTIONS_OF_ADDRESS", "2"),
            ("GROUNDCREW_PROXIES", "127.0.0.1,198.51.100.1"),
        ],
    )
    .passes("limits");
}

/// Who is no proxy of ours can't say that it is somebody else.
#[test]
fn forged_addresses() {
    World::set(1, &[("GROUNDCREW_MAX_CONNECTIONS_OF_ADDRESS", "2")]).passes("forged_addresses");
}

/// Origins of our own application; a neighbour's are in its file.
#[test]
fn origins() {
    World::set(1, &[("GROUNDCREW_ORIGINS", "https://panel.example.com")]).passes("origins");
}

/// The gateway speaks TLS itself, to clients and publishers.
#[test]
fn tls() {
    let folder = TempDir::new().expect("a folder");
    certificate(folder.path());
    let file = |name| folder.path().join(name).to_str().expect("text").to_owned();
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let mut world = World::set(1, &[("GROUNDCREW_TLS_CERT", &cert), ("GROUNDCREW_TLS_KEY", &key)]);
    world.trusts(&cert);
    world.passes("tls");
}

#[test]
fn http_api() {
    World::with(2).passes("http_api");
}

#[test]
fn http_refusals() {
    World::with(1).passes("http_refusals");
}

#[test]
fn python() {
    World::with(2).passes("python");
}

#[test]
fn laravel() {
    World::with(2).passes("laravel");
}

#[test]
fn echo() {
    World::with(1).passes("echo");
}

/// Promise 7, too.
#[test]
fn page() {
    World::with(1).passes("page");
}

/// Promise 7, too: whoever is slow ends with the last. Each notification goes out by itself here,
/// or it would take minutes until a client is behind.
#[test]
fn slow() {
    World::set(1, &[("GROUNDCREW_COALESCE", "0")]).passes("slow");
}

/// In one process, with its bus in memory, all of it works as it does apart.
#[test]
fn up() {
    let world = World::embedded();
    for subject in [
        "connect",
        "public",
        "private",
        "presence",
        "client_events",
        "cache",
        "sign_in",
        "http_api",
    ] {
        world.passes(subject);
    }
}
