//! Promise 2: what a callback changes is announced at once, on the server's private channel, with
//! nothing of the server in it. By then whoever fetches sees it. Step 4's moments, and the
//! run's, are in tests/connect.

use jiff::Timestamp;
use serde_json::Value;

use crate::caller::{Call, OTHER_GO, World};
use crate::fleet::{Fleet, database};
use crate::lab::wait_until;
use crate::redis::{Redis, Subscriber};

/// A server whose changes are heard.
struct Heard {
    subscriber: Subscriber,
    world: World,
    _redis: Redis,
}

impl Heard {
    fn new() -> Self {
        let redis = Redis::start();
        let subscriber = redis.subscriber();
        let world = World::of(Fleet::apart(&database(), &redis.url));
        let heard = Self { subscriber, world, _redis: redis };
        wait_until("it was added", || heard.subscriber.heard().len() == 1);
        heard
    }

    /// A call is taken, and one notification follows. Gives the server as it was fetched then.
    #[track_caller]
    fn hears(&self, call: &Call, status: &str) -> Value {
        let before = self.subscriber.heard().len();
        self.world.takes(call, status);
        wait_until("it is announced", || self.subscriber.heard().len() > before);
        let server = self.world.fleet.server("edge-1");
        let heard = self.subscriber.heard();
        assert_eq!(heard.len(), before + 1, "once: {heard:#?}");
        let (channel, message) = &heard[before];
        assert_eq!(channel, "groundcrew:private-servers.1.provision");
        let message: Value = serde_json::from_str(message).expect("JSON");
        assert_eq!(message["event"], "App\\Events\\ServerProvisionUpdated");
        let data = message["data"].as_object().expect("data");
        let names: Vec<&str> = data.keys().map(String::as_str).collect();
        assert_eq!(names, ["revision", "server_id", "timestamp"], "nothing else is told");
        assert_eq!((&data["server_id"], &data["revision"]), (&1.into(), &server["revision"]));
        let time: Timestamp = data["timestamp"].as_str().expect("a text").parse().expect("a time");
        assert!(Timestamp::now().duration_since(time).as_secs() < 60, "{time}");
        server
    }
}

/// The status of a step.
fn step(server: &Value, number: usize) -> &str {
    server["provision_steps"][number - 1]["status"].as_str().expect("a status")
}

#[test]
fn a_steps_status_is_stored() {
    let heard = Heard::new();
    for number in 1..=2 {
        let server = heard.hears(&heard.world.step(number, number), "installing");
        assert_eq!(step(&server, number as usize), "completed", "{server:#}");
        assert_eq!(server["provision_status"], "installing");
    }
    // A worker goes on at once, and that is announced, too.
    heard.world.takes(&heard.world.step(3, 3), "installing");
    wait_until("step 3 is announced", || heard.subscriber.revisions().contains(&4));
    assert_eq!(step(&heard.world.fleet.server("edge-1"), 3), "completed");
}

#[test]
fn a_failed_step_made_the_provision_failed() {
    let heard = Heard::new();
    heard.hears(&heard.world.step(1, 1), "installing");
    let two = heard.world.step(2, 2);
    let failed = Call { body: two.body.replace(r#""completed""#, r#""failed""#), ..two };
    let server = heard.hears(&failed, "failed");
    assert_eq!((step(&server, 2), &server["provision_status"]), ("failed", &"failed".into()));
}

#[test]
fn the_old_steps_were_cleared_for_a_fresh_provision() {
    let heard = Heard::new();
    heard.hears(&heard.world.step(1, 1), "installing");
    let two = heard.world.step(2, 2);
    let failed = Call { body: two.body.replace(r#""completed""#, r#""failed""#), ..two };
    heard.hears(&failed, "failed");
    let anew = Call { provision: OTHER_GO, ..heard.world.step(1, 1) };
    let server = heard.hears(&anew, "installing");
    assert_eq!(
        [1, 2, 3].map(|number| step(&server, number)),
        ["completed", "installing", "pending"]
    );
    assert!(server["provision_steps"][1]["error"].is_null(), "{server:#}");
}

/// Asked for again, because the answer was lost: nothing has changed, so nothing is announced.
#[test]
fn an_answer_that_is_given_again_is_no_moment() {
    let heard = Heard::new();
    let one = heard.world.step(1, 1);
    heard.hears(&one, "installing");
    heard.world.takes(&one, "installing");
    let server = heard.hears(&heard.world.step(2, 2), "installing");
    assert_eq!(server["revision"], heard.subscriber.heard().len());
}
