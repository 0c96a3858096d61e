//! What every answer tells browsers, whichever it is.

use crate::browser::{Browser, link};
use crate::world::World;

#[test]
fn on_every_answer() {
    let world = World::embedded();
    let link = link(&world, None);
    let mut browser = Browser::new(&world.first.address);
    let signed_in = Browser::of_first(&world);
    for (mut browser, method, path) in [
        (browser.clone(), "GET", "/sign-in"),
        (browser.clone(), "GET", link.as_str()),
        (browser.clone(), "GET", "/welcome/gone"),
        (browser.clone(), "GET", "/build/icon.svg"),
        (browser.clone(), "GET", "/healthz"),
        (browser.clone(), "GET", "/nowhere"),
        (browser.clone(), "PUT", "/sign-in"),
        (browser.clone(), "POST", "/sign-in"),
        (browser.clone(), "POST", "/broadcasting/auth"),
        (browser.clone(), "GET", "/api/v1/servers"),
        (browser.clone(), "GET", "/api/v1/docs"),
        (browser.clone(), "GET", "/api/v1/openapi.json"),
        (signed_in.clone(), "GET", "/"),
        (signed_in.clone(), "GET", "/api/v1/servers"),
        (signed_in.clone(), "GET", "/api/v1/servers/999"),
    ] {
        let answer = browser.send(method, path, &[], None);
        let has = |name: &str| answer.header(name).unwrap_or_else(|| panic!("{path}: no {name}"));
        assert_eq!(has("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(has("x-frame-options"), "DENY", "{path}");
        assert_eq!(has("referrer-policy"), "same-origin", "{path}");
        let policy = has("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; "), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        assert_eq!(
            has("cache-control"),
            if path == "/build/icon.svg" { "no-cache" } else { "no-store" }
        );
        assert_eq!(answer.header("strict-transport-security"), None, "there is no TLS here");
    }
    // No page has a script, or a style, that stands in it.
    for page in [browser.get("/sign-in"), browser.get(&link), signed_in.clone().get("/")] {
        let text = page.text();
        for word in ["<script>", "<style", "style=", "onclick", "http:", "https:"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}
