//! To change a password: only who knows the one of now, and whoever else was signed in is not any more.

use serde_json::json;

use crate::browser::{Browser, PASSWORD, link};
use crate::world::World;

const NEW: &str = "staple battery horse correct";

#[test]
fn ends_all_other_sessions() {
    let world = World::embedded();
    let mut browser = Browser::of_first(&world);
    let mut other = Browser::new(&world.first.address);
    other.sign_in("ann", PASSWORD);
    let before = browser.clone();
    let answer =
        browser.form_with_token("/account/password", &[("current", PASSWORD), ("password", NEW)]);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    assert!(browser.is_signed_in(), "this one goes on");
    assert_ne!(browser.session(), before.session(), "with another secret");
    assert_eq!(browser.token(), before.token(), "and pages that are open keep their token");
    assert!(!before.is_signed_in() && !other.is_signed_in());
    assert_eq!(Browser::new(&world.first.address).sign_in("ann", PASSWORD).status, 422);
    assert_eq!(Browser::new(&world.first.address).sign_in("ann", NEW).status, 303);
    // Tokens are for programs, and stay.
    world.first.get("/servers").is(200);
}

#[test]
fn by_who_knows_it() {
    let world = World::embedded();
    let mut browser = Browser::of_first(&world);
    for (current, new, field) in [
        ("a guess of theirs", NEW, "current"),
        ("", NEW, "current"),
        (PASSWORD, "short", "password"),
    ] {
        let fields = [("current", current), ("password", new)];
        let page = browser.form_with_token("/account/password", &fields);
        assert_eq!(page.status, 422);
        let body = json!({ "current": current, "password": new });
        let problem = browser.json("POST", "/account/password", &body).is(422);
        assert_eq!(problem["errors"][0]["field"], field);
    }
    // Nobody, neither with a token of the API.
    let mut nobody = Browser::new(&world.first.address);
    let body = json!({ "current": PASSWORD, "password": NEW });
    assert_eq!(nobody.json("POST", "/account/password", &body).status, 401);
    assert_eq!(nobody.form("/account/password", &[]).header("location"), Some("/sign-in"));
    assert_eq!(Browser::new(&world.first.address).sign_in("ann", PASSWORD).status, 303);
}

/// A link is for who forgot it, or for who fears that somebody else knows it.
#[test]
fn a_link_ends_all_sessions() {
    let world = World::embedded();
    let browser = Browser::of_first(&world);
    let mut again = Browser::new(&world.first.address);
    let link = link(&world, Some("ann"));
    assert!(browser.is_signed_in(), "as long as it is not used");
    assert_eq!(again.form(&link, &[("name", "ann"), ("password", NEW)]).status, 303);
    assert!(again.is_signed_in() && !browser.is_signed_in());
    assert_eq!(Browser::new(&world.first.address).sign_in("ann", PASSWORD).status, 422);
}
