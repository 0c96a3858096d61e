//! Inertia's protocol: the first load, visits, parts of a page, another build, and who is not
//! signed in.

use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD};
use crate::client::{Answer, send};
use crate::inertia::{form, leads_to, object, page, version, visit};
use crate::world::World;

fn names(props: &Value) -> Vec<&str> {
    props.as_object().expect("props").keys().map(String::as_str).collect()
}

/// Each page has what `ui/src/contract` says.
#[test]
fn each_page_has_its_props() {
    let world = World::embedded();
    let server = world.first.add_server("edge-1");
    let run = world.first.ask(server, "prints");
    let mut ann = Browser::of_first(&world);
    for (path, component, own) in [
        ("/", "Servers", vec!["servers"]),
        ("/servers", "Servers", vec!["servers"]),
        ("/servers/new", "AddServer", vec!["jobs"]),
        ("/servers/1", "Server", vec!["jobs", "live", "runs", "server"]),
        ("/servers/1/provisioning", "ServerProvisioning", vec!["live", "server"]),
        ("/runs", "Runs", vec!["runs"]),
        (&format!("/runs/{run}"), "Run", vec!["run"]),
        ("/jobs", "Jobs", vec!["jobs"]),
        ("/jobs/nginx", "Job", vec!["job", "servers"]),
        ("/workers", "Workers", vec!["line", "workers"]),
        ("/account", "Account", vec!["tokens"]),
    ] {
        let shown = page(&mut ann, path, component);
        let mut all = [own.clone(), vec!["errors", "gateway", "now", "user"]].concat();
        all.sort_unstable();
        assert_eq!(names(&shown["props"]), all, "{path}");
        let user = json!({ "id": 1, "name": "ann", "operator": true });
        assert_eq!(shown["props"]["user"], user);
        assert_eq!(shown["flash"], json!({}));
        let first = ann.get(path);
        assert_eq!((first.status, object(&first)["component"].as_str()), (200, Some(component)));
    }
    let summary = page(&mut ann, "/servers", "Servers")["props"]["servers"][0].clone();
    assert_eq!(
        (&summary["name"], &summary["installed"], &summary["progress"]),
        (&json!("edge-1"), &json!([]), &json!({ "done": 0, "of": 1 }))
    );
    let gateway = page(&mut ann, "/", "Servers")["props"]["gateway"].clone();
    let port: u16 = ann.address.rsplit(':').next().expect("a port").parse().expect("a number");
    assert_eq!((&gateway["host"], &gateway["port"]), (&Value::Null, &json!(port)));
}

