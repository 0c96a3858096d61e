//! Jobs: what the command line shows of them.

use crate::world::World;

#[test]
fn listed_and_shown() {
    let world = World::embedded();
    let jobs = world.first.get("/jobs").is(200);
    let names: Vec<_> = jobs.as_array().expect("jobs").iter().map(|job| &job["name"]).collect();
    assert_eq!(names, ["nginx", "prepare", "prints"]);
    let job = world.first.get("/jobs/nginx").is(200);
    assert_eq!(job, jobs[0]);
    let text = world.fleet.ok(&["jobs", "show", "nginx", "--json"]);
    let mut said: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    // Where the files are is nobody's matter but the machine's.
    said.as_object_mut().expect("an object").remove("file").expect("the file");
    assert_eq!(job, said);
    assert_eq!(job["parameters"][0]["name"], "app_user");
    assert_eq!(job["steps"][0]["kind"], "command");
    world.first.get("/jobs/ngnix").is_problem(404, &["GET /api/v1/jobs"]);
    // A file that is put there is seen at once.
    world.fleet.job("later", &crate::job::of(&[("one", "true")]));
    world.first.get("/jobs/later").is(200);
}
