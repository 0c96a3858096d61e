//! Live output: what a run writes is heard as it comes, with offsets that are those of the store;
//! and promise 7: whoever missed some is told where it ends.

use groundcrew::model::Status;
use serde::Deserialize;
use serde_json::json;

use crate::job;
use crate::lab::{Lab, wait_until};
use crate::node::Script;
use crate::world::World;

/// What the contract with the pages says that a message carries at most, in bytes.
const MOST_TEXT: usize = 8192;

/// A message, as pusher-js hears it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    run_id: String,
    step: i64,
    offset: usize,
    step_offset: usize,
    length: usize,
    text: Option<String>,
    /// When it was heard, in ms.
    at: f64,
}

/// A page that shows a run's output.
struct Page(Script);

impl Page {
    fn open(world: &World, run: &str) -> Self {
        let environment = [world.environment(), vec![("RUN", run.to_owned())]].concat();
        Self(Script::start("output.js", &environment))
    }

    /// Waits until it heard of so many bytes; gives all that it heard.
    #[track_caller]
    fn hears_of(&mut self, end: usize) -> Vec<Said> {
        let answer = self.0.ask(&json!({ "end": end }));
        serde_json::from_value(answer).expect("messages")
    }
}

/// Lines for two seconds, with more than ASCII; more at once than a message carries; what is no
/// text; and another step.
const WRITES: &str = r#"
for i in $(seq 200); do echo "line $i: grün"; sleep 0.01; done
seq 5000
sleep 0.3
printf 'no text: \377\n'
sleep 0.3
echo last
"#;

/// The page is there from the beginning, and nothing breaks: it hears all, once, in order.
#[track_caller]
fn all_is_heard(world: &World) {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let steps = [("writes", &*format!("{}\n{WRITES}", job::WAIT)), ("second", "echo second")];
    world.fleet.job("writes", &job::of(&steps));
    world.fleet.add("lab", &host);
    let id = world.fleet.ask("writes", "lab");
    host.wait_for(job::WAITS);
    let mut page = Page::open(world, &id);
    host.run(job::GO);
    world.fleet.ends(&id, "completed");
    let whole = world.changes.output(&id, None);
    let of_step = [1, 2].map(|step| world.changes.output(&id, Some(step)));
    assert!(of_step.iter().all(|output| !output.is_empty()));

    let said = page.hears_of(whole.len());
    let mut end = 0;
    for one in &said {
        assert_eq!((one.run_id.as_str(), one.offset), (id.as_str(), end), "{one:?}");
        assert!(one.length > 0, "{one:?}");
        let bytes = &whole[end..end + one.length];
        let of_step = &of_step[usize::try_from(one.step).expect("a step") - 1];
        assert_eq!(bytes, &of_step[one.step_offset..one.step_offset + one.length], "{one:?}");
        let text = String::from_utf8(bytes.to_vec()).ok().filter(|_| bytes.len() <= MOST_TEXT);
        assert_eq!(one.text, text, "{one:?}");
        end += one.length;
    }
    assert_eq!(end, whole.len());
    let texts = said.iter().filter_map(|one| one.text.as_deref());
    assert!(texts.clone().any(|text| text.contains("grün")));
    assert!(said.iter().filter(|one| one.text.is_none()).count() >= 2, "too much, and no text");

    // At most ten a second; that some were a little late on their way is not theirs.
    let took = said[said.len() - 1].at - said[0].at;
    assert!((said.len() - 1) as f64 * 100.0 <= took + 300.0, "{} in {took} ms", said.len());
    assert!(said.len() > 8, "it comes live: {said:?}");
}

#[test]
fn heard_as_it_is_written() {
    let world = World::with(1);
    let _worker = world.fleet.worker();
    all_is_heard(&world);
}

/// In one process, with the bus in memory.
#[test]
fn heard_as_it_is_written_in_up() {
    all_is_heard(&World::embedded());
}

/// Promise 7: what was written while Redis was away is never said; all that follows is silence.
/// The page is told all the same that there is more than it knows, and so is one that comes later.
#[test]
fn who_missed_some_is_told_where_it_ends() {
    let mut world = World::with(1);
    let _worker = world.fleet.worker();
    let lab = Lab::up(1);
    let host = lab.host(1);
    let writes =
        format!("echo one; {}; echo two\nuntil [ -e /root/end ]; do sleep 0.05; done", job::WAIT);
    world.fleet.job("writes", &job::of(&[("writes", &writes)]));
    world.fleet.add("lab", &host);
    let id = world.fleet.ask("writes", "lab");
    host.wait_for(job::WAITS);
    let mut page = Page::open(&world, &id);
    let first = page.hears_of(4);
    assert!(first.iter().all(|one| one.offset + one.length == 4), "{first:?}");

    world.redis.kill();
    host.run(job::GO);
    wait_until("it is stored", || world.changes.output(&id, None) == b"one\ntwo\n");
    world.redis.start_again();
    let said = page.hears_of(8);
    assert!(said.iter().all(|one| one.text.as_deref() != Some("two\n")), "{said:?}");
    let late = Page::open(&world, &id).hears_of(8);
    assert_eq!((late[0].offset, late[0].step_offset, late[0].length), (8, 8, 0), "{late:?}");
    assert_eq!(world.fleet.run(&id)["status"], Status::Installing.as_str());

    host.run("touch /root/end");
    world.fleet.ends(&id, "completed");
}
