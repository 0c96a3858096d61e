//! What Inertia's client does, by hand.

use serde_json::Value;

use crate::browser::Browser;
use crate::client::Answer;

/// The page object in a document.
#[track_caller]
pub fn object(document: &Answer) -> Value {
    let text = document.text();
    let begin = "<script type=\"application/json\" data-page=\"app\">";
    let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("no page: {text}"));
    let (object, _) = rest.split_once("</script>").expect("an end");
    serde_json::from_str(object).expect("JSON")
}

/// The build of the pages, as the first load says.
pub fn version(browser: &mut Browser) -> String {
    let page = object(&browser.get("/nowhere"));
    page["version"].as_str().expect("a version").to_owned()
}

/// A visit of the client, of this build.
pub fn visit(browser: &mut Browser, path: &str, more: &[&str]) -> Answer {
    let version = format!("X-Inertia-Version: {}", version(&mut browser.clone()));
    let headers = ["Accept: text/html, application/xhtml+xml", "X-Inertia: true", &version];
    browser.send("GET", path, &[&headers, more].concat(), None)
}

/// The page object of a visit, which must show this component.
#[track_caller]
pub fn page(browser: &mut Browser, path: &str, component: &str) -> Value {
    let answer = visit(browser, path, &[]);
    assert_eq!(answer.header("x-inertia"), Some("true"), "{}", answer.text());
    let page = answer.json();
    assert_eq!(page["component"], component, "{page:#}");
    assert_eq!(page["url"], path);
    page
}

/// A form of the client's, from this page.
pub fn form(browser: &mut Browser, method: &str, path: &str, from: &str, body: &Value) -> Answer {
    let token = format!("X-XSRF-TOKEN: {}", browser.token());
    let referer = format!("Referer: http://{}{from}", browser.address);
    let headers = [
        "Accept: text/html, application/xhtml+xml",
        "Content-Type: application/json",
        "X-Inertia: true",
        "Sec-Fetch-Site: same-origin",
        &token,
        &referer,
    ];
    browser.send(method, path, &headers, Some(&body.to_string()))
}

/// Where an answer leads to, which is a redirect after a form.
#[track_caller]
pub fn leads_to(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.header("location").expect("a place")
}
