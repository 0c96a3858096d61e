//! Who tries passwords is told to wait: by the account, and by the address, which is the
//! client's own behind a proxy of ours.

use serde_json::json;

use crate::browser::{Browser, PASSWORD};
use crate::fleet::Fleet;
use crate::world::World;

#[test]
fn tries_of_one_account() {
    let world = World::embedded();
    let signed_in = Browser::of_first(&world);
    let mut browser = Browser::new(&world.first.address);
    let statuses: Vec<u16> =
        (0..12).map(|_| browser.sign_in("Ann", "not the password").status).collect();
    assert_eq!(statuses[..10], [422; 10]);
    assert_eq!(statuses[10..], [429; 2]);
    // The right one, too: whether it is right is not to be learned any more.
    let answer = browser.sign_in("ann", PASSWORD);
    assert_eq!(answer.status, 429);
    let wait: u64 = answer.header("retry-after").expect("how long").parse().expect("seconds");
    assert!((1..=31).contains(&wait), "{wait}");
    assert!(answer.text().contains("Too many tries; wait"), "{}", answer.text());
    let body = json!({ "name": "ann", "password": PASSWORD });
    let problem = browser.json("POST", "/sign-in", &body);
    problem.is_problem(429, &["Retry-After"]);
    assert!(problem.header("retry-after").is_some());
    assert!(signed_in.is_signed_in(), "who is in stays in");
    assert_eq!(browser.sign_in("somebody-else", "not the password").status, 422);
}

/// Behind a proxy, each client has its own tries; and nobody else is believed.
#[test]
fn tries_of_one_address() {
    let fleet = Fleet::embedded().with("GROUNDCREW_PROXIES", "127.0.0.1,10.9.9.9");
    let database = format!("sqlite:{}", fleet.folder.path().join("data/groundcrew.db").display());
    let world = World::of(fleet, &database);
    let mut browser = Browser::new(&world.first.address);
    let mut from = |addresses: &str, name: &str| {
        let header = format!("X-Forwarded-For: {addresses}");
        let form = crate::browser::encoded(&[("name", name), ("password", "not the password")]);
        let kind = "Content-Type: application/x-www-form-urlencoded";
        browser.send("POST", "/sign-in", &[&header, kind], Some(&form)).status
    };
    let tries: Vec<u16> = (0..25).map(|n| from("203.0.113.9", &format!("user-{n}"))).collect();
    assert_eq!(tries[..20], [422; 20]);
    assert!(tries[20..].contains(&429), "{tries:?}");
    // What stands before the last address anybody can write; other proxies of ours are no clients.
    let late: Vec<u16> =
        (0..5).map(|n| from(&format!("198.51.100.{n}, 203.0.113.9, 10.9.9.9"), "b")).collect();
    assert!(late.contains(&429), "{late:?}");
    assert_eq!(from("203.0.113.10", "user-30"), 422, "a neighbour");
    let addresses = world
        .rows("SELECT DISTINCT address FROM audit_log WHERE action = 'session.refuse' ORDER BY 1");
    assert!(addresses.contains(&vec!["203.0.113.10".to_owned()]), "{addresses:?}");
    assert!(
        !addresses.iter().any(|row| row[0].starts_with("198.") || row[0].starts_with("127.")),
        "{addresses:?}"
    );
}
