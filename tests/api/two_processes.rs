//! An `up` and a `web` on one Postgres and one Redis: whoever is asked, the answer is the same, and what
//! must be done once is done once.

use crate::fleet::{Fleet, database};
use crate::idempotent;
use crate::redis::Redis;
use crate::world::World;

#[test]
fn are_one_installation() {
    let (redis, database) = (Redis::start(), database());
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("prints", &crate::job::of(&[("prints", "echo hello")]));
    let world = World::of(fleet, &database);
    let mut web = world.fleet.start(&["web", "--listen", "127.0.0.1:0"]);
    let another = world.client_of(&mut web);
    let server = another.add_server("edge-1");
    assert_eq!(world.first.get(&format!("/servers/{server}")).is(200)["name"], "edge-1");
    idempotent::at_once(&[world.first.clone(), another.clone()], server);
    let runs = another.get("/runs").is(200);
    assert_eq!(
        world.first.get("/runs?limit=200").is(200)["items"].as_array().map(Vec::len),
        Some(5)
    );
    let waiting = runs["items"][0]["id"].as_str().expect("an id");
    another.tell(&format!("/runs/{waiting}/cancel")).is(200);
    assert_eq!(world.first.run(waiting)["status"], "cancelled");
    world.second.get(&format!("/runs/{waiting}")).is_problem(404, &[]);
    assert_eq!(another.get("/workers").is(200).as_array().map(Vec::len), Some(1));
    let rows = world.rows("SELECT actor FROM audit_log WHERE action = 'run.ask'");
    assert_eq!(rows.len(), 5, "each run was asked for once");
}
