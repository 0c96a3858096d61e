//! The database stops: who asks is told so and when to come again, and nothing is a mistake of
//! ours; once it is back, all goes on.

use serde_json::json;

use crate::fleet::Fleet;
use crate::lab::wait_until;
use crate::postgres::Cluster;
use crate::redis::Redis;
use crate::world::World;

#[test]
fn is_said_and_passes() {
    let (redis, cluster) = (Redis::start(), Cluster::start());
    let database = cluster.url("postgres");
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.job("prints", &crate::job::of(&[("prints", "echo hello")]));
    let world = World::of(fleet, &database);
    let server = world.first.add_server("edge-1");
    cluster.down();
    let body = json!({ "jobs": ["prints"] });
    for answer in [world.first.get("/servers"), world.first.ask_once(server, "k", &body)] {
        answer.is_problem(503, &["try again", "Idempotency-Key"]);
        assert_eq!(answer.header("retry-after"), Some("2"));
    }
    cluster.up();
    wait_until("it is back", || world.first.get("/servers").status == 200);
    world.first.ask_once(server, "k", &body).is(201);
    assert_eq!(world.first.get("/runs").is(200)["items"].as_array().map(Vec::len), Some(1));
}
