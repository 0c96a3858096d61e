//! Addresses that a server may not have: those where only we can reach something (issue 6).

use serde_json::json;

use crate::fleet::Fleet;
use crate::joining::{World, host_key};
use crate::lab::Lab;

#[test]
fn whoever_adds_the_server() {
    let world = World::embedded();
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEq4HmRnT9m0MSq+mmEgBrIFRUGhqjBjpHE9GlyD2u7k";
    for host in
        ["127.0.0.1", "localhost", "::1", "0.0.0.0", "169.254.169.254", "2130706433", "fe80::1"]
    {
        for more in [
            json!({ "host_key": key }),
            json!({ "joins_by": "login" }),
            json!({ "joins_by": "script" }),
        ] {
            let mut wanted = json!({ "name": "edge-1", "host": host });
            wanted
                .as_object_mut()
                .expect("fields")
                .extend(more.as_object().expect("fields").clone());
            let problem = world.client.post("/servers", wanted);
            let problem = problem.is_problem(422, &["GROUNDCREW_ALLOW_LOCAL"]);
            assert_eq!(problem["errors"][0]["field"], "host", "{problem}");
        }
    }
    for way in
        [&["--login"][..], &["--join"], &["--fingerprint", &format!("SHA256:{}", "a".repeat(43))]]
    {
        let words = [&["server", "add", "edge-1", "root@127.0.0.1"][..], way].concat();
        world.fleet.refused(1, &words, &["127.0.0.1", "GROUNDCREW_ALLOW_LOCAL"]);
    }
    assert_eq!(world.client.get("/servers").is(200)["items"], json!([]));
}

/// A machine of a lab is no neighbour of ours, and the operator can allow even this machine.
#[test]
fn others_are_not() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let world = World::embedded();
    let wanted = json!({ "name": "a", "host": host.address, "host_key": host_key(&host) });
    world.client.post("/servers", wanted).is(201);
    drop(world);
    let allowed = World::of(Fleet::embedded().with("GROUNDCREW_ALLOW_LOCAL", "true"), "");
    let wanted = json!({ "name": "b", "host": "127.0.0.1", "joins_by": "login" });
    allowed.client.post("/servers", wanted).is(201);
}
