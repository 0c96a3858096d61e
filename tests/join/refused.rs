//! Each answer that a callback can get: taken, answered once more, refused. What is refused
//! changes nothing, and the audit log has it. Promise 9.

use crate::caller::{Call, GO, OTHER_GO, World};

#[test]
fn taken_in_order_and_answered_once_more() {
    let world = World::new();
    let (one, two, three) = (world.step(1, 1), world.step(2, 2), world.step(3, 3));
    world.refuses(&two, 403, "no host has enrolled");
    world.takes(&one, "installing");
    let after = world.fleet.server("edge-1");
    world.takes(&one, "installing");
    assert_eq!(world.fleet.server("edge-1"), after, "the stored answer changes nothing");
    let other = Call { body: one.body.replace("Debian", "Other"), ..one.clone() };
    world.refuses(&other, 409, "used for something else");
    world.refuses(&three, 409, "out of order");
    world.refuses(&world.step(2, 3), 409, "not the one at work");
    world.refuses(&world.step(2, 1), 409, "step 1 comes first");
    world.refuses(&Call { provision: OTHER_GO, ..two.clone() }, 409, "another one was begun");
    world.refuses(&Call { provision: OTHER_GO, ..one.clone() }, 409, "being provisioned");
    world.takes(&two, "installing");
    let failed = three.body.replace(r#""completed""#, r#""failed""#);
    world.takes(&Call { body: failed, ..three }, "failed");
    world.takes(&Call { provision: OTHER_GO, ..one }, "installing");
}

#[test]
fn signed_by_somebody_else_or_for_something_else() {
    let world = World::new();
    let one = world.step(1, 1);
    world.refuses(&Call { namespace: "git", ..one.clone() }, 403, "not for this request");
    world.refuses(&Call { signs: Some("{}".to_owned()), ..one.clone() }, 403, "not for this");
    let signature = world.signature(&one);
    let moved = Call { sequence: "2".to_owned(), ..one.clone() };
    world.refuses_signed(&moved, &signature, 403, "not for this request");
    let moved = Call { provision: OTHER_GO, ..one.clone() };
    world.refuses_signed(&moved, &signature, 403, "not for this request");
    let moved = Call { server: 2, ..one.clone() };
    world.refuses_signed(&moved, &signature, 403, "not for this request");
    for none in ["", "AAAA", "!", &signature[..40]] {
        let says = if none.is_empty() { "Groundcrew-Signature" } else { "can't be read" };
        let status = if none.is_empty() { 400 } else { 403 };
        world.refuses_signed(&one, none, status, says);
    }
    world.refuses(&Call { server: 99, ..one.clone() }, 403, "no server waits");
    let no_token = Call { body: r#"{"step":1,"status":"completed"}"#.to_owned(), ..one.clone() };
    world.refuses(&no_token, 403, "not the server's last one");
    world.takes(&one, "installing");
    let other = Call { key: world.key("other"), ..world.step(2, 2) };
    world.refuses(&other, 403, "another host has enrolled");
    let other = Call { provision: OTHER_GO, key: world.key("other"), ..one };
    world.refuses(&other, 403, "another host has enrolled");
}

#[test]
fn not_what_a_script_sends() {
    let world = World::new();
    let one = world.step(1, 1);
    world.takes(&one, "installing");
    let with = |body: &str| Call { body: body.to_owned(), ..world.step(2, 2) };
    for (body, says) in [
        ("", "not what a script sends"),
        ("{}", "missing field"),
        (r#"{"step":4,"status":"completed"}"#, "no step 4"),
        (r#"{"step":0,"status":"completed"}"#, "no step 0"),
        (r#"{"step":2,"status":"installing"}"#, "no status"),
        (r#"{"step":2,"status":"cancelled"}"#, "no status"),
        (r#"{"step":2,"status":"completed","more":1}"#, "unknown field"),
    ] {
        world.refuses(&with(body), 400, says);
    }
    let signature = world.signature(&world.step(2, 2));
    for (provision, sequence) in [("x", "2"), (GO, "0"), (GO, "x"), (GO, "-1")] {
        let call = Call { provision, sequence: sequence.to_owned(), ..world.step(2, 2) };
        world.refuses_signed(&call, &signature, 400, "Groundcrew-");
    }
    let large = format!(r#"{{"step":2,"status":"failed","error":"{}"}}"#, "x".repeat(20_000));
    world.refuses(&with(&large), 413, "at most");
    world.takes(&world.step(2, 2), "installing");
}

/// An address that sends nonsense is told to wait, and can't fill the audit log.
#[test]
fn too_often() {
    let world = World::new();
    let call = Call { sequence: "x".to_owned(), ..world.step(1, 1) };
    let waits = (0..300).map(|_| world.send_signed(&call, "x")).find(|answer| answer.status == 429);
    let answer = waits.expect("it is told to wait");
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait > 0));
    assert!(world.refusals() <= 150);
}

/// Two with the same number at the same moment: one is taken, and both get its answer.
#[test]
fn at_the_same_moment() {
    let world = World::new();
    let one = world.step(1, 1);
    let signature = world.signature(&one);
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let call = || world.send_signed(&one, &signature).status;
        let calls: Vec<_> = (0..8).map(|_| scope.spawn(call)).collect();
        calls.into_iter().map(|call| call.join().expect("an answer")).collect()
    });
    assert_eq!(answers, [200; 8]);
    assert_eq!(world.fleet.server("edge-1")["revision"], 2, "one change");
}
