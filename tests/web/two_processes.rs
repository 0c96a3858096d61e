//! An `up` and a `web` on one Postgres and one Redis, and a gateway beside them: a session that
//! was made at one works at the other, and one that was ended at one is ended at all.

use std::time::{Duration, Instant};

use crate::browser::{Browser, PASSWORD};
use crate::channels::{ask, credentials, of_server};
use crate::fleet::{Fleet, database};
use crate::redis::Redis;
use crate::socket::Socket;
use crate::world::World;

#[test]
fn one_session_at_both() {
    let (redis, database) = (Redis::start(), database());
    let fleet = Fleet::apart(&database, &redis.url);
    let world = World::of(fleet, &database);
    let (key, _) = credentials(&world);
    let mut web = world.fleet.start(&["web", "--listen", "127.0.0.1:0"]);
    let mut gateway = world.fleet.start(&["gateway", "--listen", "127.0.0.1:0"]);
    let address = |process: &mut crate::process::Process| {
        let line = process.wait_for("listening address=");
        line.rsplit('=').next().expect("an address").to_owned()
    };
    let (web, gateway) = (address(&mut web), address(&mut gateway));

    let first = Browser::of_first(&world);
    let mut there = first.at(&web);
    assert!(first.is_signed_in() && there.is_signed_in());
    let server = world.first.add_server("edge-1");
    assert_eq!(there.get("/api/v1/servers").is(200)["items"][0]["id"], server);
    let channel = of_server(server);
    let mut socket = Socket::connect(&gateway, &key);
    socket.subscribe(&channel, &ask(&mut there, &socket.id.clone(), &channel).is(200));

    assert_eq!(there.form_with_token("/sign-out", &[]).status, 303);
    let ended = Instant::now();
    assert!(!first.is_signed_in());
    assert_eq!(first.clone().get("/api/v1/servers").status, 401);
    socket.hears("pusher:subscription_error");
    assert!(ended.elapsed() < Duration::from_secs(6), "{:?}", ended.elapsed());

    let (mut one, mut two) = (Browser::new(&first.address), Browser::new(&web));
    assert_eq!(
        (one.sign_in("ann", PASSWORD).status, two.sign_in("ann", PASSWORD).status),
        (303, 303)
    );
    let fields = [("current", PASSWORD), ("password", "staple battery horse")];
    assert_eq!(two.form_with_token("/account/password", &fields).status, 303);
    assert!(!one.is_signed_in() && two.is_signed_in() && two.at(&one.address).is_signed_in());
    // A link is used once, whoever is asked.
    let link = crate::browser::link(&world, Some("ann"));
    let fields = [("name", "ann"), ("password", PASSWORD)];
    assert_eq!(Browser::new(&web).form(&link, &fields).status, 303);
    assert_eq!(Browser::new(&first.address).form(&link, &fields).status, 404);
}
