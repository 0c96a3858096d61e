//! `groundcrew key rotate`: everything gets another key, or nothing does; and who has the old
//! one notices.

use std::fs;
use std::os::unix::fs::MetadataExt;

use groundcrew::vault::{Place, Vault};
use serde_json::json;

use crate::browser::Browser;
use crate::fleet::{Fleet, KEY, database};
use crate::lab::wait_until;
use crate::redis::Redis;
use crate::world::{HOST_KEY, World};

const NEW_KEY: &str = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoyMzQ1Njc=";

/// A private key, as ssh-keygen makes it.
fn private_key(world: &World) -> String {
    let path = world.fleet.folder.path().join("id");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&path)
        .status();
    assert!(made.expect("ssh-keygen").success());
    fs::read_to_string(path).expect("a key")
}

fn add_server(world: &World, name: &str) {
    let key = private_key(world);
    let _ = fs::remove_file(world.fleet.folder.path().join("id"));
    let server =
        json!({ "name": name, "host": "192.0.2.1", "host_key": HOST_KEY, "private_key": key });
    world.first.post("/servers", server).is(201);
}

/// What the first server's private key is encrypted with, opened with this key.
fn opens(world: &World, key: &str) -> bool {
    let sql = match world.rows("SELECT CAST(count(*) AS TEXT) FROM servers")[0][0].as_str() {
        "1" => "SELECT encode(private_key, 'hex') FROM servers",
        _ => "SELECT encode(private_key, 'hex') FROM servers WHERE id = 1",
    };
    let sql = if world.fleet.folder.path().join("data/groundcrew.db").exists() {
        sql.replace("encode(private_key, 'hex')", "hex(private_key)")
    } else {
        sql.to_owned()
    };
    let sealed = hex::decode(&world.rows(&sql)[0][0]).expect("hex");
    let vault = Vault::new(key, "a test").expect("a key");
    let opened = vault.open(Place("servers", "1", "private_key"), &sealed);
    opened.is_ok_and(|key| key.starts_with(b"-----BEGIN OPENSSH PRIVATE KEY-----"))
}

/// The key in the data folder: a new one is made, and put there.
#[test]
fn in_the_data_folder() {
    let mut world = World::embedded();
    add_server(&world, "edge-1");
    let file = world.fleet.folder.path().join("data/key");
    let old = fs::read_to_string(&file).expect("the key");
    assert!(opens(&world, &old));
    world.fleet.refused(
        1,
        &["key", "rotate"],
        &["another `groundcrew up` is running", "end that one"],
    );
    assert_eq!(fs::read_to_string(&file).expect("the key"), old, "nothing was changed");

    world.up.terminate();
    let text = world.fleet.ok(&["key", "rotate"]);
    assert!(text.starts_with("2 values are encrypted with the new key"), "{text}");
    let new = fs::read_to_string(&file).expect("the key");
    assert_ne!(new, old);
    assert_eq!(fs::metadata(&file).expect("there").mode() & 0o777, 0o600);
    assert!(opens(&world, &new) && !opens(&world, &old));
    world.fleet.ok(&["server", "list"]);

    // Killed before the new key was where it belongs: whoever opens the installation does it.
    fs::rename(&file, file.with_file_name("key.next")).expect("moved");
    fs::write(&file, &old).expect("the old one");
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("chmod");
    world.fleet.ok(&["server", "list"]);
    assert_eq!(fs::read_to_string(&file).expect("the key"), new);
    assert!(!file.with_file_name("key.next").exists());
    // The old one does nothing any more.
    fs::write(&file, &old).expect("the old one");
    world.fleet.refused(1, &["server", "list"], &["is not the key", "Bring the right one back"]);
}

/// The key in the environment, with roles that hold the old one.
#[test]
fn in_the_environment() {
    let (redis, database) = (Redis::start(), database());
    let fleet = Fleet::apart(&database, &redis.url);
    let mut world = World::of(fleet, &database);
    let mut web = world.fleet.start(&["web", "--listen", "127.0.0.1:0"]);
    web.wait_for("listening address=");
    add_server(&world, "edge-1");
    let ann = Browser::of_first(&world);
    world.up.terminate();
    world.fleet.refused(1, &["key", "rotate"], &["GROUNDCREW_NEW_KEY", "openssl rand"]);
    world.fleet.set("GROUNDCREW_NEW_KEY", "no key");
    world.fleet.refused(1, &["key", "rotate"], &["is no key"]);
    world.fleet.set("GROUNDCREW_NEW_KEY", NEW_KEY);
    // A worker that vanished may still be there.
    let now = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
    world.sql(&format!(
        "INSERT INTO workers (name, host, pid, version, slots, started_at, heartbeat_at) \
            VALUES ('w', 'there', 1, '0', 1, {now}, {now})"
    ));
    world.fleet.refused(1, &["key", "rotate"], &["the worker w runs on there", "stop all roles"]);
    assert!(opens(&world, KEY));
    world.sql("DELETE FROM workers");
    world.fleet.ok(&["key", "rotate"]);
    assert!(opens(&world, NEW_KEY) && !opens(&world, KEY));

    // A role with the old key has noticed, said what to do, and left.
    assert!(!web.ended().success());
    assert!(web.log().contains("the installation's key was changed"), "{}", web.log());
    world.fleet.refused(1, &["server", "list"], &["GROUNDCREW_KEY is not the key"]);
    world.fleet.set("GROUNDCREW_KEY", NEW_KEY);
    world.fleet.ok(&["server", "list"]);
    // Who was signed in still is.
    let mut web = world.fleet.start(&["web", "--listen", "127.0.0.1:0"]);
    let line = web.wait_for("listening address=");
    let address = line.rsplit('=').next().expect("an address").to_owned();
    wait_until("it answers", || ann.at(&address).is_signed_in());
}