/// The first load is a document without anything that a strict policy refuses.
#[test]
fn the_first_load() {
    let world = World::embedded();
    world.first.add_server("edge-1");
    world.sql("UPDATE servers SET provider = '</script><script>alert(1)</script>'");
    let mut ann = Browser::of_first(&world);
    let first = ann.get("/servers");
    let policy = first.header("content-security-policy").expect("a policy");
    assert!(policy.contains("script-src 'self'; style-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(first.header("vary"), Some("X-Inertia"));
    let text = first.text();
    assert!(!text.contains("<script>") && !text.contains("style="), "{text}");
    let shown = object(&first);
    assert_eq!(shown["props"]["servers"][0]["provider"], "</script><script>alert(1)</script>");

    // What it names is there, kept for good, and small where that is understood.
    for named in text.split('"').filter(|text| text.starts_with("/build/assets/")) {
        let file = |headers: &[&str]| {
            send(&format!("http://{}{named}", ann.address), "GET", headers, None)
        };
        let (plain, small) = (file(&[]), file(&["Accept-Encoding: gzip"]));
        assert_eq!((plain.status, small.status), (200, 200), "{named}");
        let kept = plain.header("cache-control").expect("how long");
        assert!(kept.contains("immutable"), "{kept}");
        assert_eq!(small.header("content-encoding"), Some("gzip"));
        assert!(small.bytes.len() < plain.bytes.len() || plain.bytes.len() < 300, "{named}");
    }
    assert_eq!(ann.get("/build/assets/other.js").status, 404);
    assert_eq!(ann.get("/build/../Cargo.toml").status, 404);
}

/// A part has what was asked for and what comes always; another build is told to load itself anew.
#[test]
fn parts_of_a_page_and_another_build() {
    let world = World::embedded();
    world.first.add_server("edge-1");
    let mut ann = Browser::of_first(&world);
    let path = "/servers/1/provisioning";
    let mut part = |more: &[&str]| visit(&mut ann, path, more).is(200);
    let of_it = "X-Inertia-Partial-Component: ServerProvisioning";
    let shown = part(&[of_it, "X-Inertia-Partial-Data: server"]);
    assert_eq!(names(&shown["props"]), ["errors", "live", "now", "server"]);
    let shown = part(&[of_it, "X-Inertia-Partial-Except: server,user"]);
    assert_eq!(names(&shown["props"]), ["errors", "gateway", "live", "now"]);
    let shown = part(&["X-Inertia-Partial-Component: Other", "X-Inertia-Partial-Data: server"]);
    assert_eq!(names(&shown["props"]).len(), 6, "of another page: all of this one");

    let old = ["X-Inertia: true", "X-Inertia-Version: old", "Accept: text/html"];
    let answer = ann.send("GET", "/runs?cursor=0190", &old, None);
    assert_eq!(
        (answer.status, answer.header("x-inertia-location")),
        (409, Some("/runs?cursor=0190"))
    );
    assert_eq!(answer.header("x-inertia-version"), None, "else a fetch would leave it as it is");
}

/// Who is not signed in signs in, and is where they wanted to go.
#[test]
fn not_signed_in() {
    let world = World::embedded();
    Browser::of_first(&world);
    let mut nobody = Browser::new(&world.first.address);
    for path in groundcrew::web::page_paths() {
        let path = path.replace("{id}", "1").replace("{name}", "nginx");
        let answer = nobody.get(&path);
        if answer.status != 405 {
            assert_eq!(leads_to(&answer), "/sign-in", "{path}");
            let answer = visit(&mut nobody, &path, &[]);
            let to = (answer.status, answer.header("x-inertia-location"));
            assert_eq!(to, (409, Some("/sign-in")), "{path}");
        }
        for method in ["POST", "DELETE"] {
            let answer = form(&mut nobody, method, &path, "/servers/1", &json!({}));
            let to = (answer.status, answer.header("x-inertia-location"));
            assert!(
                to == (409, Some("/sign-in")) || answer.status == 303,
                "{method} {path}: {to:?}"
            );
        }
    }
    let mut nobody = Browser::new(&world.first.address);
    nobody.get("/runs?cursor=01900000-0000-7000-8000-000000000000");
    let shown = page(&mut nobody, "/sign-in", "SignIn");
    assert_eq!((&shown["props"]["user"], &shown["props"]["gateway"]), (&Value::Null, &Value::Null));
    let body = json!({ "name": "ann", "password": PASSWORD });
    let answer = form(&mut nobody, "POST", "/sign-in", "/sign-in", &body);
    assert_eq!(leads_to(&answer), "/runs?cursor=01900000-0000-7000-8000-000000000000");
    let answer = visit(&mut nobody, "/sign-in", &[]);
    assert_eq!(leads_to(&answer), "/", "who is signed in needs not");
    // Nowhere else, whatever the cookie says.
    for wanted in ["//evil.example", "/\\evil.example", "https://evil.example", "/sign-in"] {
        let mut nobody = Browser::new(&world.first.address);
        use base64::Engine;
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(wanted);
        nobody.cookies.insert("groundcrew_wanted".to_owned(), text);
        let answer = form(&mut nobody, "POST", "/sign-in", "/sign-in", &body);
        assert_eq!(leads_to(&answer), "/servers", "{wanted}");
    }
}

/// What can't be shown: a page for people, a problem for programs.
#[test]
fn problems() {
    let world = World::embedded();
    let mut ann = Browser::of_first(&world);
    let is_problem = |answer: &Answer, status: u16| {
        let shown = object(answer);
        assert_eq!((answer.status, &shown["component"]), (status, &json!("Problem")), "{shown:#}");
        assert_eq!(shown["props"]["status"], status);
        let detail = shown["props"]["detail"].as_str().expect("a text").to_owned();
        assert!(!detail.contains("/api/"), "{detail}");
        detail
    };
    for path in ["/nowhere", "/servers/9", "/servers/x", "/runs/9", "/jobs/none", "/welcome/used"] {
        is_problem(&ann.get(path), 404);
    }
    is_problem(&ann.get("/sign-out"), 405);
    is_problem(&ann.get("/runs?cursor=x"), 400);
    let answer = visit(&mut ann, "/servers/9", &[]);
    assert_eq!((answer.status, &answer.json()["component"]), (404, &json!("Problem")));
    for path in ["/api/v1/nowhere", "/api/v1/servers/9"] {
        ann.get(path).is_problem(404, &["/api/v1/"]);
    }
    world.stranger().send("GET", "/api/../nowhere", &[], None).is_problem(404, &["/nowhere"]);
    let mut bob = Browser::welcomed(&world, Some("other"), "bob");
    let detail = is_problem(&bob.get("/workers"), 403);
    assert!(detail.contains("first user"), "{detail}");
    assert_eq!(version(&mut bob), version(&mut ann));
}
