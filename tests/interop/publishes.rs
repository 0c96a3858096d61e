//! An application that publishes, over HTTP with credentials of its own or in Redis, is heard by
//! pages at our gateway.

use serde_json::json;

use crate::node::Script;
use crate::world::{APP, World, block};

#[test]
fn a_neighbour_over_http_and_laravel_over_redis() {
    let world = World::new();
    let port = world.address.rsplit(':').next().expect("a port").to_owned();
    let mut environment: Vec<(&str, String)> = vec![
        ("GATEWAY_PORTS", port),
        ("REDIS_URL", world.redis.url.clone()),
        ("CHANNEL", "private-orders.1".to_owned()),
        ("SERVERS", "1".to_owned()),
        ("A_RUN", "none".to_owned()),
    ];
    environment.extend(APP.map(|(name, value)| (name, value.to_owned())));
    let mut page = Script::start("hears.js", &environment);
    let said = world.run(&block("php", "What goes over the wire"), "");
    assert_eq!(said, "{}");
    world.run(&block("php", "Over Redis"), "");
    let heard = page.ask(&json!({ "event": "App\\Events\\OrderShipped", "count": 2 }));
    assert_eq!(heard, json!([{ "order": 1 }, { "order": 2 }]));
}
