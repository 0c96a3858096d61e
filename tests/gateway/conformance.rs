//! What clients and publishers expect of Pusher's protocol, one subject a test. Where it makes a
//! difference, clients and publishers come to two gateways.

use std::fs;

use tempfile::TempDir;

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
    let file = folder.path().join("apps.toml");
    fs::write(&file, NEIGHBOUR).expect("a file");
    let file = file.to_str().expect("text");
    World::set(1, &[("GROUNDCREW_APPS", file)]).passes("neighbours");
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
