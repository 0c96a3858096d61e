//! One line provisions a host, whatever its logins are like; twice changes nothing.

use crate::harness::Lab;

/// Ten steps completed, the page served; and again: every step in place, nothing changed.
fn provisions_twice(lab: &Lab) {
    let host = lab.host(1);
    let first = host.apply("nginx").json().completed();
    assert_eq!(first.all("step.completed").len(), 10, "{:#?}", first.events);
    assert!(first.count(true) > 0);
    assert!(host.page().contains(&host.run("hostname")), "{}", host.page());
    let second = host.apply("nginx").json().completed();
    assert_eq!((second.count(false), second.count(true)), (10, 0), "{:#?}", second.events);
    assert_eq!(second.last()["changed"], 0);
}

#[test]
fn provisions_bookworm() {
    provisions_twice(&Lab::up(1));
}

#[test]
fn provisions_trixie() {
    provisions_twice(&Lab::with(1, &["--suite", "trixie"]));
}
