//! Who asks too often is told to wait, and nobody else is.

use std::process::Command;

use crate::client::Client;
use crate::world::World;

/// Statuses of so many requests over one connection, and the last head.
fn many(client: &Client, path: &str, count: usize) -> (Vec<u16>, String) {
    let output = Command::new("curl")
        .args(["-sS", "--noproxy", "*", "--max-time", "60", "-D", "-", "-o", "/dev/null"])
        .args(["-H", &format!("Authorization: Bearer {}", client.token)])
        .arg(format!("http://{}/api/v1{path}?limit=1&cursor=[1-{count}]", client.address))
        .output()
        .expect("curl");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().filter(|line| line.starts_with("HTTP/"));
    let status = lines.filter_map(|line| line.split(' ').nth(1)?.parse().ok());
    (status.collect(), text)
}

#[test]
fn a_token_that_asks_too_often() {
    let world = World::embedded();
    let other = world.with(&[groundcrew::model::Scope::Read]);
    // Asked for faster than the bucket fills, however slow this machine is.
    let refused = (0..20).find_map(|_| {
        let (statuses, heads) = many(&world.first, "/tokens", 1000);
        assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
        statuses.contains(&429).then_some(heads)
    });
    let heads = refused.expect("it is told to wait").to_lowercase();
    assert!(heads.contains("retry-after: 1"), "{heads}");
    assert!(heads.contains("application/problem+json"));
    other.get("/tokens").is(200);
    world.second.get("/tokens").is(200);
    crate::lab::wait_until("it may ask again", || world.first.get("/tokens").status == 200);
}

/// One without a good token is refused soon; one who has one is let in beside.
#[test]
fn an_address_without_a_good_token() {
    let world = World::embedded();
    let guess = Client { token: "gcr_guess".to_owned(), ..world.first.clone() };
    let (statuses, _) = many(&guess, "/servers", 300);
    let (early, late) = (statuses[..100].to_vec(), statuses[statuses.len() - 20..].to_vec());
    assert!(early.iter().all(|status| *status == 401), "{early:?}");
    assert!(late.contains(&429), "{late:?}");
    world.first.get("/servers").is(200);
}
