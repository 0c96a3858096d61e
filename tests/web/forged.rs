//! What other sites have a browser send does nothing, though the browser sends its cookies along.

use serde_json::json;

use crate::browser::{Browser, PASSWORD, encoded, link};
use crate::world::World;

const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const JSON: &str = "Content-Type: application/json";

/// The API with a session: as with a token of all scopes, but only from a page of ours.
#[test]
fn the_api_wants_the_token_of_the_session() {
    let world = World::embedded();
    let mut browser = Browser::of_first(&world);
    let mut other = Browser::welcomed(&world, Some("other"), "bob");
    world.first.add_server("edge-1");
    let servers = browser.get("/api/v1/servers");
    assert_eq!(servers.is(200)["items"][0]["name"], "edge-1");
    assert_eq!(other.get("/api/v1/servers").is(200)["items"], json!([]), "another user's");

    let body = json!({ "name": "ci", "scopes": ["read"] }).to_string();
    let token = format!("X-XSRF-TOKEN: {}", browser.token());
    let host = browser.address.clone();
    let mut make = |headers: &[&str]| {
        let headers = [&[JSON], headers].concat();
        browser.send("POST", "/api/v1/tokens", &headers, Some(&body))
    };
    make(&[]).is_problem(403, &["XSRF-TOKEN"]);
    for header in [
        "X-XSRF-TOKEN:",
        "X-XSRF-TOKEN: guess",
        &format!("X-XSRF-TOKEN: {}", other.token()),
        &format!("X-XSRF-TOKEN: {}", other.session()),
    ] {
        make(&[header]).is_problem(403, &[]);
    }
    for from in [
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "Origin: https://evil.example",
        "Origin: null",
    ] {
        make(&[&token, from]).is_problem(403, &[]);
    }
    assert_eq!(world.rows("SELECT name FROM tokens WHERE user_id = 1 AND name = 'ci'").len(), 0);
    let origin = format!("Origin: http://{host}");
    make(&[&token, &origin, "Sec-Fetch-Site: same-origin"]).is(201);
    // Echo's name for it.
    let delete = token.replace("XSRF", "CSRF");
    let id = world.rows("SELECT CAST(id AS TEXT) FROM tokens WHERE name = 'ci'")[0][0].clone();
    assert_eq!(
        browser.send("DELETE", &format!("/api/v1/tokens/{id}"), &[&delete], None).status,
        204
    );
    // A token needs no other: nobody's browser sends it by itself.
    world.first.post("/tokens", json!({ "name": "more", "scopes": ["read"] })).is(201);
}

#[test]
fn forms_do_so_too() {
    let world = World::embedded();
    let mut browser = Browser::of_first(&world);
    for path in ["/sign-out", "/account/password"] {
        assert_eq!(browser.form(path, &[]).status, 403, "{path}: without a token");
        let guess = browser.form(path, &[("_token", "guess")]);
        assert_eq!(guess.status, 403, "{path}");
        let form = encoded(&[("_token", &browser.token()), ("current", PASSWORD)]);
        let answer = browser.send("POST", path, &[FORM, "Sec-Fetch-Site: cross-site"], Some(&form));
        assert_eq!(answer.status, 403, "{path}: from another site");
    }
    assert!(browser.is_signed_in());
}

/// Nobody signs a browser in as somebody else.
#[test]
fn sign_in_from_another_site() {
    let world = World::embedded();
    Browser::of_first(&world);
    let form = encoded(&[("name", "ann"), ("password", PASSWORD)]);
    let link = link(&world, None);
    for from in ["Sec-Fetch-Site: cross-site", "Origin: https://evil.example", "Origin: null"] {
        let mut browser = Browser::new(&world.first.address);
        for path in ["/sign-in", &link] {
            let answer = browser.send("POST", path, &[FORM, from], Some(&form));
            answer.is_problem(403, &["GROUNDCREW_URL"]);
        }
        assert!(browser.cookies.is_empty());
    }
}
