//! Runs that no host is needed for: asked for, listed, cancelled in the line, refused.

use serde_json::json;

use crate::world::World;

#[test]
fn asked_for_and_shown() {
    let world = World::embedded();
    world.fleet.job(
        "greets",
        &crate::job::with(
            "[params.greeting]\ntype = \"string\"\n[params.port]\ntype = \"port\"\ndefault = 80",
            &[("one", "true")],
        ),
    );
    let client = &world.first;
    let server = client.add_server("edge-1");
    let body = json!({
        "jobs": ["greets"], "parameters": { "greeting": "$(id)\n'" }, "untested_system": true,
    });
    let answer = client.post(&format!("/servers/{server}/runs"), body);
    let run = answer.is(201);
    let id = run["id"].as_str().expect("an id");
    assert_eq!(answer.header("location"), Some(&*format!("/api/v1/runs/{id}")));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!((&run["jobs"], &run["server"]), (&json!(["greets"]), &json!("edge-1")));
    assert_eq!(run["parameters"]["greeting"], "$(id)\n'");
    assert_eq!((&run["untested_system"], &run["steps"][0]["name"]), (&json!(true), &json!("one")));
    // As `runs show --json` has it, but for what a worker does meanwhile.
    let (shown, said) = (client.run(id), world.fleet.run(id));
    let names = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    assert_eq!(names(&shown), names(&said));
    assert_eq!(shown["created_at"], said["created_at"]);
    // By its whole id only: a program knows it.
    client.get(&format!("/runs/{}", &id[..8])).is_problem(404, &[]);
    assert_eq!(client.get(&format!("/runs/{}", id.to_uppercase())).is(200)["id"], id);
}

#[test]
fn what_is_wrong_with_the_wish() {
    let world = World::embedded();
    world.fleet.job(
        "needs",
        &crate::job::with(
            "[params.site]\ntype = \"domain\"\n[params.key]\ntype = \"secret\"",
            &[("one", "true")],
        ),
    );
    let server = world.first.add_server("edge-1");
    let ask = |body| world.first.post(&format!("/servers/{server}/runs"), body);
    ask(json!({ "jobs": [] })).is_problem(422, &["GET /api/v1/jobs"]);
    ask(json!({ "jobs": ["neds"] })).is_problem(422, &["did you mean `needs`?"]);
    ask(json!({ "jobs": ["kubernetes"] })).is_problem(422, &["GET /api/v1/jobs"]);
    ask(json!({ "job": "needs" })).is_problem(422, &["unknown field `job`"]);
    ask(json!({ "jobs": "needs" })).is_problem(422, &["jobs: invalid type"]);
    let problem =
        ask(json!({ "jobs": ["needs"], "parameters": { "site": "?", "key": "q7z", "x": "" } }))
            .is_problem(422, &["did you mean", "can't be masked"][1..]);
    let mut fields: Vec<_> =
        problem["errors"].as_array().expect("errors").iter().map(|error| &error["field"]).collect();
    fields.sort_by_key(|field| field.to_string());
    assert_eq!(fields, ["parameters.key", "parameters.site", "parameters.x"]);
    assert!(!problem.to_string().contains("q7z"), "{problem}");
    let missing = ask(json!({ "jobs": ["needs"] })).is_problem(422, &["is missing"]);
    assert!(!missing.to_string().contains("-p "), "that is the command line's: {missing}");
    assert_eq!(world.first.get("/runs").is(200)["items"], json!([]));
}

/// The first is with a worker, which never gets there; the others wait.
#[test]
fn in_the_line() {
    let world = World::embedded();
    let client = &world.first;
    let (a, b) = (client.add_server("a"), client.add_server("b"));
    let runs: Vec<String> = (0..4).map(|_| client.ask(a, "prints")).collect();
    let other = client.ask(b, "prints");
    crate::lab::wait_until("the first is taken", || client.run(&runs[0])["status"] == "installing");
    assert_eq!(client.run(&runs[3])["place"], 3);
    let cancelled = client.tell(&format!("/runs/{}/cancel", runs[1])).is(200);
    assert_eq!((&cancelled["status"], &cancelled["place"]), (&json!("cancelled"), &json!(null)));
    assert_eq!(client.run(&runs[3])["place"], 2);
    client.tell(&format!("/runs/{}/cancel", runs[1])).is_problem(409, &["cancelled"]);
    client.tell(&format!("/runs/{}/retry", runs[1])).is_problem(409, &["only a failed run"]);
    client.tell(&format!("/runs/{}/abandon", runs[2])).is_problem(409, &["can be abandoned"]);

    let ids = |path: &str| -> (Vec<String>, Option<String>) {
        let page = client.get(path).is(200);
        let items = page["items"].as_array().expect("items").clone();
        let ids = items.iter().map(|run| run["id"].as_str().expect("an id").to_owned()).collect();
        (ids, page["next_cursor"].as_str().map(str::to_owned))
    };
    let newest_first: Vec<String> = runs.iter().rev().cloned().collect();
    assert_eq!(ids(&format!("/servers/{a}/runs")), (newest_first.clone(), None));
    let (first, cursor) = ids("/runs?limit=3");
    assert_eq!(first, [&[other][..], &newest_first[..2]].concat());
    // What is added meanwhile moves nothing.
    client.ask(b, "prints");
    let (rest, end) = ids(&format!("/runs?limit=3&cursor={}", cursor.expect("there is more")));
    assert_eq!((rest, end), (newest_first[2..].to_vec(), None));
}
