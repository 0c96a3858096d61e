//! To sign in and out: what browsers are given, and what nobody learns.

use serde_json::json;

use crate::browser::{Browser, PASSWORD};
use crate::fleet::Fleet;
use crate::world::World;

fn cookies(answer: &crate::client::Answer) -> Vec<String> {
    let cookies = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    cookies.map(|(_, value)| value.clone()).collect()
}

/// Cookies that scripts of other sites, and other hosts, can't have.
#[test]
fn what_browsers_are_given() {
    let world = World::embedded();
    Browser::of_first(&world);
    let mut browser = Browser::new(&world.first.address);
    let answer = browser.sign_in("ann", PASSWORD);
    let [session, token] = cookies(&answer).try_into().expect("two cookies");
    for cookie in [&session, &token] {
        assert!(cookie.contains("; Path=/;") && cookie.contains("; SameSite=Lax"), "{cookie}");
        assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
    }
    assert!(session.starts_with("groundcrew_session=") && session.contains("; HttpOnly"));
    assert!(token.starts_with("XSRF-TOKEN=") && !token.contains("HttpOnly"));
    // 256 bits, of which neither says anything of the other.
    assert_eq!((browser.session().len(), browser.token().len()), (43, 43));
    assert_ne!(browser.session(), browser.token());
}

#[test]
fn behind_tls() {
    let fleet = Fleet::embedded().with("GROUNDCREW_URL", "https://panel.example.com");
    let database = format!("sqlite:{}", fleet.folder.path().join("data/groundcrew.db").display());
    let world = World::of(fleet, &database);
    let mut browser = Browser::new(&world.first.address);
    let text = world.fleet.ok(&["user", "link"]);
    assert!(text.contains("https://panel.example.com/welcome/"), "{text}");
    let link = crate::browser::path_in(&text);
    let form = crate::browser::encoded(&[("name", "ann"), ("password", PASSWORD)]);
    let headers =
        ["Content-Type: application/x-www-form-urlencoded", "Origin: https://panel.example.com"];
    let answer = browser.send("POST", &link, &headers, Some(&form));
    assert_eq!(answer.status, 303);
    let [session, token] = cookies(&answer).try_into().expect("two cookies");
    assert!(session.starts_with("__Host-groundcrew_session="), "{session}");
    for cookie in [session, token] {
        assert!(cookie.ends_with("; Secure"), "{cookie}");
    }
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    assert!(browser.is_signed_in());
}

/// A session that somebody planted, or knew before, is worth nothing after a sign-in.
#[test]
fn another_session_at_each_sign_in() {
    let world = World::embedded();
    let mut browser = Browser::of_first(&world);
    let before = browser.clone();
    assert_eq!(browser.sign_in("ann", PASSWORD).status, 303);
    assert_ne!(browser.session(), before.session());
    assert!(browser.is_signed_in() && !before.is_signed_in());
    let mut planted = Browser::new(&world.first.address);
    planted.cookies.insert("groundcrew_session".to_owned(), "planted".to_owned());
    assert!(!planted.is_signed_in());
    assert_eq!(planted.sign_in("ann", PASSWORD).status, 303);
    assert_ne!(planted.session(), "planted");
}

/// Neither from the answer nor from its time is there to be learned who has an account.
#[test]
fn a_wrong_password_and_no_such_user_look_the_same() {
    let world = World::embedded();
    Browser::of_first(&world);
    let mut browser = Browser::new(&world.first.address);
    let mut wrong = |name: &str| {
        let answer = browser.sign_in(name, "not the password");
        assert_eq!(answer.status, 422);
        assert!(browser.cookies.is_empty());
        let body = json!({ "name": name, "password": "not the password" });
        let problem =
            browser.json("POST", "/sign-in", &body).is_problem(422, &["groundcrew user link"]);
        assert_eq!(problem["errors"][0]["field"], "name");
        (answer.text().replace(&format!("value=\"{name}\""), ""), problem.to_string())
    };
    let known = wrong("ann");
    assert_eq!(known, wrong("nobody-of-that-name"));
    assert_eq!(known, wrong("other"), "who never chose a password");
}

#[test]
fn signed_out() {
    let world = World::embedded();
    let mut browser = Browser::of_first(&world);
    let before = browser.clone();
    let answer = browser.form_with_token("/sign-out", &[]);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/sign-in")));
    assert!(browser.cookies.is_empty(), "the browser forgets both");
    assert!(!before.is_signed_in(), "and so do we");
    assert_eq!(before.clone().get("/api/v1/servers").status, 401);
    // Nobody is there any more to be signed out.
    assert_eq!(before.clone().form("/sign-out", &[]).status, 303);
}

/// For programs: JSON in, and nothing out but the cookies.
#[test]
fn as_json() {
    let world = World::embedded();
    Browser::of_first(&world);
    let mut browser = Browser::new(&world.first.address);
    let body = json!({ "name": "ann", "password": PASSWORD });
    assert_eq!(browser.json("POST", "/sign-in", &body).status, 204);
    assert!(browser.is_signed_in());
    assert_eq!(browser.json("POST", "/sign-out", &json!({})).status, 204);
    for (kind, body, status) in [
        ("application/json", "{\"name\": 1}", 400),
        ("application/json", "no json hunter2hunter2", 400),
        ("text/plain", "name=ann", 415),
        ("application/json", &format!("{{\"name\": \"{}\"}}", "x".repeat(20_000)), 413),
    ] {
        let kind = format!("Content-Type: {kind}");
        let problem =
            browser.send("POST", "/sign-in", &[&kind, "Accept: application/json"], Some(body));
        problem.is_problem(status, &[]);
        assert!(!problem.text().contains("hunter2"), "{}", problem.text());
    }
    assert_eq!(browser.send("GET", "/sign-out", &[], None).status, 405);
}

/// A page of Inertia sends JSON, and wants to be sent somewhere.
#[test]
fn as_inertia() {
    let world = World::embedded();
    Browser::of_first(&world);
    let mut browser = Browser::new(&world.first.address);
    let body = json!({ "name": "ann", "password": PASSWORD }).to_string();
    let headers = [
        "Accept: text/html, application/xhtml+xml",
        "Content-Type: application/json",
        "X-Inertia: true",
        "X-Requested-With: XMLHttpRequest",
        "Sec-Fetch-Site: same-origin",
    ];
    let answer = browser.send("POST", "/sign-in", &headers, Some(&body));
    assert_eq!((answer.status, answer.header("location")), (303, Some("/servers")));
    assert!(browser.is_signed_in());
}
