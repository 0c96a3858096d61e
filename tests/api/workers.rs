//! Workers: the installation's, so its first user sees to them.

use crate::world::World;

#[test]
fn listed_and_drained() {
    let mut world = World::embedded();
    let server = world.first.add_server("edge-1");
    let run = world.first.ask(server, "prints");
    crate::lab::wait_until("it is taken", || world.first.run(&run)["status"] == "installing");
    let workers = world.first.get("/workers").is(200);
    let worker = &workers[0];
    assert_eq!((workers.as_array().map(Vec::len), &worker["runs"][0]), (Some(1), &run.into()));
    let name = worker["name"].as_str().expect("a name").to_owned();
    world.second.get("/workers").is_problem(403, &["first user"]);
    let drain = format!("/workers/{name}/drain");
    world.second.tell(&drain).is_problem(403, &["first user"]);
    assert_eq!(world.first.get("/workers").is(200)[0]["draining"], false);
    world.first.tell("/workers/nobody/drain").is_problem(404, &["GET /api/v1/workers"]);
    world.first.tell(&drain).is(204);
    world.up.wait_for("draining");
}
