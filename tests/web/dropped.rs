//! Who loses the right to listen while they listen is told so within seconds, and hears nothing
//! any more: the gateway asks the same place that answers `/broadcasting/auth`.

use std::time::{Duration, Instant};

use groundcrew::model::Scope;

use crate::browser::{Browser, PASSWORD};
use crate::channels::{ask, ask_with_token, credentials, of_server};
use crate::socket::Socket;
use crate::world::World;

/// As long as the gateway may take: it asks every 5 s.
const SOON: Duration = Duration::from_secs(6);

#[test]
fn when_session_or_token_ends() {
    let world = World::embedded();
    let (key, _) = credentials(&world);
    let channel = of_server(world.first.add_server("edge-1"));
    let mut ann = Browser::of_first(&world);
    let mut other = Browser::new(&ann.address);
    other.sign_in("ann", PASSWORD);
    let reads = world.with(&[Scope::Read]);
    let connect = || Socket::connect(&world.first.address, &key);

    let mut of_session = connect();
    of_session.subscribe(&channel, &ask(&mut ann, &of_session.id.clone(), &channel).is(200));
    let mut of_other = connect();
    of_other.subscribe(&channel, &ask(&mut other, &of_other.id.clone(), &channel).is(200));
    let mut of_token = connect();
    of_token.subscribe(&channel, &ask_with_token(&reads, &of_token.id, &channel).is(200));
    for socket in [&mut of_session, &mut of_other, &mut of_token] {
        let event = socket.hears(r"App\Events\ServerProvisionUpdated");
        assert_eq!(event["channel"], channel.as_str(), "it is told to fetch at once");
    }

    ann.form_with_token("/sign-out", &[]);
    world.sql("DELETE FROM tokens WHERE name = 'read'");
    let ended = Instant::now();
    for socket in [&mut of_session, &mut of_token] {
        let error = socket.hears("pusher:subscription_error");
        assert_eq!(error["channel"], channel.as_str());
        assert!(error.to_string().contains("403"), "{error}");
    }
    assert!(ended.elapsed() < SOON, "{:?}", ended.elapsed());
    // The other one goes on, and through a change of the password, too.
    let fields = [("current", PASSWORD), ("password", "staple battery horse")];
    assert_eq!(other.form_with_token("/account/password", &fields).status, 303);
    world.sql("UPDATE servers SET revision = revision + 1");
    assert_eq!(ask(&mut other, &of_other.id, &channel).status, 200);
    of_other.hears(r"App\Events\ServerProvisionUpdated");
}
